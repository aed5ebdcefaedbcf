package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

const key = "0123456789abcdef0123456789abcdef"

// town is the cabinet in front of the real connector and a hub in memory.
type town struct {
	*testing.T
	hub *sdktest.Hub
	url string
	web *http.Client

	mu  sync.Mutex
	now time.Time
}

func (d *town) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func newTown(t *testing.T) *town {
	d := &town{T: t, hub: sdktest.Process(t, sdktest.Build(t, "../../plugins/cabinet"), nil), now: time.Now()}
	d.hub.Handle("appeal", d.appeal)
	d.hub.Handle("directories", func(context.Context, sdk.Call) (sdk.Result, error) {
		return sdk.Result{Output: sdk.Values{"items": []any{map[string]any{"id": "e1", "values": map[string]any{"title": "Протечка", "code": "leak"}}}}}, nil
	})
	if err := d.hub.Configure(map[string]any{"mode": "api"}, map[string]string{"key": key}); err != nil {
		t.Fatal(err)
	}
	d.hub.OpenCalls()
	door := httptest.NewServer(http.StripPrefix("/hooks/lk", http.HandlerFunc(d.door)))
	t.Cleanup(door.Close)
	cabinet := httptest.NewServer(newServer(&hub{URL: door.URL + "/hooks/lk", Key: key, Client: door.Client()}, []string{"https://uk-dom.test"}, d.clock))
	t.Cleanup(cabinet.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	d.url, d.web = cabinet.URL, &http.Client{Jar: jar}
	return d
}

// door is the hub's web-hook door.
func (d *town) door(w http.ResponseWriter, r *http.Request) {
	reply, err := d.hub.Hook(r)
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", reply.Header.Get("Content-Type"))
	w.WriteHeader(reply.StatusCode)
	_, _ = io.Copy(w, reply.Body) // whoever asked may have gone
}

// appeal shows what was stored, to whoever wrote it, with an answer.
func (d *town) appeal(_ context.Context, call sdk.Call) (sdk.Result, error) {
	for _, m := range d.hub.Stored() {
		if m.ExternalID == call.Input["id"] && m.From.Address("outside") == call.Input["applicant"] {
			return sdk.Result{Output: sdk.Values{"id": m.ExternalID, "subject": m.Subject, "state": "answered", "messages": []any{
				map[string]any{"id": m.ExternalID, "direction": "incoming", "text": m.Text},
				map[string]any{"id": "doc_2", "delivery": "dlv_2", "direction": "outgoing", "text": "Мастер придёт"},
			}}}, nil
		}
	}
	return sdk.Result{}, &sdk.Error{Kind: "not_found", Text: "такого обращения нет"}
}

func (d *town) ask(method, path, contentType string, body []byte) (int, map[string]any) {
	d.Helper()
	r, err := http.NewRequestWithContext(d.Context(), method, d.url+path, bytes.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Cabinet", "1")
	reply, err := d.web.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer reply.Body.Close()
	out := map[string]any{}
	_ = json.NewDecoder(reply.Body).Decode(&out) // some answers are empty
	return reply.StatusCode, out
}

func (d *town) json(method, path, body string) (int, map[string]any) {
	d.Helper()
	return d.ask(method, path, "application/json", []byte(body))
}

// form sends a form with one photo.
func (d *town) form(path string, fields map[string]string) (int, map[string]any) {
	d.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			d.Fatal(err)
		}
	}
	f, err := w.CreateFormFile("file", "фото.jpg")
	if err != nil {
		d.Fatal(err)
	}
	fmt.Fprint(f, "photo")
	if err := w.Close(); err != nil {
		d.Fatal(err)
	}
	return d.ask("POST", path, w.FormDataContentType(), body.Bytes())
}

func (d *town) enter(name, phone string) {
	d.Helper()
	_, got := d.json("POST", "/api/code", fmt.Sprintf(`{"name":%q,"phone":%q}`, name, phone))
	if status, _ := d.json("POST", "/api/login", fmt.Sprintf(`{"phone":%q,"code":%q}`, phone, got["code"])); status != http.StatusNoContent {
		d.Fatalf("login: %d", status)
	}
}

func TestResidentWritesAndReadsTheAnswer(t *testing.T) {
	d := newTown(t)
	if status, _ := d.json("GET", "/api/me", ""); status != http.StatusUnauthorized {
		t.Fatalf("a stranger: %d", status)
	}
	d.enter("Анна Петрова", "8 916 000-00-00")
	fields := map[string]string{"id": "a1", "subject": "Течёт кран", "text": "На кухне", "account": "1001", "address": "ул. Мира, 1"}
	if status, _ := d.form("/api/appeals", fields); status != http.StatusBadRequest {
		t.Errorf("without consent: %d", status)
	}
	fields["consent"] = "yes"
	if status, got := d.form("/api/appeals", fields); status != http.StatusCreated {
		t.Fatalf("%d %v", status, got)
	}
	m := d.hub.Await(1)[0]
	if m.From.Name != "Анна Петрова" || m.From.Address("phone") != "+79160000000" || m.Fields["delivery_type"] != "ЛК жителя" ||
		m.Fields["account"] != "1001" || m.Fields["consent_at"] == "" || len(m.Files) != 1 {
		t.Errorf("%+v", m)
	}
	_, got := d.json("GET", "/api/appeals/a1", "")
	if text := fmt.Sprint(got["messages"]); !strings.Contains(text, "Мастер придёт") {
		t.Errorf("conversation %s", text)
	}
	if status, _ := d.json("PUT", "/api/appeals/a1/messages/doc_2/read", ""); status != http.StatusNoContent {
		t.Errorf("read: %d", status)
	}
	if status, got := d.form("/api/appeals/a1/messages", map[string]string{"id": "m1", "text": "Ещё течёт"}); status != http.StatusCreated {
		t.Errorf("message: %d %v", status, got)
	}
	d.json("POST", "/api/logout", "")
	d.enter("Борис", "+7 916 111-11-11")
	if status, _ := d.json("GET", "/api/appeals/a1", ""); status != http.StatusNotFound {
		t.Errorf("somebody else's appeal: %d", status)
	}
}

func TestCodeIsGoodForOnceAndForFewTries(t *testing.T) {
	d := newTown(t)
	_, got := d.json("POST", "/api/code", `{"name":"Анна","phone":"9160000000"}`)
	for range codeTries {
		if status, _ := d.json("POST", "/api/login", `{"phone":"9160000000","code":"x"}`); status != http.StatusUnauthorized {
			t.Fatal(status)
		}
	}
	if status, _ := d.json("POST", "/api/login", fmt.Sprintf(`{"phone":"9160000000","code":%q}`, got["code"])); status != http.StatusUnauthorized {
		t.Errorf("after too many tries: %d", status)
	}
	if status, _ := d.json("POST", "/api/code", `{"name":"Анна","phone":"112"}`); status != http.StatusBadRequest {
		t.Errorf("no telephone: %d", status)
	}
}

func TestWidgetTakesPeopleAndNotMachines(t *testing.T) {
	d := newTown(t)
	write := func(edit func(map[string]string)) int {
		_, got := d.json("GET", "/widget/start", "")
		fields := map[string]string{
			"ticket": got["ticket"].(string), "name": "Анна", "phone": "9160000000", "subject": "Течёт", "text": "Кран", "consent": "yes", "reason": "leak",
		}
		edit(fields)
		status, _ := d.form("/widget/appeals", fields)
		return status
	}
	wait := func(dur time.Duration) { d.mu.Lock(); defer d.mu.Unlock(); d.now = d.now.Add(dur) }
	_, got := d.json("GET", "/widget/start", "")
	old := got["ticket"].(string)
	wait(tooFast)
	for name, c := range map[string]struct {
		edit func(map[string]string)
		want int
	}{
		"too fast":   {func(map[string]string) {}, http.StatusTooManyRequests},
		"trapped":    {func(f map[string]string) { f["ticket"], f["website"] = old, "x" }, http.StatusTooManyRequests},
		"forged":     {func(f map[string]string) { f["ticket"] = "1." + old }, http.StatusTooManyRequests},
		"no consent": {func(f map[string]string) { f["ticket"], f["consent"] = old, "" }, http.StatusBadRequest},
	} {
		if got := write(c.edit); got != c.want {
			t.Errorf("%s: %d", name, got)
		}
	}
	with := func(f map[string]string) { f["ticket"] = old }
	if got := write(with); got != http.StatusCreated {
		t.Fatalf("a person: %d", got)
	}
	if got := write(with); got != http.StatusTooManyRequests {
		t.Errorf("the same ticket: %d", got)
	}
	m := d.hub.Await(1)[0]
	if m.Fields["reason"] != "leak" || m.From.Address("outside") == idOf("79160000000") {
		t.Errorf("%+v", m)
	}
}

func TestOnlyKnownSitesMayRead(t *testing.T) {
	d := newTown(t)
	for origin, want := range map[string]string{"https://uk-dom.test": "https://uk-dom.test", "https://evil.test": "", "": ""} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", d.url+"/widget/start", nil)
		r.RequestURI = ""
		r.Header.Set("Origin", origin)
		reply, err := d.web.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if got := reply.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%q may read: %q", origin, got)
		}
	}
}

func TestHooksOfTheHubAreKnownByTheirSignature(t *testing.T) {
	h := &hub{Key: key}
	body := []byte(`{}`)
	r := httptest.NewRequest("POST", "/hook", nil)
	now := time.Now()
	at, hash := fmt.Sprint(now.Unix()), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	r.Header.Set("X-Uzel-Timestamp", at)
	r.Header.Set("X-Uzel-Content-Sha256", hash)
	r.Header.Set("X-Uzel-Signature", h.sign("uzel-webhook-v1", "POST", "/hook", at, hash))
	if !h.told(r, body, now) {
		t.Error("the hub is not known")
	}
	if h.told(r, []byte(`{"a":1}`), now) || h.told(r, body, now.Add(time.Hour)) {
		t.Error("a stranger is taken for the hub")
	}
}
