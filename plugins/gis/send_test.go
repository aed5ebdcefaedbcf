package main

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
	"github.com/uzel-hub/uzel/plugins/gis/internal/gost94"
	"github.com/uzel-hub/uzel/sdk"
)

// TestAnswerGoesOutWithFilesAndSignatures: draft, sent, closed; a large file in
// parts, a detached signature beside its file.
func TestAnswerGoesOutWithFilesAndSignatures(t *testing.T) {
	w := world(t, nil)
	guid := w.Add(emulator.Appeal{})
	h := hub(t, w)
	large := bulk(11_000_000)
	sig := sdk.Bytes("акт.pdf.sig", []byte("signature"))
	sig.Role, sig.Signs = sdk.RoleSignature, "акт.pdf"
	r := sent(t, h, answer(guid, "Лампа заменена.\r\nС уважением", sdk.Bytes("акт.pdf", []byte("акт")), sig, sdk.Bytes("съёмка.zip", large)))

	got := w.Answers(guid, true)
	if len(got) != 1 || got[0].Text != "Лампа заменена.\nС уважением" || got[0].Answerer != masterGUID || w.Get(guid).Status != "Executed" {
		t.Fatalf("in GIS: %+v, %s", got, w.Get(guid).Status)
	}
	if r.ExternalID != got[0].GUID || !strings.Contains(r.Text, got[0].Number) {
		t.Errorf("receipt %+v", r)
	}
	files := map[string]emulator.File{}
	for _, f := range got[0].Files {
		files[f.Name] = f
	}
	if string(w.FileBody(files["съёмка.zip"].GUID)) != string(large) {
		t.Error("the large file is another")
	}
	sum := gost94.New()
	sum.Write([]byte("акт")) //nolint:errcheck // cannot fail
	if files["акт.pdf"].Hash != hex.EncodeToString(sum.Sum(nil)) {
		t.Errorf("hash %s", files["акт.pdf"].Hash)
	}
	if s := got[0].Signatures[files["акт.pdf"].GUID]; len(s) != 1 || string(w.FileBody(s[0].GUID)) != "signature" {
		t.Errorf("signatures %+v", got[0].Signatures)
	}
}

func TestPerformerAndClosing(t *testing.T) {
	w := world(t, nil)
	guid := w.Add(emulator.Appeal{})
	h := hub(t, w)
	due := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	d := sdk.Dispatch{
		Delivery: "p1", Attempt: 1, Purpose: sdk.PurposePerformer, Origin: guid, DueAt: due,
		Performer: &sdk.Party{Kind: "person", Name: "мастеров  Пётр Ильич"},
	}
	sent(t, h, d)
	a := w.Get(guid)
	if a.Answerer != masterGUID || a.Status != "InWork" || a.Planned.Format(time.DateOnly) != "2026-12-01" {
		t.Fatalf("performer: %+v", a)
	}
	before := w.Count("importAnswer")
	d.Delivery = "p2" // the same performer once more
	sent(t, h, d)
	if w.Count("importAnswer") != before {
		t.Error("the performer was assigned again")
	}
	d.Delivery, d.Performer = "p3", &sdk.Party{Name: "Никто"} // another one: the planned day is not told again
	sent(t, h, d)
	if got := w.Get(guid).Answerer; got != clerkGUID {
		t.Errorf("performer %s, want the one of the organisation", got)
	}
	sent(t, h, sdk.Dispatch{Delivery: "s1", Attempt: 1, Purpose: sdk.PurposeStatus, Origin: guid, Status: "in_work"})
	if w.Get(guid).Status != "InWork" {
		t.Error("a state GIS does not have changed something")
	}
	for _, id := range []string{"s2", "s3"} { // closed twice
		sent(t, h, sdk.Dispatch{Delivery: id, Attempt: 1, Purpose: sdk.PurposeStatus, Origin: guid, Status: "closed"})
	}
	if w.Get(guid).Status != "Executed" {
		t.Errorf("status %s", w.Get(guid).Status)
	}
}

// TestAnswerIsRefusedBeforeGISSeesIt: what cannot go out is told at once.
func TestAnswerIsRefusedBeforeGISSeesIt(t *testing.T) {
	w := world(t, nil)
	guid := w.Add(emulator.Appeal{})
	h := hub(t, w)
	for name, d := range map[string]sdk.Dispatch{
		"too long":        answer(guid, strings.Repeat("я", 10_001)),
		"of another":      answer("", "Ответ"),
		"with empty file": answer(guid, "Ответ", sdk.Bytes("пусто.txt", nil)),
		"wrong file":      answer(guid, "Ответ", sdk.Bytes("программа.exe", []byte("MZ"))),
	} {
		if _, err := h.Send(t.Context(), d); sdk.KindOf(err) != "rejected" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.Count("importAnswer") != 0 {
		t.Error("something was submitted")
	}
}

// TestCodeDecidesWhoActs holds the classes of errors to the kinds of the hub.
func TestCodeDecidesWhoActs(t *testing.T) {
	for code, want := range map[string]string{
		"EXP001000": "unavailable", "EXP002003": "unavailable", "INT002018": "unavailable",
		"AUT011003": "config", "AUT011009": "config", "FMT001300": "config",
		"INT016001": "rejected", "FIL001004": "rejected", "SRV000001": "rejected", "XYZ": "rejected", "INT002013": "rejected",
		"INT002012": "rejected", // nothing to export: no answer to an answer
	} {
		for where, f := range map[string]emulator.Fault{"fault": {Code: code}, "request": {Fail: code}, "action": {Reject: code}} {
			t.Run(where+" "+code, func(t *testing.T) {
				w := world(t, nil)
				guid := w.Add(emulator.Appeal{})
				h := hub(t, w)
				w.Faults.Next("importAnswer", f)
				_, err := h.Send(t.Context(), answer(guid, "Ответ"))
				if sdk.KindOf(err) != want {
					t.Fatalf("%v is %s, want %s", err, sdk.KindOf(err), want)
				}
				if !strings.Contains(err.Error(), code) || strings.Contains(err.Error(), "Test.java") {
					t.Errorf("shown: %v", err)
				}
				d := answer(guid, "Ответ")
				d.Attempt = 2 // GIS is well again, or a person has mended it
				sent(t, h, d)
				if n := len(w.Answers(guid, true)); n != 1 {
					t.Errorf("%d answers", n)
				}
			})
		}
	}
}

// TestClosingMayFailWhenTheAnswerIsOut: the answer counts, the rest is told.
func TestClosingMayFailWhenTheAnswerIsOut(t *testing.T) {
	w := world(t, nil)
	guid := w.Add(emulator.Appeal{})
	h := hub(t, w)
	w.Faults.Next("importAnswer", emulator.Fault{}, emulator.Fault{}, emulator.Fault{Reject: "INT016099"})
	r := sent(t, h, answer(guid, "Ответ"))
	if r.Code != "INT016099" || !strings.Contains(r.Text, "не закрыто") {
		t.Errorf("receipt %+v", r)
	}
}

// TestAnswerMayCloseByItself: where GIS closes with the answer, our closing is
// not missed.
func TestAnswerMayCloseByItself(t *testing.T) {
	w := world(t, func(o *emulator.Options) { o.CloseOnAnswer = true })
	guid := w.Add(emulator.Appeal{})
	if r := sent(t, hub(t, w), answer(guid, "Ответ")); r.Code != "" {
		t.Errorf("receipt %+v", r)
	}
}
