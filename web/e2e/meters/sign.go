package main

import (
	"io"
	"strings"

	"github.com/uzel-hub/uzel/sdk"
)

// The services of a signing tool whose signatures say nothing but who made them:
// enough for the pages.

type keyring struct {
	Certificates []certificate `setting:"certificates" title:"Сертификаты"`
}

type certificate struct {
	Thumbprint string `setting:"thumbprint" title:"Отпечаток"`
	Default    bool   `setting:"default" title:"По умолчанию"`
	Algorithm  string `setting:"algorithm" title:"Алгоритм"`
	Serial     string `setting:"serial" title:"Номер"`
	NotBefore  string `setting:"not_before" title:"С"`
	NotAfter   string `setting:"not_after" title:"По"`
	Holder     holder `setting:"holder" title:"Владелец"`
}

type holder struct {
	Surname   string `setting:"surname" title:"Фамилия"`
	GivenName string `setting:"given_name" title:"Имя"`
	Position  string `setting:"position" title:"Должность"`
}

var keys = []certificate{
	{
		Thumbprint: "aa01", Default: true, Algorithm: "GOST R 34.10-2012", Serial: "7A01", NotBefore: "2026-01-01T00:00:00Z", NotAfter: "2027-01-01T00:00:00Z",
		Holder: holder{"Орлова", "Вера Павловна", "директор"},
	},
	{
		Thumbprint: "aa02", Algorithm: "GOST R 34.10-2012", Serial: "7A02", NotBefore: "2026-01-01T00:00:00Z", NotAfter: "2027-01-01T00:00:00Z",
		Holder: holder{"Белов", "Илья Олегович", "главный инженер"},
	},
}

type seal struct {
	Certificate string `setting:"certificate" title:"Отпечаток"`
}

func sign(call sdk.OperationCall) (sdk.Result, error) {
	var in seal
	if err := call.Input.Decode(&in); err != nil {
		return sdk.Result{}, err
	}
	return sdk.Result{Files: []sdk.File{sdk.Bytes(call.Files[0].Name+".sig", []byte("signed by "+in.Certificate))}}, nil
}

type look struct {
	ReceivedAt string `setting:"received_at" title:"Получена"`
}

type verdict struct {
	Reports []report `setting:"reports" title:"Отчёты"`
}

type report struct {
	SignatureFile string      `setting:"signature_file" title:"Файл подписи"`
	Status        string      `setting:"status" title:"Итог"`
	Signer        holder      `setting:"signer" title:"Подписал"`
	Certificate   certificate `setting:"certificate" title:"Сертификат"`
}

// verify believes what sign has written.
func verify(call sdk.OperationCall) (sdk.Result, error) {
	content, err := call.Files[0].Open()
	if err != nil {
		return sdk.Result{}, err
	}
	defer content.Close() //nolint:errcheck // it was only read
	raw, err := io.ReadAll(content)
	if err != nil {
		return sdk.Result{}, err
	}
	found := report{SignatureFile: call.Files[0].Name, Status: "invalid"}
	for _, key := range keys {
		if strings.TrimPrefix(string(raw), "signed by ") == key.Thumbprint {
			found.Status, found.Signer, found.Certificate = "valid", key.Holder, key
		}
	}
	output, err := sdk.ValuesOf(verdict{[]report{found}})
	return sdk.Result{Output: output}, err
}
