package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// TestWhatIsTooMuchComesInParts: GIS refuses a large export, or gives more than
// anybody should take. Days and states are asked for apart, so are known appeals.
func TestWhatIsTooMuchComesInParts(t *testing.T) {
	for name, f := range map[string]emulator.Fault{"refused": {}, "huge": {Huge: true}} {
		t.Run(name, func(t *testing.T) {
			w := world(t, func(o *emulator.Options) { o.Most = 1 })
			now := w.Now()
			all := map[string]bool{
				w.Add(emulator.Appeal{Created: now.AddDate(0, 0, -1)}):                   true,
				w.Add(emulator.Appeal{Created: now.AddDate(0, 0, -1), Status: "InWork"}): true,
				w.Add(emulator.Appeal{}): true,
			}
			w.Faults.Next("getState", f)
			h := hub(t, w, func(s map[string]any) { s["receive"] = map[string]any{"every": "1s", "reread": "1s", "look_back": 1} })
			h.Receive(sdktest.Reception{})
			for _, m := range h.Await(3) {
				delete(all, m.ExternalID)
			}
			if len(all) != 0 {
				t.Fatalf("not brought in: %v", all)
			}
			for _, m := range h.Stored() {
				w.Change(m.ExternalID, func(a *emulator.Appeal) { a.Text = "иначе" })
			}
			h.Await(6)
		})
	}
}

// TestOneAppealDoesNotHoldTheOthersBack: one that was passed on is refused by
// GIS, and with it every export that names it.
func TestOneAppealDoesNotHoldTheOthersBack(t *testing.T) {
	for _, strict := range []bool{true, false} {
		w := world(t, func(o *emulator.Options) { o.Strict = strict })
		var guids []string
		for range 5 {
			guids = append(guids, w.Add(emulator.Appeal{}))
		}
		h := hub(t, w)
		h.Receive(sdktest.Reception{})
		h.Await(5)
		w.Change(guids[2], func(a *emulator.Appeal) { a.Org = masterGUID })
		w.Change(guids[4], func(a *emulator.Appeal) { a.Text = "иначе" })
		if m := h.Await(6)[5]; m.About != guids[4] {
			t.Errorf("told of %s", m.About)
		}
		w.Change(guids[2], func(a *emulator.Appeal) { a.Org, a.Text = "", "вернулось" })
		if m := h.Await(7)[6]; m.About != guids[2] || m.Text != "вернулось" {
			t.Errorf("told of %+v", m)
		}
	}
}

// TestRefusalOfEverythingIsAFault: the administrator must hear of it.
func TestRefusalOfEverythingIsAFault(t *testing.T) {
	w := world(t, nil)
	h := hub(t, w)
	w.Faults.Next("exportAppeal", repeated(emulator.Fault{Fail: "INT009999"}, 20)...)
	if _, err := h.Receive(sdktest.Reception{}).Wait(); sdk.KindOf(err) != "rejected" {
		t.Errorf("%v", err)
	}
	w = world(t, nil)
	h = hub(t, w, func(s map[string]any) { s["receive"] = map[string]any{"every": "1s", "reread": "1s", "look_back": 1} })
	for range 50 {
		w.Add(emulator.Appeal{})
	}
	w.Faults.Next("exportAppeal", append([]emulator.Fault{{}}, repeated(emulator.Fault{Fail: "INT009999"}, 200)...)...)
	if _, err := h.Receive(sdktest.Reception{}).Wait(); sdk.KindOf(err) != "rejected" || len(h.Stored()) != 50 {
		t.Errorf("%d known, %v", len(h.Stored()), err)
	}
	if n := w.Count("exportAppeal"); n > 80 {
		t.Errorf("%d requests for 50 appeals, all refused", n)
	}
}

func repeated(f emulator.Fault, n int) []emulator.Fault {
	out := make([]emulator.Fault, n)
	for i := range out {
		out[i] = f
	}
	return out
}

// TestShortAnswersAreToldApart: two answers of files alone have the same words.
// That the first is there does not mean that the second is.
func TestShortAnswersAreToldApart(t *testing.T) {
	w := world(t, nil)
	guid := w.Add(emulator.Appeal{})
	month := w.Now().AddDate(0, -1, 0)
	w.Change(guid, func(a *emulator.Appeal) {
		a.History = append(a.History, emulator.Event{Date: month, Answer: &emulator.Answer{
			GUID: clerkGUID, Number: "1", Answerer: clerkGUID, Text: "Ответ во вложении.", Sent: true, SentOn: month,
		}})
	})
	h := hub(t, w)
	w.Faults.Next("importAnswer", emulator.Fault{Code: "EXP001000"})
	d := answer(guid, "", sdk.Bytes("акт.pdf", []byte("акт")))
	d.Document.Date = w.Now().In(moscow).Format(time.DateOnly)
	if _, err := h.Send(t.Context(), d); sdk.KindOf(err) != "unavailable" {
		t.Fatal(err)
	}
	d.Attempt = 2
	sent(t, h, d)
	if got := w.Answers(guid, true); len(got) != 2 || len(got[1].Files) != 1 {
		t.Errorf("answers %+v", got)
	}
	d.Attempt = 3 // the receipt was lost
	sent(t, hub(t, w), d)
	if got := w.Answers(guid, true); len(got) != 2 {
		t.Errorf("%d answers after a repetition", len(got))
	}
}

// TestOrganisationsKeepApart: two organisations are two channels of one hub;
// each sees and answers its own appeals.
func TestOrganisationsKeepApart(t *testing.T) {
	const second = "11111111-1111-4111-8111-222222222222"
	w := world(t, func(o *emulator.Options) { o.Orgs = append(o.Orgs, second) })
	file := w.AddFile("a.pdf", []byte("x"))
	guids := map[string]string{
		orgGUID: w.Add(emulator.Appeal{Org: orgGUID, Text: "первой"}),
		second:  w.Add(emulator.Appeal{Org: second, Text: "второй", Files: []emulator.File{{GUID: file, Name: "a.pdf"}}}),
	}
	for org, guid := range guids {
		h := hub(t, w, func(s map[string]any) { s["org"] = org })
		h.Receive(sdktest.Reception{})
		if m := h.Await(1)[0]; m.ExternalID != guid {
			t.Errorf("%s got %s", org, m.ExternalID)
		}
		quiet(t, h, w, 1)
		for other, theirs := range guids {
			_, err := h.Send(t.Context(), answer(theirs, "Ответ", sdk.Bytes("акт.pdf", []byte("акт"))))
			if (err == nil) != (other == org) {
				t.Errorf("%s answers the appeal of %s: %v", org, other, err)
			}
		}
	}
}

// TestTopicsAreFoundInTheOtherGroup: which group directory 220 is in is not
// published.
func TestTopicsAreFoundInTheOtherGroup(t *testing.T) {
	w := world(t, func(o *emulator.Options) { o.TopicGroup = "NSIRAO" })
	w.AddTopic("2.7", "Содержание лифтов")
	w.Add(emulator.Appeal{TopicCode: "2.7"})
	h := hub(t, w)
	h.Receive(sdktest.Reception{})
	if m := h.Await(1)[0]; m.Subject != "Содержание лифтов" {
		t.Errorf("subject %q", m.Subject)
	}
}

// TestRedirectionsAreNotFollowed: what is signed for one address must not go to
// another, and the administrator learns that the address is wrong.
func TestRedirectionsAreNotFollowed(t *testing.T) {
	w := world(t, nil)
	moved := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, w.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer moved.Close()
	h := sdktest.InProcess(t, connector(systemClock()), nil)
	if err := h.Configure(config(moved.URL, func(s map[string]any) { s["signature"] = "none" }), nil); err != nil {
		t.Fatal(err)
	}
	e, ok := h.Check().(*sdk.Error)
	if !ok || e.Kind != "config" || e.Field != "url" || w.Count("getState") != 0 {
		t.Errorf("%#v, %d requests", e, w.Count("getState"))
	}
}
