package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/sdk"
)

// FuzzForm reads forms of strangers: whatever comes, the answer is a message or
// a refusal.
func FuzzForm(f *testing.F) {
	f.Add("x", []byte("--x\r\nContent-Disposition: form-data; name=\"appeal\"\r\n\r\n"+appealJSON+"\r\n--x--\r\n"))
	f.Add("x", []byte("--x\r\n\r\n--x--"))
	f.Fuzz(func(t *testing.T, boundary string, body []byte) {
		c := &cabinet{env: sdk.Env{Scratch: t.TempDir()}}
		in, files := new(written), new(parts)
		defer files.free()
		if err := c.form(multipart.NewReader(bytes.NewReader(body), boundary), in, files); err != nil && sdk.KindOf(err) != "invalid" {
			t.Errorf("%v", err)
		}
		_ = in.check(true)
		for _, p := range files.parts {
			content(t, p.file())
		}
	})
}

// FuzzRequest has a cabinet that knows the key send anything anywhere: the
// answer is a status that names whose fault it is, never a broken channel, and
// what is written outside the scratch folder is nothing.
func FuzzRequest(f *testing.F) {
	f.Add("POST", own, "application/json", "", []byte(appealJSON))
	f.Add("POST", "/v1/uploads", "application/json", "", []byte(`{"name":"../x","size":3}`))
	f.Add("PATCH", "/v1/uploads/aaaaaaaaaaaaaaaaaaaaaaaaaa", "application/octet-stream", "0", []byte("abc"))
	f.Add("PUT", own+"/a1/rating", "application/json", "", []byte(`{"score":5}`))
	f.Add("PUT", own+"/a1/messages/doc_2/read", "", "", []byte{})
	f.Add("GET", own+"?limit=0&after=%00", "", "", []byte{})
	f.Add("GET", "/v1/events?since=x", "", "", []byte{})
	f.Fuzz(func(t *testing.T, method, where, kind, offset string, body []byte) {
		r, err := http.NewRequest(method, "http://hub"+where, bytes.NewReader(body))
		if err != nil || !strings.HasPrefix(where, "/") {
			return
		}
		c := fuzzed(t)
		seal(r, target(r), body)
		r.Header.Set("Content-Type", kind)
		r.Header.Set(headerOffset, offset)
		reply, err := c.ServeHook(t.Context(), r, &taker{})
		if err != nil || reply.Status < 200 || reply.Status == http.StatusUnauthorized || reply.Status > 599 {
			t.Fatalf("%s %s: %d, %v", method, where, reply.Status, err)
		}
		if _, err := io.Copy(io.Discard, reply.Body); err != nil {
			t.Error(err)
		}
	})
}

// fuzzed is a channel whose hub knows nothing.
func fuzzed(t *testing.T) *cabinet {
	c := &cabinet{now: time.Now, settings: settings{Skew: time.Minute, Key: sdk.NewSecret(testKey), Uploads: uploadSettings{FileMB: 1, TotalMB: 2, Keep: time.Hour}}}
	c.env = sdk.Env{Scratch: t.TempDir(), Call: func(context.Context, sdk.Call) (sdk.Result, error) {
		return sdk.Result{}, notFound("нет")
	}}
	c.uploads = newUploads(c.env.Scratch, c.Uploads, c.now)
	c.api = c.routes()
	return c
}

// FuzzList reads the list of another vendor's cabinet, whatever it says and
// wherever the settings look in it: each appeal is taken or refused, and what is
// taken is text that can be kept.
func FuzzList(f *testing.F) {
	f.Add(`{"data":{"items":[{"id":1,"created_at":"2026-11-01T10:00:00Z","subject":"x","text":"y","user":{"name":"Анна"},"files":["http://x/y"]}]}}`, "data.items", "user.name")
	f.Add(`[{"id":"a","created_at":1793516400,"files":[{"url":"//x"}]}]`, "", "id")
	f.Add(`{"items":[[],{},null,7]}`, "items", "0")
	f.Fuzz(func(t *testing.T, answer, items, field string) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/list" {
				_, _ = io.WriteString(w, answer) // whoever asked may have gone
			}
		}))
		defer srv.Close()
		c := fuzzed(t)
		c.client = srv.Client()
		c.Poll.URL, c.Poll.List.Path, c.Poll.List.Items = srv.URL, "list", items
		c.Poll.Fields = fieldSettings{ID: "id", At: "created_at", Subject: "subject", Text: "text", Name: field, Files: "files", FileURL: "url"}
		taken := &taker{}
		l := look{cabinet: c, emit: taken, before: mark{Since: time.Unix(0, 0)}, now: mark{Since: time.Unix(0, 0)}}
		if err := l.run(t.Context()); err != nil && sdk.KindOf(err) != "config" && sdk.KindOf(err) != "unavailable" {
			t.Errorf("%v", err)
		}
		if l.now.Since.After(time.Now()) {
			t.Errorf("goes on from %v", l.now.Since)
		}
		for _, m := range taken.all {
			if m.ExternalID == "" || !utf8.ValidString(m.Subject+m.Text+m.From.Name) {
				t.Errorf("taken %+v", m)
			}
		}
	})
}

// taker keeps what is emitted; its marks must be JSON.
type taker struct {
	sdk.Emitter
	all []sdk.Message
}

func (k *taker) Emit(_ context.Context, m sdk.Message, _ sdk.Cursor) error {
	k.all = append(k.all, m)
	return nil
}

func (k *taker) Mark(_ context.Context, c sdk.Cursor) error {
	return json.Unmarshal(c, &mark{})
}
