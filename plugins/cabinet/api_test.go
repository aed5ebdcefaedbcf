package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/uzel-hub/uzel/sdk"
)

const own = "/v1/residents/r1/appeals"

func TestAppealIsRegisteredWithItsFields(t *testing.T) {
	d := newDesk(t, nil)
	if got := d.want(http.StatusCreated, "POST", own, appealJSON); got["id"] != "a1" {
		t.Errorf("answer %v", got)
	}
	m := d.hub.Await(1)[0]
	if m.Kind != sdk.KindAppeal || m.Subject != "Течёт кран" || m.Text != "На кухне" || m.From.Name != "Анна Петрова" || m.From.Kind != "person" || m.Thread.External != "a1" {
		t.Errorf("message %+v", m)
	}
	for field, want := range map[string]string{
		"delivery_type": "ЛК жителя", "sender_type": "Физическое лицо", "account": "1001", "address": "ул. Мира, 1, кв. 2", "reason": "leak",
		"consent_at": "2026-11-20T07:00:00Z",
	} {
		if m.Fields[field] != want {
			t.Errorf("%s = %q, want %q", field, m.Fields[field], want)
		}
	}
	for kind, want := range map[string]string{"outside": "r1", "email": "anna@mail.test", "phone": "+79160000000", "account": "1001"} {
		if got := m.From.Address(kind); got != want {
			t.Errorf("address %s = %q, want %q", kind, got, want)
		}
	}
}

func TestSameAppealTwiceIsRegisteredOnce(t *testing.T) {
	d := newDesk(t, nil)
	d.want(http.StatusCreated, "POST", own, appealJSON)
	d.want(http.StatusOK, "POST", own, appealJSON)
	if n := d.hub.Offered("a1"); n != 1 {
		t.Errorf("offered %d times", n)
	}
}

// TestSameIDWithOtherContentIsAConflict, of an appeal and of a message in it.
func TestSameIDWithOtherContentIsAConflict(t *testing.T) {
	d := newDesk(t, nil)
	form := func(where, json string, files ...string) int {
		d.Helper()
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		err := w.WriteField("appeal", json)
		for _, text := range files {
			part, ferr := w.CreateFormFile("file", "фото.jpg")
			if ferr == nil {
				_, ferr = io.WriteString(part, text)
			}
			err = errors.Join(err, ferr)
		}
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		status, _ := d.do(signed("POST", where, w.FormDataContentType(), body.Bytes()))
		return status
	}
	const message = `{"id":"m1","text":"Ещё течёт"}`
	other := strings.Replace(appealJSON, "На кухне", "В ванной", 1)
	edited := strings.Replace(appealJSON, "Течёт кран", "Течёт кран!", 1)
	for _, c := range []struct {
		name, where, json string
		files             []string
		want              int
	}{
		{"first", own, appealJSON, []string{"a", "b"}, http.StatusCreated},
		{"same", own, appealJSON, []string{"b", "a"}, http.StatusOK},
		{"subject", own, edited, []string{"a", "b"}, http.StatusOK}, // clerks may change it
		{"text", own, other, []string{"a", "b"}, http.StatusConflict},
		{"file", own, appealJSON, []string{"a", "c"}, http.StatusConflict},
		{"fewer files", own, appealJSON, []string{"a"}, http.StatusConflict},
		{"message", own + "/a1/messages", message, nil, http.StatusCreated},
		{"same message", own + "/a1/messages", message, nil, http.StatusOK},
		{"other message", own + "/a1/messages", strings.Replace(message, "Ещё", "Уже не", 1), nil, http.StatusConflict},
		{"lost upload", own + "/a1/messages", strings.Replace(message, `"id"`, `"uploads":["gone"],"id"`, 1), nil, http.StatusOK},
	} {
		if got := form(c.where, c.json, c.files...); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if n := len(d.hub.Stored()); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestFilesComeInAForm(t *testing.T) {
	d := newDesk(t, nil)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	head, _ := form.CreateFormField("appeal")
	fmt.Fprint(head, appealJSON)
	big := strings.Repeat("0123456789", 100_000)
	for name, text := range map[string]string{"фото.jpg": big, "акт.pdf": "act"} {
		w, _ := form.CreateFormFile("file", name)
		fmt.Fprint(w, text)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	if status, answer := d.do(signed("POST", own, form.FormDataContentType(), body.Bytes())); status != http.StatusCreated {
		t.Fatal(status, answer)
	}
	got := map[string]string{}
	for _, f := range d.hub.Await(1)[0].Files {
		got[f.Name] = content(t, f)
	}
	if len(got) != 2 || got["фото.jpg"] != big || got["акт.pdf"] != "act" {
		t.Errorf("%d files", len(got))
	}
}

func TestUploadGoesOnWhereItWasCut(t *testing.T) {
	d := newDesk(t, nil)
	id := d.want(http.StatusCreated, "POST", "/v1/uploads", `{"name":"видео.mp4","size":10}`)["id"].(string)
	where := "/v1/uploads/" + id
	piece := func(at int, text string) int {
		r := signed("PATCH", where, "application/octet-stream", []byte(text))
		r.Header.Set(headerOffset, strconv.Itoa(at))
		status, _ := d.do(r)
		return status
	}
	if s := piece(0, "01234"); s != http.StatusOK {
		t.Fatal(s)
	}
	for name, c := range map[string]struct {
		at   int
		text string
		want int
	}{"repeated": {0, "01234", http.StatusConflict}, "with a hole": {7, "789", http.StatusConflict}, "too long": {5, "567890", http.StatusBadRequest}} {
		if s := piece(c.at, c.text); s != c.want {
			t.Errorf("a piece %s: %d", name, s)
		}
	}
	with := strings.Replace(appealJSON, `"id":"a1"`, `"id":"a1","uploads":["`+id+`"]`, 1)
	d.want(http.StatusConflict, "POST", own, with)
	if got := d.want(http.StatusOK, "GET", where, ""); got["offset"] != 5.0 {
		t.Errorf("offset %v", got)
	}
	if s := piece(5, "56789"); s != http.StatusOK {
		t.Fatal(s)
	}
	d.want(http.StatusCreated, "POST", own, with)
	f := d.hub.Await(1)[0].Files[0]
	if f.Name != "видео.mp4" || content(t, f) != "0123456789" {
		t.Errorf("file %+v", f)
	}
	if status, _ := d.call("DELETE", where, ""); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	d.want(http.StatusNotFound, "GET", where, "")
	d.want(http.StatusBadRequest, "POST", "/v1/uploads", `{"name":"x","size":999999999999}`)
}

func TestOldUploadsAreRemoved(t *testing.T) {
	now := time.Now()
	u := newUploads(t.TempDir(), uploadSettings{FileMB: 1, TotalMB: 1, Keep: time.Hour}, func() time.Time { return now })
	if _, err := u.clean(); err != nil {
		t.Fatal(err)
	}
	if err := u.begin(upload{ID: strings.Repeat("a", 26), Name: "x", Size: 5}); err != nil {
		t.Fatal(err)
	}
	if n, err := u.clean(); n != 5 || err != nil {
		t.Fatalf("promised %d %v", n, err)
	}
	now = now.Add(2 * time.Hour)
	if n, err := u.clean(); n != 0 || err != nil {
		t.Fatalf("promised %d %v", n, err)
	}
	if _, err := u.find(strings.Repeat("a", 26)); sdk.KindOf(err) != "not_found" {
		t.Error(err)
	}
}

func TestOnlySignedRequestsAreServed(t *testing.T) {
	d := newDesk(t, nil)
	for name, spoil := range map[string]func(*http.Request) *http.Request{
		"no signature":   func(r *http.Request) *http.Request { r.Header.Del(headerSignature); return r },
		"another method": func(r *http.Request) *http.Request { r.Method = "PUT"; return r },
		"another path":   func(r *http.Request) *http.Request { r.URL.Path = "/v1/residents/r2/appeals"; return r },
		"another query":  func(r *http.Request) *http.Request { r.URL.RawQuery = "limit=1"; return r },
		"another hash":   func(r *http.Request) *http.Request { r.Header.Set(headerHash, strings.Repeat("0", 64)); return r },
		"an old time": func(r *http.Request) *http.Request {
			at := strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
			r.Header.Set(headerTime, at)
			r.Header.Set(headerSignature, sign(testKey, toHub, r.Method, target(r), at, r.Header.Get(headerHash)))
			return r
		},
		"a web-hook played back": func(r *http.Request) *http.Request {
			r.Header.Set(headerSignature, sign(testKey, toCabinet, r.Method, target(r), r.Header.Get(headerTime), r.Header.Get(headerHash)))
			return r
		},
		"another key": func(r *http.Request) *http.Request {
			r.Header.Set(headerSignature, sign(strings.Repeat("k", 32), toHub, r.Method, target(r), r.Header.Get(headerTime), r.Header.Get(headerHash)))
			return r
		},
	} {
		if status, body := d.do(spoil(signed("POST", own, "application/json", []byte(appealJSON)))); status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	// A body that is not the one whose hash was signed.
	sum := sha256.Sum256([]byte(appealJSON))
	r := signed("POST", own, "application/json", []byte(strings.Replace(appealJSON, "кран", "пол", 1)))
	at, hash := r.Header.Get(headerTime), hex.EncodeToString(sum[:])
	r.Header.Set(headerHash, hash)
	r.Header.Set(headerSignature, sign(testKey, toHub, "POST", own, at, hash))
	if status, body := d.do(r); status != http.StatusBadRequest {
		t.Errorf("another body: %d %s", status, body)
	}
	if n := len(d.hub.Stored()); n != 0 {
		t.Errorf("%d messages were stored", n)
	}
}

func TestWrongRequestsAreRefusedWithAllFaults(t *testing.T) {
	d := newDesk(t, nil)
	got := d.want(http.StatusBadRequest, "POST", own, `{"id":"a/b"}`)
	if faults := fmt.Sprint(got["faults"]); !strings.Contains(faults, "id") || !strings.Contains(faults, "text") || !strings.Contains(faults, "subject") || !strings.Contains(faults, "sender.name") {
		t.Errorf("faults %s", faults)
	}
	for where, want := range map[string]int{
		"/v1/nothing": http.StatusNotFound, own + "?page=2": http.StatusBadRequest, own + "?limit=0": http.StatusBadRequest, own + "/a.b.c": http.StatusNotFound,
		"/v1/events?nonsense=1": http.StatusBadRequest,
	} {
		if status, body := d.call("GET", where, ""); status != want || !strings.Contains(body, `"title"`) {
			t.Errorf("%s: %d %s", where, status, body)
		}
	}
	d.want(http.StatusMethodNotAllowed, "DELETE", own, "")
	for _, body := range []string{`{`, `{"nonsense":1}`, appealJSON + `{}`, `[]`} {
		d.want(http.StatusBadRequest, "POST", own, body)
	}
	if status, _ := d.do(signed("POST", own, "text/plain", []byte("x"))); status != http.StatusBadRequest {
		t.Errorf("text/plain: %d", status)
	}
	if status, _ := d.do(signed("POST", own, `multipart/form-data; boundary=x`, []byte("--x\r\n\r\n"))); status != http.StatusBadRequest {
		t.Errorf("broken form: %d", status)
	}
}

func TestMessageJoinsTheMatterOfItsAppeal(t *testing.T) {
	d := newDesk(t, nil)
	d.want(http.StatusNotFound, "POST", own+"/a1/messages", `{"id":"m1","text":"Ещё течёт"}`)
	d.want(http.StatusCreated, "POST", own, appealJSON)
	d.want(http.StatusNotFound, "POST", "/v1/residents/r2/appeals/a1/messages", `{"id":"m1","text":"Ещё течёт"}`)
	d.want(http.StatusCreated, "POST", own+"/a1/messages", `{"id":"m1","text":"Ещё течёт"}`)
	// What followed after the end of the appeal is one itself, and has messages.
	d.want(http.StatusCreated, "POST", own+"/a1.m1/messages", `{"id":"m2","text":"И снова"}`)
	got := d.hub.Await(3)
	if m := got[1]; m.ExternalID != "a1.m1" || m.Subject != "Течёт кран" || m.Thread.External != "a1" || m.From.Address("outside") != "r1" || m.Fields["delivery_type"] != "ЛК жителя" {
		t.Errorf("message %+v", m)
	}
	if m := got[2]; m.ExternalID != "a1.m2" || m.Thread.External != "a1" {
		t.Errorf("message %+v", m)
	}
}

func TestResidentsQuestionsGoToTheHub(t *testing.T) {
	d := newDesk(t, nil)
	d.want(http.StatusCreated, "POST", own, appealJSON)
	for _, c := range []struct{ method, where, body, service, input string }{
		{"GET", own + "?limit=5&after=x", "", callList, "map[after:x applicant:r1 limit:5]"},
		{"GET", own + "/a1", "", callGet, "map[applicant:r1 full:true id:a1]"},
		{"PUT", own + "/a1/rating", `{"score":5,"comment":"да"}`, callRate, "map[applicant:r1 comment:да id:a1 score:5]"},
		{"GET", "/v1/reasons", "", callDirectory, "map[directory:reasons limit:1000]"},
		{"GET", "/v1/events?since=2026-11-01T00:00:00Z", "", callLog, "map[since:2026-11-01T00:00:00Z]"},
	} {
		d.want(http.StatusOK, c.method, c.where, c.body)
		last := d.asked[len(d.asked)-1]
		if got := fmt.Sprint(map[string]any(last.Input)); last.Service != c.service || got != c.input {
			t.Errorf("%s %s asked %s %s", c.method, c.where, last.Service, got)
		}
	}
	status, body := d.call("GET", own+"/a1/files/abc", "")
	if status != http.StatusOK || body != "bytes of the file" {
		t.Errorf("file: %d %q", status, body)
	}
}

func TestReadAnswerIsToldToTheHub(t *testing.T) {
	d := newDesk(t, nil)
	d.want(http.StatusCreated, "POST", own, appealJSON)
	if status, body := d.call("PUT", own+"/a1/messages/doc_9/read", ""); status != http.StatusNoContent {
		t.Fatal(status, body)
	}
	m := d.hub.Await(2)[1]
	if m.Kind != sdk.KindStatus || m.Status.Delivery != "dlv_9" || m.Status.State != sdk.StateRead {
		t.Errorf("%+v", m)
	}
	d.want(http.StatusNotFound, "PUT", own+"/a1/messages/doc_8/read", "")
}

func TestHubThatCannotAnswerIsNotTheCabinetsFault(t *testing.T) {
	d := newDesk(t, nil)
	d.hub.Handle(callList, func(context.Context, sdk.Call) (sdk.Result, error) {
		return sdk.Result{}, &sdk.Error{Kind: "unavailable", Text: "хаб занят"}
	})
	d.want(http.StatusServiceUnavailable, "GET", own, "")
}

func TestTheKeyCanBeChanged(t *testing.T) {
	d := newDesk(t, nil)
	err := d.hub.Configure(map[string]any{"mode": "api"}, map[string]string{"key": strings.Repeat("n", 32), "previous_key": testKey})
	if err != nil {
		t.Fatal(err)
	}
	d.want(http.StatusOK, "GET", "/v1/ping", "")
	if err := d.hub.Configure(map[string]any{"mode": "api"}, map[string]string{"key": "short"}); err == nil {
		t.Error("a short key was taken")
	}
	if err := d.hub.Configure(map[string]any{"mode": "api"}, nil); err == nil {
		t.Error("no key was taken")
	}
}

func TestContractHasThePathsThatAreServed(t *testing.T) {
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var contract struct{ Paths map[string]map[string]any }
	if err := yaml.Unmarshal(raw, &contract); err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for path, methods := range contract.Paths {
		for method := range methods {
			if method != "parameters" {
				want = append(want, strings.ToUpper(method)+" "+path)
			}
		}
	}
	for pattern := range (&cabinet{}).paths() {
		got = append(got, pattern)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("served %q, described %q", got, want)
	}
}
