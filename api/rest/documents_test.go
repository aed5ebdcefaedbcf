package rest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
)

// rows is one page of documents.
type rows struct {
	Items []rest.DocumentRow
	Next  string
}

// letter registers an incoming letter as intake would.
func (h *hub) letter(subject, from string, change ...func(*core.Document)) *core.Document {
	h.t.Helper()
	d := &core.Document{
		Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered,
		Subject: subject, Text: "Здравствуйте.", Channel: "mail",
		Sender: core.Correspondent{Name: "Иванов", Addresses: []core.Address{{Kind: core.AddressEmail, Value: from}}},
		Fields: map[string]string{"delivery_type": "Электронная почта"},
	}
	h.update(func(tx store.Tx) error {
		d.ID = core.DocumentID(core.NewID("doc", tx.Now()))
		d.Thread = core.ThreadID(d.ID)
		for _, f := range change {
			f(d)
		}
		n, err := registry.Reserve(tx, registry.JournalIncoming, core.DateOf(tx.Now().In(core.OfficeZone)))
		if err != nil {
			return err
		}
		d.Number = &n
		return store.Documents.Put(tx, d)
	})
	return d
}

// mailbox is the channel letters come through.
func (h *hub) mailbox() {
	put(h, store.Channels, &core.Channel{ID: "mail", Title: "Почта", Plugin: "email", Enabled: true, Settings: []byte("{}")})
}

func path(d *core.Document, rest ...string) string {
	return strings.Join(append([]string{"/api/v1/documents/" + string(d.ID)}, rest...), "/")
}

func TestEmptyListsAreEmptyAndNotNull(t *testing.T) {
	admin := newHub(t).administrator()
	for _, list := range []string{"documents", "deliveries", "parties", "dead-letters", "tokens"} {
		r := admin.get("/api/v1/" + list).want(200)
		if got := strings.TrimSpace(string(r.body)); got != `{"items":[]}` {
			t.Errorf("%s: %s", list, got)
		}
	}
}

func TestDocumentsAreListedNewestFirstToTheEnd(t *testing.T) {
	h := newHub(t)
	for i := range 25 {
		h.letter(fmt.Sprintf("Письмо %d", i), "ivan@example.org")
	}
	c := h.clerk()
	var got []string
	next := ""
	for pages := 0; ; pages++ {
		if pages > 10 {
			t.Fatal("the list does not end")
		}
		p := read[rows](c.get("/api/v1/documents?limit=7&after=" + next).want(200))
		for _, d := range p.Items {
			got = append(got, d.Subject)
		}
		if next = p.Next; next == "" {
			break
		}
	}
	if len(got) != 25 || got[0] != "Письмо 24" || got[24] != "Письмо 0" {
		t.Fatalf("%q", got)
	}
}

func TestDocumentsAreFoundByWhatIsKnownOfThem(t *testing.T) {
	h := newHub(t)
	first := h.letter("первое", "Ivan@Example.org")
	h.pass(48 * time.Hour)
	second := h.letter("второе", "petr@example.org", func(d *core.Document) {
		d.Channel, d.Marks = "office", []core.Mark{{Kind: core.MarkQuarantine, Reason: "не разобрано"}}
		d.Sender.Addresses = append(d.Sender.Addresses, core.Address{Kind: core.AddressPhone, Value: "+7 916 123-45-67"})
	})
	c := h.clerk()
	for query, want := range map[string]string{
		"direction=incoming":                       "второе первое",
		"direction=outgoing":                       "",
		"state=registered":                         "второе первое",
		"state=closed":                             "",
		"channel=mail":                             "первое",
		"thread=" + string(second.Thread):          "второе",
		"mark=quarantine":                          "второе",
		"number=" + first.Number.Text:              "первое",
		"sender=ivan@example.org":                  "первое",
		"sender=email:PETR@example.org":            "второе",
		"sender=%2B79161234567":                    "второе",
		"from=2026-03-03":                          "второе",
		"to=2026-03-03":                            "первое",
		"from=2026-03-02&to=2026-03-02":            "первое",
		"direction=incoming&channel=office":        "второе",
		"channel=mail&sender=petr@example.org":     "",
		"sender=email:%27%3B%20DROP%20TABLE":       "",
		"channel=%D0%BF%D0%BE%D1%87%D1%82%D0%B0":   "",
		"state=registered&from=2026-03-01&limit=1": "второе",
	} {
		var got []string
		for _, d := range read[rows](c.get("/api/v1/documents?" + query).want(200)).Items {
			got = append(got, d.Subject)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}

func TestWrongListParametersAreAllNamed(t *testing.T) {
	c := newHub(t).clerk()
	p := c.get("/api/v1/documents?direction=up&limit=0&from=yesterday&colour=red&state=registered&state=closed").problem(400, "request.query")
	want := map[string]bool{"direction": true, "limit": true, "from": true, "colour": true, "state": true}
	for _, f := range p.Errors {
		if !want[f.Field] {
			t.Errorf("fault %+v", f)
		}
		delete(want, f.Field)
	}
	if len(want) > 0 {
		t.Errorf("not named: %v", want)
	}
	c.get("/api/v1/documents?after=%21%21").problem(400, "list.cursor")
}

func TestCardShowsTheMatterAndItsDeliveries(t *testing.T) {
	h := newHub(t)
	h.mailbox()
	first := h.letter("Протечка", "ivan@example.org")
	other := h.letter("Ещё раз", "ivan@example.org", func(d *core.Document) { d.PerhapsBelongsTo = []core.DocumentID{first.ID} })
	c := h.clerk()
	replied := read[rest.Replied](c.post(path(first, "reply"), map[string]any{"text": "Починим."}).want(201))

	r := c.get(path(first)).want(200)
	card := read[rest.DocumentCard](r)
	if card.Document.Text != "Здравствуйте." || len(card.Thread) != 1 || card.Thread[0].ID != replied.Document.ID {
		t.Fatalf("%+v", card)
	}
	if r.header.Get("ETag") != fmt.Sprintf(`"%d"`, card.Document.Version) {
		t.Fatalf("ETag %s for version %d", r.header.Get("ETag"), card.Document.Version)
	}
	sent := read[rest.DocumentCard](c.get(path(replied.Document)).want(200))
	if len(sent.Deliveries) != 1 || sent.Deliveries[0].State != core.DeliveryQueued {
		t.Fatalf("%+v", sent.Deliveries)
	}
	if offered := read[rest.DocumentCard](c.get(path(other)).want(200)).PerhapsBelongsTo; len(offered) != 1 || offered[0].ID != first.ID {
		t.Fatalf("%+v", offered)
	}
	c.get("/api/v1/documents/doc_nothing").problem(404, "documents.not_found")
}

func TestDocumentIsChangedOnlyAsItWasRead(t *testing.T) {
	h := newHub(t)
	d := h.letter("Протечка", "ivan@example.org")
	c := h.clerk()
	change := `{"state":"in_work","subject":"Протечка кровли","due_at":"2026-03-20T15:00:00Z","fields":{"account":"123","delivery_type":null}}`
	c.patch(path(d), change).problem(428, "request.if_match")
	r := c.with("If-Match", `"1"`).patch(path(d), change).want(200)
	got := read[core.Document](r)
	if got.State != core.DocumentInWork || got.Subject != "Протечка кровли" || got.DueAt == nil || got.Fields["account"] != "123" || got.Fields["delivery_type"] != "" {
		t.Fatalf("%+v", got)
	}
	c.with("If-Match", `"1"`).patch(path(d), change).problem(409, "documents.stale")
	c.with("If-Match", `"2"`).patch(path(d), `{"due_at":null}`).want(200)
	if card := read[rest.DocumentCard](c.get(path(d))); card.Document.DueAt != nil {
		t.Fatal("null did not clear the due date")
	}
	c.with("If-Match", `"3"`).patch(path(d), `{"state":"sent"}`).problem(409, "document.transition")
}

func TestAllFaultsOfABodyAreNamedAtOnce(t *testing.T) {
	h := newHub(t)
	d := h.letter("Протечка", "ivan@example.org")
	c := h.clerk()
	for name, x := range map[string]struct {
		body string
		want []string
	}{
		"types and names": {
			`{"state":7,"subjekt":"x","fields":{"a":1,"b":null},"due_at":"завтра"}`,
			[]string{"state", "subjekt", "fields.a", "due_at"},
		},
		"values":        {`{"state":"lost","subject":"","fields":{"":"x"}}`, []string{"state", "subject", "fields."}},
		"null is no":    {`{"state":null,"subject":null}`, []string{"state", "subject"}},
		"no object":     {`[]`, []string{""}},
		"a zero byte":   {`{"subject":"a\u0000b"}`, []string{"subject"}},
		"nested":        {`{"fields":[]}`, []string{"fields"}},
		"no JSON":       {`{"state":`, nil},
		"two values":    {`{} {}`, nil},
		"nothing":       {``, nil},
		"invalid UTF-8": {"{\"subject\":\"\xff\xfe\",\"x\":1}", []string{"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			h.in(t)
			p := c.with("If-Match", `"1"`).send("PATCH", path(d), "application/json", []byte(x.body)).problem(400, "request.body")
			var got []string
			for _, f := range p.Errors {
				got = append(got, f.Field)
				if f.Text == "" {
					t.Errorf("fault without a text: %+v", f)
				}
			}
			if len(got) != len(x.want) {
				t.Fatalf("faults %q, want %q", got, x.want)
			}
			for _, field := range x.want {
				if !contains(got, field) {
					t.Errorf("faults %q lack %q", got, field)
				}
			}
		})
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func TestErrorsAreInTheCallersLanguage(t *testing.T) {
	h := newHub(t)
	d := h.letter("Протечка", "ivan@example.org")
	c := h.clerk().with("If-Match", `"1"`)
	for language, want := range map[string][2]string{
		"":                     {"Неверный запрос", "неизвестное поле"},
		"de-DE":                {"Неверный запрос", "неизвестное поле"},
		"en-GB,en;q=0.9":       {"Invalid request", "unknown field"},
		"ru-RU,ru;q=0.9,en":    {"Неверный запрос", "неизвестное поле"},
		"de, en;q=0.5, ru;q=0": {"Invalid request", "unknown field"},
	} {
		p := c.with("Accept-Language", language).patch(path(d), `{"colour":"red"}`).problem(400, "request.body")
		if p.Title != want[0] || p.Errors[0].Text != want[1] {
			t.Errorf("%q: %q, %q", language, p.Title, p.Errors[0].Text)
		}
	}
}

func TestHistoryTellsWhoChangedWhat(t *testing.T) {
	h := newHub(t)
	d := h.letter("Протечка", "ivan@example.org")
	c := h.clerk()
	c.with("If-Match", `"1"`).patch(path(d), `{"subject":"Протечка кровли","fields":{"account":"123"}}`).want(200)
	entries := read[struct{ Items []store.Entry }](c.get(path(d, "history")).want(200)).Items
	if len(entries) != 2 || entries[1].Actor.Name != "Мария Петрова" || entries[1].Changes[0].Before != "Протечка" {
		t.Fatalf("%+v", entries)
	}
	c.get("/api/v1/documents/doc_nothing/history").problem(404, "documents.not_found")
}

func TestDocumentIsRegisteredByHand(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	party := read[core.Party](c.post("/api/v1/parties", map[string]any{"kind": "organization", "name": "ООО «Ромашка»", "addresses": []any{map[string]any{"kind": "inn", "value": "7701234567"}}}).want(201))
	r := c.form("/api/v1/documents", map[string]any{
		"direction": "incoming", "subject": "Договор", "sender": map[string]any{"party": party.ID},
		"fields": map[string]any{"delivery_type": "Почта России"}, "date": "2026-03-01",
	}, file{"договор.pdf", "%PDF-1.7 ..."}, file{"договор.pdf.sig", "\x30\x82\x01\x00"}).want(201)
	d := read[core.Document](r)
	if d.Number.Text != "Вх-2026/000001" || d.Number.Date != "2026-03-01" || d.Sender.Name != "ООО «Ромашка»" || d.State != core.DocumentRegistered {
		t.Fatalf("%+v", d)
	}
	if len(d.Files) != 2 || d.Files[0].MediaType != "application/pdf" || d.Files[1].Role != core.FileSignature || d.Files[1].Signs != "договор.pdf" {
		t.Fatalf("%+v", d.Files)
	}
	out := read[core.Document](c.post("/api/v1/documents", map[string]any{"direction": "outgoing", "subject": "Ответ", "in_reply_to": d.ID}).want(201))
	if out.Thread != d.Thread || out.Number.Text != "Исх-2026/000001" {
		t.Fatalf("%+v", out)
	}
}

func TestFaultsOfARegistrationAreNamed(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	for name, x := range map[string]struct {
		in   map[string]any
		want string
	}{
		"no direction":     {map[string]any{"subject": "x"}, "direction"},
		"no subject":       {map[string]any{"direction": "incoming"}, "subject"},
		"unknown journal":  {map[string]any{"direction": "incoming", "subject": "x", "journal": "nothing"}, "journal"},
		"unknown origin":   {map[string]any{"direction": "incoming", "subject": "x", "in_reply_to": "doc_x"}, "in_reply_to"},
		"unknown party":    {map[string]any{"direction": "incoming", "subject": "x", "sender": map[string]any{"party": "pty_x"}}, "sender.party"},
		"future":           {map[string]any{"direction": "incoming", "subject": "x", "date": "2027-01-01"}, "date"},
		"no date":          {map[string]any{"direction": "incoming", "subject": "x", "date": "вчера"}, "date"},
		"address kind":     {map[string]any{"direction": "incoming", "subject": "x", "recipients": []any{map[string]any{"addresses": []any{map[string]any{"kind": "pigeon", "value": "1"}}}}}, "recipients.0.addresses.0.kind"},
		"too long subject": {map[string]any{"direction": "incoming", "subject": strings.Repeat("я", 1001)}, "subject"},
	} {
		t.Run(name, func(t *testing.T) {
			h.in(t)
			p := c.post("/api/v1/documents", x.in).problem(400, "request.body")
			if p.Field != x.want {
				t.Fatalf("field %q, want %q", p.Field, x.want)
			}
		})
	}
	if n := len(read[rows](c.get("/api/v1/documents")).Items); n != 0 {
		t.Fatalf("%d documents registered", n)
	}
	next := read[struct{ Items []rest.Journal }](c.get("/api/v1/journals")).Items
	for _, j := range next {
		if !strings.HasSuffix(j.Next, "000001") {
			t.Fatalf("a number was lost: %s", j.Next)
		}
	}
}

func TestMatterIsJoinedAsAWholeAndDetached(t *testing.T) {
	h := newHub(t)
	h.mailbox()
	first := h.letter("Протечка", "ivan@example.org")
	second := h.letter("Ещё раз", "ivan@example.org", func(d *core.Document) { d.PerhapsBelongsTo = []core.DocumentID{first.ID} })
	c := h.clerk()
	answer := read[rest.Replied](c.post(path(second, "reply"), map[string]any{"text": "Чиним."}).want(201)).Document
	etag := c.get(path(second)).header.Get("ETag")

	c.post(path(second, "join"), map[string]any{"document": first.ID}).problem(428, "request.if_match")
	c.with("If-Match", etag).post(path(second, "join"), map[string]any{"document": "doc_x"}).problem(400, "request.body")
	c.with("If-Match", etag).post(path(second, "join"), map[string]any{"document": second.ID}).problem(400, "request.body")
	joined := c.with("If-Match", etag).post(path(second, "join"), map[string]any{"document": first.ID}).want(200)
	if d := read[core.Document](joined); d.Thread != first.Thread || len(d.PerhapsBelongsTo) != 0 {
		t.Fatalf("%+v", d)
	}
	if card := read[rest.DocumentCard](c.get(path(first))); len(card.Thread) != 2 {
		t.Fatalf("%d documents in the matter besides the first, want 2", len(card.Thread))
	}
	c.with("If-Match", etag).post(path(second, "detach"), nil).problem(409, "documents.stale")

	alone := read[core.Document](c.with("If-Match", joined.header.Get("ETag")).post(path(second, "detach"), nil).want(200))
	followed := read[rest.DocumentCard](c.get(path(answer))).Document
	if alone.Thread == first.Thread || followed.Thread != alone.Thread {
		t.Fatalf("threads %s, %s, %s", first.Thread, alone.Thread, followed.Thread)
	}
}

func TestOffersAreDroppedByDetaching(t *testing.T) {
	h := newHub(t)
	first := h.letter("Протечка", "ivan@example.org")
	second := h.letter("Другое", "ivan@example.org", func(d *core.Document) { d.PerhapsBelongsTo = []core.DocumentID{first.ID} })
	d := read[core.Document](h.clerk().with("If-Match", `"1"`).post(path(second, "detach"), nil).want(200))
	if len(d.PerhapsBelongsTo) != 0 || d.Thread != second.Thread {
		t.Fatalf("%+v", d)
	}
}

func TestPartyLifeOverREST(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	in := map[string]any{"kind": "organization", "name": "ООО «Ромашка»", "addresses": []any{map[string]any{"kind": "email", "value": "Info@Romashka.example"}}}
	r := c.post("/api/v1/parties", in).want(201)
	own := r.header.Get("Location")
	for query, want := range map[string]int{"address=info@romashka.example": 1, "name=РОМАШКА": 1, "name=василёк": 0, "address=inn:1": 0} {
		if n := len(read[struct{ Items []core.Party }](c.get("/api/v1/parties?" + query).want(200)).Items); n != want {
			t.Errorf("%q: %d", query, n)
		}
	}
	in["name"] = "АО «Ромашка»"
	c.put(own, in).problem(428, "request.if_match")
	c.with("If-Match", `"1"`).put(own, in).want(200)
	for _, stale := range []rest.Problem{
		c.with("If-Match", `"1"`).put(own, in).problem(409, "parties.stale"), c.with("If-Match", `"1"`).delete(own).problem(409, "parties.stale"),
	} {
		if len(stale.Errors) != 1 || stale.Errors[0].Field != "name" {
			t.Errorf("changed meanwhile: %+v", stale.Errors)
		}
	}
	if got := read[core.Party](c.get(own).want(200)); got.Name != "АО «Ромашка»" {
		t.Fatal(got.Name)
	}
	if n := len(read[struct{ Items []store.Entry }](c.get(own + "/history").want(200)).Items); n != 2 {
		t.Fatalf("%d changes", n)
	}
	c.with("If-Match", `"2"`).delete(own).want(204)
	c.get(own).problem(404, "parties.not_found")
	p := c.post("/api/v1/parties", `{"kind":"robot","addresses":[{"kind":"email","value":" "},{"value":"x"}]}`).problem(400, "request.body")
	if len(p.Errors) != 4 {
		t.Fatalf("%+v", p.Errors)
	}
}

func TestJournalLifeOverREST(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	in := map[string]any{"id": "incoming-fkr", "title": "Входящие ФКР", "direction": "incoming", "template": "ФКР-{yy}/{n:05}", "yearly": true}
	r := admin.post("/api/v1/journals", in).want(201)
	if j := read[rest.Journal](r); j.Next != "ФКР-26/00001" {
		t.Fatal(j.Next)
	}
	admin.post("/api/v1/journals", in).problem(409, "journals.stale")
	own := r.header.Get("Location")
	in["title"] = "Фонд капремонта"
	admin.put(own, in).problem(428, "request.if_match")
	admin.with("If-Match", `"1"`).put(own, in).want(200)
	admin.with("If-Match", `"1"`).put(own, in).problem(409, "journals.stale")
	past := read[struct{ Items []store.Entry }](admin.get(own + "/history").want(200)).Items
	if len(past) != 2 || past[1].Changes[0] != (store.FieldChange{Field: "title", Before: "Входящие ФКР", After: "Фонд капремонта"}) {
		t.Errorf("history %+v", past)
	}
	in["id"] = "other"
	admin.with("If-Match", `"2"`).put(own, in).problem(400, "request.body")
	admin.with("If-Match", `"1"`).put("/api/v1/journals/other", in).problem(404, "journals.not_found")
	admin.get(own).want(200)
	if p := admin.post("/api/v1/journals", `{"id":"Ж","title":"","direction":"x","template":"без номера"}`).want(400); len(read[rest.Problem](p).Errors) < 3 {
		t.Fatalf("%s", p.body)
	}
	h.clerk().post("/api/v1/journals", in).problem(403, "access.forbidden")
}

func TestDeadLettersAreReadReplayedAndGivenUp(t *testing.T) {
	h := newHub(t)
	for i := range 3 {
		h.update(func(tx store.Tx) error {
			ev := bus.Event{Topic: bus.MessageReceived, Key: fmt.Sprint(i), Actor: tx.Actor(), Payload: []byte(`{"message":"msg_1"}`)}
			return h.bus.FileDeadLetter(tx, bus.NewDeadLetter(ev, "intake", core.Invalid("message.broken", "", "письмо не разобрать")))
		})
	}
	admin := h.administrator()
	letters := read[struct{ Items []bus.DeadLetter }](admin.get("/api/v1/dead-letters?state=open&handler=intake&topic=message.received").want(200)).Items
	if len(letters) != 3 {
		t.Fatalf("%d letters", len(letters))
	}
	one := "/api/v1/dead-letters/" + letters[0].ID
	if got := read[bus.DeadLetter](admin.get(one).want(200)); got.Text != "письмо не разобрать" {
		t.Fatalf("%+v", got)
	}
	admin.post(one+"/give-up", nil).want(204)
	admin.get("/api/v1/dead-letters/evt_x").want(404)
	if n := len(read[struct{ Items []bus.DeadLetter }](admin.get("/api/v1/dead-letters?state=given_up").want(200)).Items); n != 1 {
		t.Fatalf("%d given up", n)
	}
	h.clerk().get(one).problem(403, "access.forbidden")
	h.as("boss", core.RoleSupervisor).get(one).want(200)
}
