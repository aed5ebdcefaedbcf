package emulator

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// file is one of the store.
type file struct {
	name     string // as it was sent, encoded
	length   int64
	count    int // of parts
	parts    map[int][]byte
	body     []byte
	complete bool
	used     bool // a message refers to it: it may be read
}

// maxPart is the most bytes one request may carry.
const maxPart = 5242880

// store answers one request of the file store; id is empty for the context
// itself.
func (w *World) store(rw http.ResponseWriter, r *http.Request, id string) {
	if len(w.o.Orgs) > 0 && !contains(w.o.Orgs, r.Header.Get("X-Upload-OrgPPAGUID")) {
		refuseFile(rw, "DataProviderValidationException")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPart+1))
	if err != nil {
		return
	}
	action := Upload
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		action = Download
	}
	f := w.Faults.take(action)
	if f.before(rw) {
		return
	}
	if f.Code != "" {
		f.then()
		refuseFile(rw, f.Code)
		return
	}
	w.mu.Lock()
	done := w.storeLocked(rw, r, id, body)
	w.mu.Unlock()
	f.then()
	if f.Drop {
		hangUp(rw)
		return
	}
	done()
}

func contains(list []string, s string) bool {
	for _, o := range list {
		if strings.EqualFold(o, s) {
			return true
		}
	}
	return false
}

func refuseFile(rw http.ResponseWriter, name string) {
	rw.Header().Set("X-Upload-Error", name)
	rw.WriteHeader(http.StatusBadRequest)
}

// storeLocked does the work and gives back what writes the answer.
func (w *World) storeLocked(rw http.ResponseWriter, r *http.Request, id string, body []byte) func() {
	no := func(name string) func() { return func() { refuseFile(rw, name) } }
	_, completing := r.URL.Query()["completed"]
	_, starting := r.URL.Query()["upload"]
	stored := w.files[id]
	switch {
	case id != "" && stored == nil:
		return no("FileNotFoundException")
	case r.Method == http.MethodPut && (len(body) == 0 || len(body) > maxPart):
		return no("InvalidSizeException")
	case r.Method == http.MethodPut && r.Header.Get("Content-MD5") != md5Of(body):
		return no("HashConflictException")
	case r.Method == http.MethodPut && id == "":
		return w.created(rw, &file{name: r.Header.Get("X-Upload-Filename"), body: body, length: int64(len(body)), complete: true})
	case r.Method == http.MethodPost && starting:
		return w.session(rw, r)
	case r.Method == http.MethodPut:
		return stored.part(rw, r, body)
	case r.Method == http.MethodPost && completing:
		return stored.finish(rw)
	case r.Method == http.MethodHead:
		return stored.info(rw)
	case r.Method == http.MethodGet:
		return stored.get(rw, r)
	}
	return no("FieldValidationException")
}

func md5Of(body []byte) string {
	s := md5.Sum(body)
	return base64.StdEncoding.EncodeToString(s[:])
}

// extensions the real store was seen to take.
const extensions = " pdf doc docx rtf xls xlsx jpg jpeg tif tiff zip xml crt cer txt bmp gif rar csv odp odf ods odt sxc sxw png sig p7s "

func (w *World) created(rw http.ResponseWriter, f *file) func() {
	name, err := new(mime.WordDecoder).DecodeHeader(f.name)
	ext := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	if err != nil || name == "" {
		return func() { refuseFile(rw, "FieldValidationException") }
	}
	if !strings.Contains(extensions, " "+ext+" ") {
		return func() { refuseFile(rw, "ExtensionException") }
	}
	id := uuid.NewString()
	w.files[id] = f
	return func() {
		rw.Header().Set("X-Upload-UploadID", id)
		rw.Header().Set("Location", pathFiles+"/"+id)
		rw.WriteHeader(http.StatusOK)
	}
}

func (w *World) session(rw http.ResponseWriter, r *http.Request) func() {
	length, err := strconv.ParseInt(r.Header.Get("X-Upload-Length"), 10, 64)
	count, err2 := strconv.Atoi(r.Header.Get("X-Upload-Part-Count"))
	if err != nil || err2 != nil || int64(count) != (length+maxPart-1)/maxPart {
		return func() { refuseFile(rw, "FieldValidationException") }
	}
	return w.created(rw, &file{name: r.Header.Get("X-Upload-Filename"), length: length, count: count, parts: map[int][]byte{}})
}

func (f *file) part(rw http.ResponseWriter, r *http.Request, body []byte) func() {
	n, err := strconv.Atoi(r.Header.Get("X-Upload-Partnumber"))
	switch {
	case err != nil || n < 1 || n > f.count:
		return func() { refuseFile(rw, "InvalidPartNumberException") }
	case n < f.count && len(body) != maxPart:
		return func() { refuseFile(rw, "InvalidSizeException") }
	}
	f.parts[n] = body
	return func() { rw.WriteHeader(http.StatusOK) }
}

func (f *file) finish(rw http.ResponseWriter) func() {
	var whole []byte
	for n := 1; n <= f.count; n++ {
		whole = append(whole, f.parts[n]...)
	}
	if len(f.parts) != f.count || int64(len(whole)) != f.length {
		return func() { refuseFile(rw, "InvalidStatusException") }
	}
	f.body, f.complete = whole, true
	return func() { rw.WriteHeader(http.StatusOK) }
}

func (f *file) info(rw http.ResponseWriter) func() {
	head := rw.Header()
	head.Set("X-Upload-Filename", mime.BEncoding.Encode("UTF-8", f.name))
	head.Set("X-Upload-Length", strconv.FormatInt(f.length, 10))
	head.Set("X-Upload-Completed", strconv.FormatBool(f.complete))
	return func() { rw.WriteHeader(http.StatusOK) }
}

func (f *file) get(rw http.ResponseWriter, r *http.Request) func() {
	if !f.complete || !f.used {
		return func() { refuseFile(rw, "InvalidStatusException") }
	}
	if f.length > maxPart && r.Header.Get("Range") == "" {
		return func() { refuseFile(rw, "InvalidSizeException") }
	}
	body, status := f.body, http.StatusOK
	if from, to, found := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"); found {
		a, err := strconv.ParseInt(from, 10, 64)
		b, err2 := strconv.ParseInt(to, 10, 64)
		if err != nil || err2 != nil || a > b || b >= f.length || b-a >= maxPart {
			return func() { refuseFile(rw, "FieldValidationException") }
		}
		body, status = f.body[a:b+1], http.StatusPartialContent
	}
	return func() {
		rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
		rw.WriteHeader(status)
		_, _ = io.Copy(rw, bytes.NewReader(body))
	}
}
