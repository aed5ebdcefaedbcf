package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

const headerOffset = "Upload-Offset"

// uploads are files that come in pieces. They lie in the scratch folder until
// they are too old, so that an appeal whose answer was lost can be sent again
// with the same ones. A folder emptied meanwhile means 404: begin anew.
type uploads struct {
	dir string
	set uploadSettings
	now func() time.Time
	mu  sync.Mutex // one change at a time: pieces are short
}

// upload is what is known of one beside its bytes.
type upload struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	Offset int64  `json:"offset"` // bytes that are here
}

var uploadForm = regexp.MustCompile(`^[a-z0-9]{26}$`)

func newUploads(scratch string, set uploadSettings, now func() time.Time) *uploads {
	return &uploads{dir: filepath.Join(scratch, "uploads"), set: set, now: now}
}

func (u *uploads) head(id string) string { return filepath.Join(u.dir, id+".json") }
func (u *uploads) body(id string) string { return filepath.Join(u.dir, id+".part") }

// create begins an upload.
func (u *uploads) create(x *exchange, _ *http.Request) error {
	var in struct {
		Name string `json:"name"`
		Size int64  `json:"size"`
	}
	if err := x.decode(&in); err != nil {
		return err
	}
	if in.Name == "" || len(in.Name) > maxSubject {
		return sdk.Invalid("name", "обязательное поле")
	}
	if limit := int64(u.set.FileMB) << 20; in.Size < 1 || in.Size > limit {
		return sdk.Invalid("size", fmt.Sprintf("от 1 байта до %d МБ", u.set.FileMB))
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	promised, err := u.clean()
	if err != nil {
		return err
	}
	if promised+in.Size > int64(u.set.TotalMB)<<20 {
		return &sdk.Error{Kind: "unavailable", Code: "cabinet.uploads", Text: "слишком много незавершённых загрузок", After: time.Minute}
	}
	one := upload{ID: strings.ToLower(rand.Text()), Name: in.Name, Size: in.Size}
	if err := u.begin(one); err != nil {
		return err
	}
	return x.json(http.StatusCreated, one)
}

func (u *uploads) begin(one upload) error {
	raw, err := json.Marshal(one)
	if err != nil {
		return err
	}
	if err := os.WriteFile(u.body(one.ID), nil, 0o600); err != nil {
		return err
	}
	return os.WriteFile(u.head(one.ID), raw, 0o600)
}

// clean removes what is too old and adds up what the others may grow to.
func (u *uploads) clean() (promised int64, err error) {
	if err := os.MkdirAll(u.dir, 0o700); err != nil {
		return 0, err
	}
	list, err := os.ReadDir(u.dir)
	for _, e := range list {
		id, isHead := strings.CutSuffix(e.Name(), ".json")
		info, gone := e.Info()
		if !isHead || gone != nil {
			continue
		}
		if u.now().Sub(info.ModTime()) > u.set.Keep {
			err = errors.Join(err, u.drop(id))
			continue
		}
		if one, broken := u.find(id); broken == nil {
			promised += one.Size
		}
	}
	return promised, err
}

func (u *uploads) drop(id string) error {
	return errors.Join(os.Remove(u.head(id)), os.Remove(u.body(id)))
}

func (u *uploads) find(id string) (one upload, err error) {
	if !uploadForm.MatchString(id) {
		return one, notFound("такой загрузки нет")
	}
	raw, err := os.ReadFile(u.head(id))
	if err == nil {
		err = json.Unmarshal(raw, &one)
	}
	var info os.FileInfo
	if err == nil {
		info, err = os.Stat(u.body(id))
	}
	if errors.Is(err, os.ErrNotExist) {
		return one, notFound("такой загрузки нет: начните её заново")
	}
	if err != nil {
		return one, err
	}
	one.Offset = info.Size()
	return one, nil
}

// show tells how far an upload is.
func (u *uploads) show(x *exchange, r *http.Request) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, err := u.find(r.PathValue("upload"))
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, one)
}

// extend appends a piece that begins where the upload ends.
func (u *uploads) extend(x *exchange, r *http.Request) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, err := u.find(r.PathValue("upload"))
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(r.Header.Get(headerOffset), 10, 64)
	if err != nil {
		return sdk.Invalid(headerOffset, "нужен заголовок с числом")
	}
	info, err := x.body.Stat()
	switch {
	case err != nil:
		return err
	case at != one.Offset:
		return conflict(fmt.Sprintf("загружено %d байт: продолжайте с этого места", one.Offset))
	case at+info.Size() > one.Size:
		return sdk.Invalid("body", "загрузка длиннее объявленной")
	}
	if err := u.append(one, x.body); err != nil {
		return err
	}
	one.Offset += info.Size()
	return x.json(http.StatusOK, one)
}

// append writes the piece whole or not at all.
func (u *uploads) append(one upload, piece io.Reader) error {
	f, err := os.OpenFile(u.body(one.ID), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(f, piece); err != nil {
		err = errors.Join(err, f.Truncate(one.Offset))
	}
	return errors.Join(err, f.Close())
}

// remove gives an upload up.
func (u *uploads) remove(x *exchange, r *http.Request) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, err := u.find(r.PathValue("upload"))
	if err == nil {
		err = u.drop(one.ID)
	}
	x.status = http.StatusNoContent
	return err
}

// take is a finished upload as a file of an appeal.
func (u *uploads) take(id string) (sdk.File, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, err := u.find(id)
	if sdk.KindOf(err) == "not_found" {
		return sdk.File{}, sdk.Invalid("uploads", "загрузки "+id+" нет: начните её заново")
	}
	if err != nil {
		return sdk.File{}, err
	}
	if one.Offset != one.Size {
		return sdk.File{}, conflict(fmt.Sprintf("загрузка %s не закончена: %d байт из %d", id, one.Offset, one.Size))
	}
	f := sdk.Path(u.body(id))
	f.Name, f.Size = one.Name, one.Size
	return f, nil
}
