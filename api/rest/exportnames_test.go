package rest_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// cellsOf is the first row of a file by its columns.
func cellsOf(t *testing.T, c *client, path string) map[string]string {
	t.Helper()
	rows := tableOf(t, c, path)
	if len(rows) < 2 {
		t.Fatalf("%s has no rows: %q", path, rows)
	}
	out := map[string]string{}
	for i, title := range rows[0] {
		out[title] = rows[1][i]
	}
	return out
}

func hasCells(t *testing.T, have, want map[string]string) {
	t.Helper()
	for title, cell := range want {
		if have[title] != cell {
			t.Errorf("%s is %q, not %q", title, have[title], cell)
		}
	}
}

// TestAFileNamesPeopleChannelsAndStates in the reader's language, and what
// strangers wrote is no formula.
func TestAFileNamesPeopleChannelsAndStates(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	en := admin.with("Accept-Language", "en")
	me := admin.session().User.ID
	put(h, store.Channels, &core.Channel{ID: "post", Title: "Почта жильцов"})
	put(h, store.Documents, &core.Document{ID: "doc_1", Direction: core.Outgoing, State: core.DocumentSent, Subject: `=HYPERLINK("x")`, Number: &core.RegNumber{Text: "Исх-1"}})
	put(h, store.Deliveries, &core.Delivery{
		ID: "dlv_1", Document: "doc_1", Channel: "post", Purpose: core.PurposeAnswer, State: core.DeliveryRejected,
		To: []core.Correspondent{{Name: "Иванов"}, {Addresses: []core.Address{{Kind: core.AddressEmail, Value: "a@mail.test"}}}},
	})
	put(h, store.Tasks, &core.Task{ID: "tsk_1", Kind: core.TaskControl, State: core.TaskInWork, Title: "@проверить", Author: me, Performer: me, CoPerformers: []core.UserID{me, "usr_gone"}, Document: "doc_1"})
	put(h, bus.DeadLetterTable, &bus.DeadLetter{ID: "evt_1", Event: bus.Event{Topic: bus.MessageReceived, Payload: []byte(`{"channel":"post"}`)}, Handler: "intake", State: bus.DeadLetterGivenUp})
	put(h, store.Parties, &core.Party{ID: "pty_1", Kind: core.PartyOrganization, Name: "ООО", Addresses: []core.Contact{{Kind: core.AddressPhone, Value: "+79161234567"}, {Kind: core.AddressINN, Value: "7701234567"}}, Consents: []core.Consent{{State: core.ConsentGiven}}})

	const person = "Мария Петрова"
	hasCells(t, cellsOf(t, admin, "/api/v1/deliveries/export?channel=post"), map[string]string{
		"Канал": "Почта жильцов", "Назначение": "Ответ", "Состояние": "Отклонено", "Кому": "Иванов, a@mail.test", "Номер документа": "Исх-1", "Тема": `'=HYPERLINK("x")`, "Направление": "Исходящий",
	})
	hasCells(t, cellsOf(t, en, "/api/v1/deliveries/export"), map[string]string{"Channel": "Почта жильцов", "Purpose": "Answer", "State": "Rejected"})
	hasCells(t, cellsOf(t, admin, "/api/v1/tasks/export"), map[string]string{
		"Вид": "Контроль", "Состояние": "Выполняется", "Что сделать": "'@проверить", "Исполнитель": person, "Соисполнители": person + ", usr_gone", "Документ": "Исх-1", "Контролёр": "",
	})
	hasCells(t, cellsOf(t, en, "/api/v1/tasks/export"), map[string]string{"Kind": "Control", "State": "In work", "Performer": person})
	hasCells(t, cellsOf(t, admin, "/api/v1/dead-letters/export"), map[string]string{"Событие": "Получено сообщение", "Где остановилось": "Разбор обращений", "Канал": "Почта жильцов", "Решение": "Снято"})
	hasCells(t, cellsOf(t, admin, "/api/v1/parties/export"), map[string]string{"Тип": "Организация", "Телефон": "+79161234567", "ИНН": "7701234567", "Согласие": "Дано"})
	hasCells(t, cellsOf(t, admin, "/api/v1/users/export"), map[string]string{"Имя": person, "Логин": "admin", "Роли": "Администратор", "Состояние": "Работает"})
	hasCells(t, cellsOf(t, en, "/api/v1/users/export"), map[string]string{"Roles": "Administrator", "State": "Active"})
}

func TestAFileIsAskedForAsAWhole(t *testing.T) {
	c := newHub(t).administrator()
	for _, wrong := range []string{"limit=5", "after=x", "format=pdf", "colour=red"} {
		c.get("/api/v1/tasks/export?"+wrong).problem(400, "request.query")
		c.get("/api/v1/documents/export?"+wrong).problem(400, "request.query")
	}
	c.get("/api/v1/mass-runs/mas_none/items/export").problem(404, "mass_runs.not_found")
	if rows := tableOf(t, c, "/api/v1/tasks/export"); len(rows) != 1 || rows[0][0] != "Что сделать" {
		t.Errorf("a file without rows: %q", rows)
	}
}

// TestAFileIsAWorkbookToo for a list declared by columns, and for a directory.
func TestAFileIsAWorkbookToo(t *testing.T) {
	h := newHub(t)
	c := h.administrator()
	put(h, store.Tasks, &core.Task{ID: "tsk_1", Kind: core.TaskPlain, State: core.TaskDraft, Title: "=1+1"})
	c.entry("tags", object{"title": "=2+2"})
	for path, want := range map[string]string{"/api/v1/tasks/export": "=1+1", "/api/v1/directories/tags/export": "=2+2"} {
		r := c.get(path + "?format=xlsx").want(200)
		book, err := zip.NewReader(bytes.NewReader(r.body), int64(len(r.body)))
		if err != nil || !strings.Contains(r.header.Get("Content-Disposition"), ".xlsx") {
			t.Fatalf("%s: %v, %s", path, err, r.header.Get("Content-Disposition"))
		}
		at := slices.IndexFunc(book.File, func(f *zip.File) bool { return f.Name == "xl/worksheets/sheet1.xml" })
		in, err := book.File[at].Open()
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := io.ReadAll(in)
		if err != nil || !strings.Contains(string(sheet), `<t xml:space="preserve">`+want+`</t>`) {
			t.Errorf("%s: %v, %s", path, err, sheet)
		}
	}
}
