package search_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/search"
	"github.com/uzel-hub/uzel/core/search/extract"
	"github.com/uzel-hub/uzel/core/store"
)

// TestMain lets the test program read files for itself, or be a hub.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		fmt.Fprintln(os.Stderr, "the hub to be killed:", beKilled(dir))
		os.Exit(3)
	}
	if len(os.Args) == 2 && os.Args[1] == "child" {
		if extract.Serve(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// desk is a store with documents and the search over it.
type desk struct {
	*testing.T
	clock  *coretest.Clock
	store  store.Store
	blobs  *fileblob.Store
	bus    *bus.Bus
	search *search.Service
	dir    string
	shard  uint64 // documents of one; 0: the usual number
	share  float64
	stop   func()
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{T: t, clock: coretest.NewClock(), dir: filepath.Join(t.TempDir(), "search"), share: 1}
	d.store = coretest.Open(t, d.clock)
	var err error
	if d.blobs, err = fileblob.Open(t.TempDir(), fileblob.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.blobs.Close() })
	d.bus = bus.New(bus.Options{Store: d.store, Driver: boltbus.New(d.store, boltbus.Options{})})
	if err := d.bus.Declare(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.end() })
	return d
}

// begin runs the search until end.
func (d *desk) begin() {
	d.Helper()
	self, err := os.Executable()
	if err != nil {
		d.Fatal(err)
	}
	d.search = search.New(search.Config{
		Store: d.store, Blobs: d.blobs, Events: d.bus, Dir: d.dir, Share: d.share, Shard: d.shard, Look: 2 * d.shard,
		Reader: &extract.Reader{Program: self, Args: []string{"child"}, Patience: time.Minute},
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(d.Context()))
	ended := make(chan error, 1)
	go func() { ended <- d.search.Run(ctx) }()
	d.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			d.Error(err)
		}
	}
}

func (d *desk) end() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

// register writes a document and tells of it, as the stages do.
func (d *desk) register(doc core.Document) core.DocumentID {
	d.Helper()
	d.clock.Add(time.Second)
	doc.ID = core.DocumentID(core.NewID("doc", d.clock.Now()))
	if doc.Direction == "" {
		doc.Direction, doc.State = core.Incoming, core.DocumentRegistered
	}
	coretest.Update(d, d.store, func(tx store.Tx) error {
		fresh := doc
		if err := store.Documents.Put(tx, &fresh); err != nil {
			return err
		}
		return d.bus.Publish(tx, bus.DocumentRegistered, string(doc.ID), bus.AboutDocument(&fresh))
	})
	return doc.ID
}

func (d *desk) change(id core.DocumentID, change func(store.Tx, *core.Document) error) {
	d.Helper()
	coretest.Update(d, d.store, func(tx store.Tx) error {
		doc, err := store.Documents.Get(tx, string(id))
		if err != nil {
			return err
		}
		if err := change(tx, doc); err != nil {
			return err
		}
		return d.bus.Publish(tx, bus.DocumentUpdated, string(id), bus.AboutDocument(doc))
	})
}

func (d *desk) find(q search.Query) (search.Page, error) { return d.search.Find(d.Context(), q) }

// ids are what a query finds, in its order.
func (d *desk) ids(q search.Query) []core.DocumentID {
	d.Helper()
	page, err := d.find(q)
	if err != nil {
		d.Fatalf("%q: %v", q.Text, err)
	}
	out := []core.DocumentID{}
	for _, h := range page.Hits {
		out = append(out, h.Document.ID)
	}
	return out
}

// until waits for something that is to become true.
func (d *desk) until(what string, ok func() bool) {
	d.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.Fatalf("%s: not within two minutes", what)
		}
	}
}

// indexed waits until so many documents are in a whole index.
func (d *desk) indexed(n int64) {
	d.Helper()
	d.until(fmt.Sprintf("%d documents in the index", n), func() bool {
		st, err := d.search.Status(d.Context())
		if err != nil {
			d.Fatal(err)
		}
		return st.State == search.Ready && st.Documents == n
	})
}

func person(name string, addresses ...core.Address) core.Correspondent {
	return core.Correspondent{Name: name, Addresses: addresses}
}

func TestWordsAreFoundInAllTheirForms(t *testing.T) {
	d := newDesk(t)
	d.begin()
	id := map[string]core.DocumentID{
		"кровля": d.register(core.Document{
			Subject: "О протечке кровли", Text: "Прошу устранить протечку в подъезде 3. Ёлкина всё затопила, телефон 8 (916) 123-45-67.",
			Number: &core.RegNumber{Journal: "incoming", Year: 2026, Seq: 123, Text: "Вх-2026/000123"},
			Sender: person("Иванов Иван", core.Address{Kind: core.AddressEmail, Value: "ivanov@mail.example"}, core.Address{Kind: core.AddressINN, Value: "7701234567"}),
		}),
		"лифт": d.register(core.Document{
			Subject: "Лифт", Text: "Не работает лифт в подъезде. Кровля в порядке.", Fields: map[string]string{"delivery_type": "Почта России"},
			Appeal: &core.Appeal{State: core.AppealNew, Comment: "Единый лицевой счёт 50АБ765432-18 заявитель назвал по телефону, договор не найден", Accounts: []core.AccountRef{{Number: "000123456789"}}, Applicant: person("Сидорова Анна")},
		}),
		"html": d.register(core.Document{Subject: "Пустой", HTML: "<p>Отключили <b>горячую</b> воду</p>"}),
	}
	d.indexed(3)
	for text, want := range map[string][]string{
		"протечка":              {"кровля"},
		"ПРОТЕЧКИ кровлей":      {"кровля"},
		"кровля":                {"кровля", "лифт"},
		"кровля -лифт":          {"кровля"},
		"елкина":                {"кровля"},
		"ёлкиной":               {"кровля"},
		"в подъезде":            {"кровля", "лифт"},
		`"работает лифт"`:       {"лифт"},
		`"лифт работает"`:       {},
		"«подъезде 3»":          {"кровля"},
		"протеч*":               {"кровля"},
		"затоп* иван":           {"кровля"},
		"горячая вода":          {"html"},
		"ivanov@mail.example":   {"кровля"},
		"7701234567":            {"кровля"},
		"12345":                 {"кровля", "лифт"},
		"01234567":              {"кровля", "лифт"},
		"+7 (916) 123-45-67":    {"кровля"},
		"89161234567":           {"кровля"},
		"123-45-67":             {"кровля", "лифт"},
		"Вх-2026/000123":        {"кровля"},
		"2026/000123":           {"кровля"},
		"3456789":               {"лифт"},
		"х2026":                 {"кровля"},
		"50аб765432":            {"лифт"},
		"765432-18":             {"лифт"},
		"1237701":               {}, // the end of one number, the beginning of the next
		"Сидорова":              {"лифт"},
		"почта":                 {"лифт"},
		"-лифт -вода":           {"кровля"},
		"и в на":                {"html", "кровля", "лифт"},
		"несуществующее":        {},
		`"незакрытая кавычка`:   {},
		"-":                     {"html", "кровля", "лифт"},
		"протечка AND OR NOT +": {},
	} {
		expected := []core.DocumentID{}
		for _, name := range want {
			expected = append(expected, id[name])
		}
		got := d.ids(search.Query{Text: text})
		slices.Sort(got)
		slices.Sort(expected)
		if !slices.Equal(got, expected) {
			t.Errorf("%q found %d documents, want %v", text, len(got), want)
		}
	}
}

func TestWordsAndFiltersGoTogether(t *testing.T) {
	d := newDesk(t)
	d.begin()
	var all []core.DocumentID
	for i := range 6 {
		doc := core.Document{Subject: "Протечка", Direction: core.Incoming, State: core.DocumentRegistered, Channel: "mail"}
		if i%2 == 1 {
			doc.Channel, doc.State = "post", core.DocumentClosed
			doc.Appeal = &core.Appeal{State: core.AppealInWork, Line: "ent_1", Tags: []core.EntryID{"ent_2", "ent_3"}}
		}
		all = append(all, d.register(doc))
		d.clock.Add(24 * time.Hour)
	}
	d.indexed(6)
	slices.Reverse(all)
	day := func(n int) time.Time {
		return time.Date(2026, 11, 18+n, 0, 0, 0, 0, core.OfficeZone)
	}
	for name, c := range map[string]struct {
		query search.Query
		want  []core.DocumentID
	}{
		"all":             {search.Query{}, all},
		"channel":         {search.Query{Text: "протечка", Where: map[string]string{"channel": "post"}}, []core.DocumentID{all[0], all[2], all[4]}},
		"several":         {search.Query{Text: "протечка", Where: map[string]string{"state": "closed", "tag": "ent_3", "line": "ent_1"}}, []core.DocumentID{all[0], all[2], all[4]}},
		"contradiction":   {search.Query{Where: map[string]string{"state": "closed", "channel": "mail"}}, nil},
		"days":            {search.Query{Text: "протечка", From: day(1), To: day(3)}, []core.DocumentID{all[3], all[4]}},
		"from a day on":   {search.Query{From: day(4)}, []core.DocumentID{all[0], all[1]}},
		"appeals by time": {search.Query{Text: "протечка", Order: search.ByTime, Where: map[string]string{"appeal_state": "in_work"}}, []core.DocumentID{all[0], all[2], all[4]}},
	} {
		if got := d.ids(c.query); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPagesGoOnWhereTheLastOneEnded(t *testing.T) {
	d := newDesk(t)
	d.begin()
	for i := range 25 {
		d.register(core.Document{Subject: "Протечка", Text: strings.Repeat("кровля ", i%4)})
	}
	d.indexed(25)
	for _, order := range []search.Order{search.ByRelevance, search.ByTime} {
		whole := d.ids(search.Query{Text: "протечка", Order: order, Limit: 100})
		var got []core.DocumentID
		for q := (search.Query{Text: "протечка", Order: order, Limit: 7}); ; {
			page, err := d.find(q)
			if err != nil {
				t.Fatal(err)
			}
			if page.Total != 25 || !page.Complete {
				t.Errorf("total %d, complete %v", page.Total, page.Complete)
			}
			for _, h := range page.Hits {
				got = append(got, h.Document.ID)
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if len(whole) != 25 || !slices.Equal(got, whole) {
			t.Errorf("%s: pages give %v, the whole is %v", order, got, whole)
		}
	}
}

func TestBadQueriesAreRefused(t *testing.T) {
	d := newDesk(t)
	d.begin()
	d.indexed(0)
	for field, q := range map[string]search.Query{
		"q":     {Text: "п*"},
		"after": {Text: "протечка", After: "###"},
	} {
		_, err := d.find(q)
		if e, ok := err.(*core.Error); !ok || e.Kind != core.KindInvalid || e.Field != field { //nolint:errorlint // nothing wraps it
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := d.find(search.Query{Text: strings.Repeat("слово ", 33)}); core.KindOf(err) != core.KindInvalid {
		t.Error(err)
	}
}

func TestWhatMayNotBeSeenIsNotFound(t *testing.T) {
	d := newDesk(t)
	d.begin()
	seen := d.register(core.Document{Subject: "Протечка", Organization: "org_1"})
	d.register(core.Document{Subject: "Протечка", Organization: "org_2"})
	d.indexed(2)
	page, err := d.find(search.Query{Text: "протечка", Sees: func(doc *core.Document) bool { return doc.Organization == "org_1" }})
	if err != nil || len(page.Hits) != 1 || page.Hits[0].Document.ID != seen || page.Total != 1 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestPassagesMarkTheWords(t *testing.T) {
	d := newDesk(t)
	d.begin()
	d.register(core.Document{Subject: "Письмо", Text: strings.Repeat("Вступление о разном. ", 50) + "Наша протечка большая. " + strings.Repeat("Окончание. ", 100)})
	d.indexed(1)
	page, err := d.find(search.Query{Text: "протечки"})
	if err != nil || len(page.Hits) != 1 || len(page.Hits[0].Passages) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	p := page.Hits[0].Passages[0]
	if p.Field != "text" || len(p.Parts) != 3 || p.Parts[1] != (search.Part{Text: "протечка", Hit: true}) {
		t.Errorf("%+v", p)
	}
	if before := p.Parts[0].Text; !strings.HasSuffix(before, "разном. Наша ") || len(before) > 200 {
		t.Errorf("before: %q", before)
	}
}

func TestContentsOfFilesAreFound(t *testing.T) {
	d := newDesk(t)
	d.begin()
	ref, err := d.blobs.Put(t.Context(), strings.NewReader("Акт осмотра чердака, ИНН 5024001112"))
	if err != nil {
		t.Fatal(err)
	}
	file := core.Attachment{Hash: ref.Hash, Size: ref.Size, Name: "акт.txt", MediaType: "text/plain", Role: core.FileAttachment}
	lost := core.Attachment{Hash: strings.Repeat("0", 64), Size: 1, Name: "нет.txt", MediaType: "text/plain", Role: core.FileAttachment}
	id := d.register(core.Document{Subject: "С файлом", Files: []core.Attachment{lost, file}})
	d.indexed(1)
	for _, text := range []string{"осмотр чердаков", "5024001112", "акт.txt"} {
		if got := d.ids(search.Query{Text: text}); !slices.Equal(got, []core.DocumentID{id}) {
			t.Errorf("%q found %v", text, got)
		}
	}
	page, err := d.find(search.Query{Text: "чердак"})
	if err != nil || len(page.Hits) != 1 || len(page.Hits[0].Passages) != 1 || page.Hits[0].Passages[0].Field != "files" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestWhatIsDeletedOrChangedVanishes(t *testing.T) {
	d := newDesk(t)
	d.begin()
	deleted, changed := d.register(core.Document{Subject: "Протечка первая"}), d.register(core.Document{Subject: "Протечка вторая"})
	silent := d.register(core.Document{Subject: "Протечка третья", Text: "Тайна"})
	d.indexed(3)

	// Without an event: what the index still has is not shown.
	coretest.Update(t, d.store, func(tx store.Tx) error { return store.Documents.Erase(tx, string(silent)) })
	if got := d.ids(search.Query{Text: "тайна"}); len(got) != 0 {
		t.Errorf("erased and found: %v", got)
	}
	d.change(deleted, func(tx store.Tx, doc *core.Document) error { return store.Documents.Delete(tx, string(doc.ID)) })
	d.change(changed, func(tx store.Tx, doc *core.Document) error {
		doc.Subject = "Обезличено"
		return store.Documents.Put(tx, doc)
	})
	d.until("the change is in the index", func() bool { return len(d.ids(search.Query{Text: "обезличено"})) == 1 })
	// The third may be there or not: the walk may have met it before its event.
	d.until("the deleted one has left the index", func() bool {
		st, err := d.search.Status(d.Context())
		if err != nil {
			d.Fatal(err)
		}
		return st.Documents <= 2
	})
	if got := d.ids(search.Query{Text: "протечка"}); len(got) != 0 {
		t.Errorf("found %v", got)
	}
}

func TestTheIndexGoesOnWhereItWas(t *testing.T) {
	d := newDesk(t)
	first := d.register(core.Document{Subject: "До начала"}) // before there was an index
	d.begin()
	d.indexed(1)
	d.end()
	second := d.register(core.Document{Subject: "После начала"}) // while nobody looked
	d.begin()
	d.indexed(2)
	if got := d.ids(search.Query{Text: "начала"}); len(got) != 2 || !slices.Contains(got, first) || !slices.Contains(got, second) {
		t.Errorf("found %v", got)
	}
}

func TestADamagedIndexIsBuiltAnew(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"torn":    func(path string) error { return os.Truncate(path, 10) },
		"garbage": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("garbage", 5000)), 0o600) },
		"missing": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.begin()
			for range 10 {
				d.register(core.Document{Subject: "Протечка"})
			}
			d.indexed(10)
			d.end()
			err := filepath.WalkDir(d.dir, func(path string, e os.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				return harm(path)
			})
			if err != nil {
				t.Fatal(err)
			}
			d.begin()
			d.indexed(10)
			if got := d.ids(search.Query{Text: "протечка"}); len(got) != 10 {
				t.Errorf("found %d", len(got))
			}
		})
	}
}

func TestRebuildingTellsHowFarItIs(t *testing.T) {
	d := newDesk(t)
	if err := search.New(search.Config{Store: d.store}).Rebuild(); core.KindOf(err) != core.KindUnavailable {
		t.Error(err)
	}
	for range 500 {
		d.register(core.Document{Subject: "Протечка"})
	}
	d.begin()
	d.indexed(500)
	if err := d.search.Rebuild(); err != nil {
		t.Fatal(err)
	}
	if st, err := d.search.Status(t.Context()); err != nil || st.State == search.Ready {
		t.Errorf("%+v, %v", st, err)
	}
	d.indexed(500)
	if got := d.ids(search.Query{Text: "протечка", Limit: 200}); len(got) != 200 {
		t.Errorf("found %d", len(got))
	}
}

func TestWithoutAnIndexASearchSaysSo(t *testing.T) {
	d := newDesk(t)
	s := search.New(search.Config{Store: d.store, Dir: d.dir})
	if _, err := s.Find(t.Context(), search.Query{Text: "протечка"}); core.KindOf(err) != core.KindUnavailable {
		t.Error(err)
	}
	if st, err := s.Status(t.Context()); err != nil || st.State != search.Absent {
		t.Errorf("%+v, %v", st, err)
	}
}
