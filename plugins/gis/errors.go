package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/plugins/gis/internal/filestore"
	"github.com/uzel-hub/uzel/plugins/gis/internal/soap"
	"github.com/uzel-hub/uzel/sdk"
)

// class is who acts on an error code of GIS.
type class int

const (
	classFinal class = iota // the person whose action it was
	classEmpty              // nobody: there was nothing to export
	classRetry              // nobody: later it may work
	classStop               // the administrator: nothing will work until he does
	classGone               // GIS does not know the request any more
)

// classOf decides by the code. A code nobody knows is final: what is repeated
// blindly may be done twice.
func classOf(code string) class {
	switch {
	case code == "INT002012":
		return classEmpty
	case code == "INT002013":
		return classGone
	case code == "INT002018", strings.HasPrefix(code, "EXP"):
		return classRetry
	case strings.HasPrefix(code, "AUT"), strings.HasPrefix(code, "FMT"), strings.HasPrefix(code, "HTTP"):
		return classStop
	}
	return classFinal
}

// overload is the pause GIS is given when it says that it cannot.
const overload = time.Minute

// advice are the codes an administrator can do something about: the setting and
// what it means.
func advice(code string) (field, text string) {
	switch code {
	case "AUT011002":
		return "org", "организация не найдена: проверьте orgPPAGUID и адрес (стенд или рабочая система)"
	case "AUT011003":
		return "org", "организации отказано в доступе к этим данным"
	case "AUT011005":
		return "certificate", "ГИС ЖКХ не приняла подпись: проверьте сертификат"
	case "AUT011009":
		return "org", "информационной системе не даны права: организация даёт их в кабинете ГИС ЖКХ"
	case "HTTP401", "HTTP403":
		return "login", "ГИС ЖКХ не пускает: проверьте имя, пароль и отпечаток сертификата"
	case "HTTP404":
		return "url", "по этому адресу нет службы ГИС ЖКХ"
	}
	if strings.HasPrefix(code, "HTTP3") {
		return "url", "по этому адресу отвечают перенаправлением, а не служба ГИС ЖКХ"
	}
	if strings.HasPrefix(code, "FMT") {
		return "", "ГИС ЖКХ не понимает запрос: это ошибка коннектора, сообщите разработчику"
	}
	return "", "ГИС ЖКХ отказывает в доступе"
}

// overall is the code of a failure of GIS as a whole: while it lasts nothing is
// given up.
const overall = "EXP001000"

// codeUnreachable is the code of sdk.Unreachable.
const codeUnreachable = "channel.unreachable"

// refused is a code of GIS as the hub understands it. That there is nothing to
// export is no answer to anything but an export.
func refused(code, words string) error {
	e := &sdk.Error{Code: "gis." + strings.ToLower(code), Source: "remote"}
	said := strings.TrimSpace(code + " " + words)
	switch classOf(code) {
	case classRetry:
		if code == overall {
			e.Code = codeUnreachable
		}
		e.Kind, e.After, e.Text = "unavailable", overload, "ГИС ЖКХ занята: "+said
	case classStop:
		e.Kind = "config"
		e.Field, e.Text = advice(code)
		e.Text += " (" + said + ")"
	default:
		e.Kind, e.Text = "rejected", "ГИС ЖКХ отказала: "+said
	}
	return e
}

// told words an error for the hub. A lost answer is "try later": what may have
// been carried out is the business of lost.
func told(err error) error {
	fault, isFault := errors.AsType[*soap.Fault](err)
	inside, isInside := errors.AsType[*appeals.Error](err)
	store, isStore := errors.AsType[*filestore.Error](err)
	_, isOurs := errors.AsType[*sdk.Error](err)
	switch {
	case err == nil || isOurs:
		return err
	case isFault:
		return refused(fault.Code, fault.Text)
	case isInside:
		return refused(inside.Code, inside.Text)
	case errors.Is(err, soap.ErrTooLarge):
		return &sdk.Error{Kind: "unavailable", Code: "gis.large", Source: "remote", Text: "ответ ГИС ЖКХ больше допустимого", Err: err}
	case isStore && store.Temporary():
		return &sdk.Error{Kind: "unavailable", Code: "gis.files", Source: "remote", Text: "хранилище файлов ГИС ЖКХ не готово", Err: err}
	case isStore:
		return &sdk.Error{Kind: "rejected", Code: "gis.files", Source: "remote", Text: "хранилище файлов ГИС ЖКХ отказало: " + fileFault(store)}
	}
	return sdk.Unreachable("ГИС ЖКХ недоступна", err)
}

// lost tells that a request may have been carried out although no answer came.
func lost(err error) bool {
	_, ok := errors.AsType[*soap.Lost](err)
	return ok
}

// codeOf is the code of GIS in the error, "" if there is none.
func codeOf(err error) string {
	if f, ok := errors.AsType[*soap.Fault](err); ok {
		return f.Code
	}
	if e, ok := errors.AsType[*appeals.Error](err); ok {
		return e.Code
	}
	return ""
}

// fileFault words the refusals of the file store that a clerk can act on.
func fileFault(e *filestore.Error) string {
	switch e.Name {
	case "ExtensionException", "DetectionException":
		return "файлы такого вида не принимаются (" + e.Name + ")"
	case "InvalidSizeException":
		return "недопустимый размер файла (" + e.Name + ")"
	case "FileVirusInfectionException":
		return "в файле найден вирус (" + e.Name + ")"
	case "FileNotFoundException":
		return "файла нет (" + e.Name + ")"
	case "":
		return fmt.Sprintf("код ответа %d", e.Status)
	}
	return e.Name
}
