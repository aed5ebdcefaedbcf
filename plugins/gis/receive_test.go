package main

import (
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// TestAppealIsRegisteredWithItsFields follows one appeal with everything in it.
func TestAppealIsRegisteredWithItsFields(t *testing.T) {
	w := world(t, nil)
	photo := w.AddFile("фото подъезда.jpg", []byte("\xff\xd8\xff photo"))
	now := time.Now().In(moscow)
	guid := w.Add(emulator.Appeal{
		Surname: "Тестова", First: "Анна", Patronymic: "Петровна", Postal: "г. Примерск, ул. Тестовая, д. 1", Flat: "5",
		Email: "resident@example.org", Phone: "+70000000000", TopicCode: "1.1", TopicName: "Освещение подъезда",
		House: "44444444-0000-4000-8000-000000000001", OKTMO: "45000000", Number: "00-2026-1",
		Text:  "<p>В подъезде <b>не горит</b> свет.</p><script>alert(1)</script>",
		Files: []emulator.File{{GUID: photo, Name: "фото подъезда.jpg", Description: "Фото"}},
		Until: now.AddDate(0, 0, 10), Norm: "Правила № 491", Mobile: true, Collective: true, Neighbours: true,
	})
	h := hub(t, w)
	h.Receive(sdktest.Reception{})
	m := h.Await(1)[0]
	want := map[string]string{
		sdk.FieldDeliveryType: "ГИС ЖКХ", sdk.FieldSenderType: "Физическое лицо",
		sdk.FieldAddress: "г. Примерск, ул. Тестовая, д. 1, кв. 5", sdk.FieldReason: "1.1", "gis_number": "00-2026-1",
		"gis_status": "Получено", "gis_house": "44444444-0000-4000-8000-000000000001", "gis_oktmo": "45000000",
		"gis_due": now.AddDate(0, 0, 10).Format(time.DateOnly), "gis_requirement": "Правила № 491", "gis_mobile": "да",
		"gis_collective": "да, присоединились: 1",
	}
	for k, v := range want {
		if m.Fields[k] != v {
			t.Errorf("%s = %q, want %q", k, m.Fields[k], v)
		}
	}
	if len(m.Fields) != len(want) {
		t.Errorf("fields: %v", m.Fields)
	}
	for _, c := range []struct{ what, got, want string }{
		{"subject", m.Subject, "Освещение подъезда"},
		{"text", m.Text, "В подъезде не горит свет."},
		{"external id", m.ExternalID, guid},
		{"thread", m.Thread.External, guid},
		{"sender", m.From.Name, "Тестова Анна Петровна"},
		{"kind of sender", m.From.Kind, "person"},
		{"e-mail", m.From.Address("email"), "resident@example.org"},
		{"phone", m.From.Address("phone"), "+70000000000"},
		{"outside", m.From.Address("outside"), guid},
		{"day", m.At.In(moscow).Format(time.DateTime), now.Format(time.DateOnly) + " 00:00:00"},
		{"due", m.DueAt.In(moscow).Format(time.DateTime), now.AddDate(0, 0, 10).Format(time.DateOnly) + " 23:59:59"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", c.what, c.got, c.want)
		}
	}
	if len(m.Files) != 2 || m.Files[0].Name != "фото подъезда.jpg" || m.Files[0].Note != "Фото" || m.Files[1].Role != sdk.RoleOriginal {
		t.Fatalf("files: %+v", m.Files)
	}
	if got := mustBody(t, m.Files[0]); string(got) != "\xff\xd8\xff photo" {
		t.Errorf("photo: %q", got)
	}
	if got := string(mustBody(t, m.Files[1])); !strings.Contains(got, "AppealNumber") {
		t.Errorf("original: %q", got)
	}
}

func TestOrganisationIsLookedUp(t *testing.T) {
	w := world(t, nil)
	const root = "66666666-0000-4000-8000-000000000001"
	w.AddOrganization(root, emulator.Organization{Short: "ООО «Ромашка»", OGRN: "1027700000000", INN: "7701000000", KPP: "770101001"})
	w.AddTopic("2.7", "Содержание лифтов")
	for range 2 {
		w.Add(emulator.Appeal{Organization: root, TopicCode: "2.7"})
	}
	w.Add(emulator.Appeal{HCS: true})
	h := hub(t, w, func(s map[string]any) { s["receive"] = map[string]any{"every": "1s", "hcs": true} })
	h.Receive(sdktest.Reception{})
	all := h.Await(3)
	m := all[0]
	if m.From.Name != "ООО «Ромашка»" || m.From.Address("inn") != "7701000000" || m.Fields[sdk.FieldSenderType] != "Юридическое лицо" {
		t.Errorf("sender: %+v %v", m.From, m.Fields)
	}
	if m.Subject != "Содержание лифтов" {
		t.Errorf("subject %q", m.Subject)
	}
	if all[2].Fields[sdk.FieldSenderType] != "ГИС ЖКХ" {
		t.Errorf("appeal of GIS itself: %v", all[2].Fields)
	}
	if w.Count("exportOrgRegistry") != 1 || w.Count("exportNsiItem") != 1 {
		t.Errorf("looked up %d and %d times, want once", w.Count("exportOrgRegistry"), w.Count("exportNsiItem"))
	}
}

// TestChangesAreToldOnce follows an appeal after it was registered.
func TestChangesAreToldOnce(t *testing.T) {
	w := world(t, nil)
	guid := w.Add(emulator.Appeal{OtherTopic: "Уборка"})
	h := hub(t, w)
	h.Receive(sdktest.Reception{})
	h.Await(1)
	until := time.Now().In(moscow).AddDate(0, 1, 0)
	w.Change(guid, func(a *emulator.Appeal) {
		a.Status, a.Answerer = "InWork", masterGUID
		a.History = append(a.History, emulator.Event{Date: time.Now(), Extend: &emulator.Extend{Until: until, Comment: "Осмотр", Answerer: masterGUID}})
		a.Extended = true
	})
	m := h.Await(2)[1]
	if m.Change != sdk.Edited || m.About != guid || m.Fields["gis_status"] != "В работе" || m.Fields["gis_extended"] != "да" || m.Text != "Текст обращения" {
		t.Errorf("edited: %+v", m)
	}
	if got := m.DueAt.In(moscow).Format(time.DateOnly); got != until.Format(time.DateOnly) {
		t.Errorf("due %s, want the extended %s", got, until.Format(time.DateOnly))
	}
	w.Rate(guid, emulator.Rating{Score: 1, Comment: "Не убрано"})
	all := h.Await(4)
	if m := all[2]; m.Fields["gis_rating"] != "Ответом не удовлетворён: Не убрано" {
		t.Errorf("rating: %+v", m)
	}
	if m := all[3]; m.Kind != sdk.KindLetter || m.Thread.External != guid || m.Change != sdk.New || m.Text != "Ответом не удовлетворён: Не убрано" {
		t.Errorf("complaint: %+v", m)
	}
	w.Withdraw(guid, "Уже убрали")
	all = h.Await(6)
	if m := all[5]; m.Change != sdk.Withdrawn || m.About != guid || m.Text != "отозвано заявителем: Уже убрали" {
		t.Errorf("withdrawn: %+v", m)
	}
	quiet(t, h, w, 6)
}

// quiet sees that three more rounds bring nothing new.
func quiet(t *testing.T, h *sdktest.Hub, w *emulator.World, n int) {
	t.Helper()
	for range 3 {
		before := w.Count("exportAppeal")
		if _, err := h.Wake(); err != nil {
			t.Fatal(err)
		}
		await(t, "a round", func() bool { return w.Count("exportAppeal") > before })
	}
	if got := len(h.Stored()); got != n {
		t.Errorf("%d messages are kept, want %d", got, n)
	}
}

func await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(sdktest.Patience); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", sdktest.Patience, what)
		}
	}
}

// TestFileThatIsNotReadyDelaysItsAppealOnly: the others come, this one later.
func TestFileThatIsNotReadyDelaysItsAppealOnly(t *testing.T) {
	w := world(t, nil)
	id := w.AddFile("план.pdf", bulk(12_000_000))
	w.SetReady(id, false)
	late := w.Add(emulator.Appeal{Files: []emulator.File{{GUID: id, Name: "план.pdf"}}})
	soon := w.Add(emulator.Appeal{})
	h := hub(t, w)
	h.Receive(sdktest.Reception{})
	if m := h.Await(1)[0]; m.ExternalID != soon {
		t.Errorf("first came %s", m.ExternalID)
	}
	w.SetReady(id, true)
	h.Await(2)
	if got := mustBody(t, stored(h, late).Files[0]); string(got) != string(bulk(12_000_000)) {
		t.Errorf("the file of three parts has %d bytes", len(got))
	}
}

// TestFileThatIsRefusedIsLeftOut: the appeal is worth more than its file.
func TestFileThatIsRefusedIsLeftOut(t *testing.T) {
	w := world(t, nil)
	bad, good := w.AddFile("вирус.doc", []byte("x")), w.AddFile("акт.pdf", []byte("акт"))
	w.Faults.Next(emulator.Download, emulator.Fault{}, emulator.Fault{}, emulator.Fault{Code: "FileVirusInfectionException"})
	w.Add(emulator.Appeal{Files: []emulator.File{{GUID: bad, Name: "вирус.doc"}, {GUID: good, Name: "акт.pdf"}}})
	w.Add(emulator.Appeal{Files: []emulator.File{{GUID: "55555555-0000-4000-8000-000000000009", Name: "нет.pdf"}}})
	h := hub(t, w)
	h.Receive(sdktest.Reception{})
	all := h.Await(2)
	if m := all[0]; len(m.Marks) != 1 || !strings.Contains(m.Marks[0].Reason, "вирус.doc") || m.Files[0].Name != "акт.pdf" {
		t.Errorf("infected: %+v %+v", m.Marks, m.Files)
	}
	if m := all[1]; len(m.Marks) != 1 || !strings.Contains(m.Marks[0].Reason, "файла нет") {
		t.Errorf("missing: %+v", m.Marks)
	}
}

// TestFaultsOfGISDoNotLoseAppeals: each fault is followed by success.
func TestFaultsOfGISDoNotLoseAppeals(t *testing.T) {
	for name, f := range map[string]func(*emulator.World){
		"fault":    func(w *emulator.World) { w.Faults.Next("exportAppeal", emulator.Fault{Code: "EXP001000"}) },
		"page":     func(w *emulator.World) { w.Faults.Next("exportAppeal", emulator.Fault{Page: 502}) },
		"drop":     func(w *emulator.World) { w.Faults.Next("exportAppeal", emulator.Fault{Drop: true}) },
		"lost ack": func(w *emulator.World) { w.Faults.Next("exportAppeal", emulator.Fault{Drop: true, After: true}) },
		"garbage":  func(w *emulator.World) { w.Faults.Next("getState", emulator.Fault{Garbage: true}) },
		"failed":   func(w *emulator.World) { w.Faults.Next("exportAppeal", emulator.Fault{Fail: "EXP002001"}) },
		"gone":     func(w *emulator.World) { w.Faults.Next("getState", emulator.Fault{Code: "INT002013"}) },
		"gzip":     func(w *emulator.World) { w.Faults.Gzip(true) },
		"slow": func(w *emulator.World) {
			w.Faults.Next("getState", emulator.Fault{Page: 503}, emulator.Fault{Drop: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t, nil)
			guid := w.Add(emulator.Appeal{})
			f(w)
			h := hub(t, w)
			for stored(h, guid) == nil {
				r := h.Receive(sdktest.Reception{})
				await(t, "the appeal or the end of Receive", func() bool { return stored(h, guid) != nil || ended(r) })
				r.Cancel()
			}
			if n := len(h.Stored()); n != 1 {
				t.Errorf("%d messages", n)
			}
		})
	}
}

func ended(r *sdktest.Receiving) bool {
	select {
	case <-r.Done():
		return true
	default:
		return false
	}
}
