package main

import (
	"encoding/json"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/cabinet/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

func TestWebhookIsSignedAndNamesWhatHappened(t *testing.T) {
	for purpose, want := range map[sdk.Purpose]event{
		sdk.PurposeAnswer:    {Event: "answer", Message: "doc_2", Number: "Вх-2026/000001", Status: "closed", Performer: "Пётр Слесарев"},
		sdk.PurposeStatus:    {Event: "status", Number: "Исх-2026/000001", Status: "closed", Performer: "Пётр Слесарев"},
		sdk.PurposePerformer: {Event: "performer", Number: "Исх-2026/000001", Status: "closed", Performer: "Пётр Слесарев"},
	} {
		d := newDesk(t, nil)
		r, err := d.hub.Send(t.Context(), delivery(purpose))
		if err != nil || r.State != sdk.StateSent {
			t.Fatal(r, err)
		}
		p := d.other.Posted()[0]
		h := p.Header
		if got := sign(testKey, toCabinet, "POST", "/hook", h.Get(headerTime), h.Get(headerHash)); got != h.Get(headerSignature) {
			t.Error("the signature does not hold")
		}
		var e event
		if err := json.Unmarshal(p.Body, &e); err != nil {
			t.Fatal(err)
		}
		holdEvent(t, p.Body)
		want.ID, want.Resident, want.Appeal, want.At = "dlv_1", "r1", "a1", e.At
		if e != want {
			t.Errorf("event %+v, want %+v", e, want)
		}
		if text := string(p.Body); strings.Contains(text, "Мастер") || strings.Contains(text, "Анна") {
			t.Errorf("the web-hook tells too much: %s", text)
		}
	}
}

func TestFailedWebhookTellsWhoActs(t *testing.T) {
	d := newDesk(t, nil)
	for fault, want := range map[emulator.Fault]string{
		emulator.Busy: "unavailable", emulator.Refuse: "rejected", emulator.Closed: "config", emulator.Drop: "unavailable",
	} {
		d.other.Break(fault)
		_, err := d.hub.Send(t.Context(), delivery(sdk.PurposeAnswer))
		if got := sdk.KindOf(err); err == nil || got != want {
			t.Errorf("%s: %s %v, want %s", fault, got, err, want)
		}
	}
	// What perhaps arrived may be sent again: its id tells the cabinet.
	got, err := d.hub.Track(sdk.TrackItem{Delivery: "dlv_1"})
	if err != nil || got[0].State != sdk.StateRetry {
		t.Errorf("%v %v", got, err)
	}
}

func TestCabinetWithoutWebhookComesForTheNews(t *testing.T) {
	d := newDesk(t, func(set map[string]any) { delete(set, "webhook") })
	if r, err := d.hub.Send(t.Context(), delivery(sdk.PurposeAnswer)); err != nil || r.State != sdk.StateSent {
		t.Fatal(r, err)
	}
	items := d.want(http.StatusOK, "GET", "/v1/events", "")["items"].([]any)
	if len(items) != 2 || items[0].(map[string]any)["id"] != "dlv_1" {
		t.Errorf("events %v", items)
	}
	if d.other.Requests() != 0 {
		t.Error("the cabinet was called")
	}
}

func TestReplaySendsTheLogAgain(t *testing.T) {
	d := newDesk(t, nil)
	run := func(since string) (sdk.Result, error) {
		return d.hub.Do(t.Context(), sdk.OperationCall{Operation: "replay", Input: sdk.Values{"since": since}})
	}
	r, err := run("2026-11-01T00:00:00Z")
	if err != nil || fmt.Sprint(r.Output["sent"]) != "2" {
		t.Fatalf("%v %v", r.Output, err)
	}
	var ids []string
	for _, p := range d.other.Posted() {
		var e event
		if err := json.Unmarshal(p.Body, &e); err != nil {
			t.Fatal(err)
		}
		holdEvent(t, p.Body)
		ids = append(ids, e.ID)
	}
	if !slices.Equal(ids, []string{"dlv_1", "dlv_3"}) {
		t.Errorf("sent %v", ids)
	}
	if _, err := run("вчера"); sdk.KindOf(err) != "invalid" {
		t.Error(err)
	}
}

// ---- another vendor's cabinet

// poll is a channel that polls the emulator; edit may change its settings.
func poll(t *testing.T, edit func(set map[string]any)) (*sdktest.Hub, *emulator.Cabinet) {
	c, set, secrets := vendor(t)
	if edit != nil {
		edit(set["poll"].(map[string]any))
	}
	h := sdktest.InProcess(t, connector(), nil)
	if err := h.Configure(set, secrets); err != nil {
		t.Fatal(err)
	}
	return h, c
}

func TestPolledAppealHasItsFields(t *testing.T) {
	h, c := poll(t, nil)
	c.Write(20) // three pages
	h.Receive(sdktest.Reception{})
	got := h.Await(20)
	i := slices.IndexFunc(got, func(m sdk.Message) bool { return m.ExternalID == "1" })
	m := got[i]
	if m.Kind != sdk.KindAppeal || m.Subject != "Обращение 1" || m.Text != "Течёт кран" || m.From.Name != "Анна Петрова" || m.From.Address("outside") != "u1" ||
		m.Fields["delivery_type"] != "ЛК жителя" || m.Fields["sender_type"] != "Физическое лицо" || m.Fields["account"] != "1001" ||
		m.Fields["address"] != "ул. Мира, 1, кв. 1" || m.Thread.External != "1" || m.At.IsZero() {
		t.Errorf("message %+v", m)
	}
	if len(m.Files) != 1 || m.Files[0].Name != "фото.jpg" || content(t, m.Files[0]) != "photo 1" {
		t.Errorf("files %+v", m.Files)
	}
}

func TestWhatWasReadIsNotFetchedAgain(t *testing.T) {
	h, c := poll(t, nil)
	c.Write(3)
	r := h.Receive(sdktest.Reception{})
	h.Await(3)
	c.Write(1)
	if _, err := h.Wake(); err != nil {
		t.Fatal(err)
	}
	h.Await(4)
	r.Cancel()
	for _, id := range []string{"1", "2", "3"} {
		if n := h.Offered(id); n != 1 {
			t.Errorf("%s was offered %d times", id, n)
		}
	}
}

func TestFilesAreTakenFromKnownPlacesOnly(t *testing.T) {
	h, c := poll(t, nil)
	appeal := func(id int, address string) {
		c.Add(map[string]any{
			"id": id, "created_at": time.Now().UTC().Format(time.RFC3339), "subject": "x", "text": "y",
			"files": []any{map[string]any{"name": "f", "url": address}},
		}, nil)
	}
	appeal(1, "http://169.254.169.254/latest")
	appeal(2, "file:///etc/passwd")
	appeal(3, "files/3") // not there
	appeal(4, "")
	h.Receive(sdktest.Reception{})
	for _, m := range h.Await(4) {
		if len(m.Files) != 0 || len(m.Marks) != 1 || m.Marks[0].Reason == "" {
			t.Errorf("%s: %d files, marks %v", m.ExternalID, len(m.Files), m.Marks)
		}
	}
}

func TestAnswerGoesToTheVendorsCabinet(t *testing.T) {
	h, c := poll(t, nil)
	if r, err := h.Send(t.Context(), delivery(sdk.PurposeAnswer)); err != nil || r.State != sdk.StateSent {
		t.Fatal(r, err)
	}
	p := c.Posted()[0]
	_, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	form, err := multipart.NewReader(strings.NewReader(string(p.Body)), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	if p.Path != "/api/appeals/a1/answer" || form.Value["text"][0] != "Мастер придёт" || form.Value["meta.number"][0] != "Исх-2026/000001" ||
		len(form.File["file"]) != 1 || form.File["file"][0].Filename != "акт.pdf" || p.Header.Get("Idempotency-Key") != "dlv_1" {
		t.Errorf("%s %+v", p.Path, form)
	}
	if _, err := h.Send(t.Context(), delivery(sdk.PurposeStatus)); err != nil {
		t.Fatal(err)
	}
	if p := c.Posted()[1]; p.Path != "/api/appeals/a1/state" || string(p.Body) != `{"state":{"text":"Мастер придёт"}}` {
		t.Errorf("%s %s", p.Path, p.Body)
	}
}

func TestLostAnswerOfTheVendorIsUnknown(t *testing.T) {
	h, c := poll(t, nil)
	for fault, want := range map[emulator.Fault]string{
		emulator.Busy: "unavailable", emulator.Refuse: "rejected", emulator.Closed: "config", emulator.Drop: "unknown",
	} {
		c.Break(fault)
		_, err := h.Send(t.Context(), delivery(sdk.PurposeAnswer))
		if got := sdk.KindOf(err); err == nil || got != want {
			t.Errorf("%s: %s %v, want %s", fault, got, err, want)
		}
	}
	got, err := h.Track(sdk.TrackItem{Delivery: "dlv_1"})
	if err != nil || got[0].State != sdk.StateUnknown {
		t.Errorf("%v %v", got, err)
	}
}

func TestWrongPathsAreTheAdministratorsMatter(t *testing.T) {
	for name, c := range map[string]struct {
		field string
		edit  func(map[string]any)
	}{
		"list":  {"poll.list.items", func(p map[string]any) { p["list"] = map[string]any{"path": "/appeals", "items": "nowhere"} }},
		"path":  {"poll.list.path", func(p map[string]any) { p["list"] = map[string]any{"path": "/nowhere"} }},
		"token": {"poll.token", func(p map[string]any) { p["prefix"] = "" }},
	} {
		h, _ := poll(t, c.edit)
		e, ok := h.Check().(*sdk.Error)
		if !ok || e.Kind != "config" || e.Field != c.field {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestPathsAndMoments(t *testing.T) {
	var v any
	if err := json.Unmarshal([]byte(`{"a":{"b":[{"c":"x"},{"c":true}]}}`), &v); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"a.b.0.c": "x", "a.b.1.c": "true", "a.b.2.c": "", "a.b.-1.c": "", "a": "", "": "", "z.z": ""} {
		if got := textAt(v, path); got != want {
			t.Errorf("%q = %q, want %q", path, got, want)
		}
	}
	want := time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-11-01T10:00:00+03:00", "2026-11-01 10:00:00", "01.11.2026 10:00", "1793516400", "1793516400000"} {
		if got := momentOf(text); !got.Equal(want) {
			t.Errorf("%s = %v", text, got)
		}
	}
	if !momentOf("вчера").IsZero() {
		t.Error("a moment out of nothing")
	}
}
