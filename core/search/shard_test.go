package search_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/blevesearch/bleve/v2"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/search"
	"github.com/uzel-hub/uzel/core/store"
)

// pages are all documents of a query, page by page.
func (d *desk) pages(q search.Query) (out []core.DocumentID) {
	d.Helper()
	for {
		page, err := d.find(q)
		if err != nil {
			d.Fatal(err)
		}
		for _, h := range page.Hits {
			out = append(out, h.Document.ID)
		}
		if q.After = page.Next; q.After == "" {
			return out
		}
	}
}

func TestPagesGoThroughAllShardsAndTellEachDocumentOnce(t *testing.T) {
	d := newDesk(t)
	d.shard = 8
	var all []core.DocumentID
	add := func(n int) {
		for range n {
			all = append(all, d.register(core.Document{Subject: "Протечка", Text: strings.Repeat("кровля ", len(all)%4), Channel: "mail"}))
		}
	}
	add(600) // more than one batch of the walk
	d.begin()
	d.indexed(600)
	add(30)
	d.indexed(630)
	d.change(all[3], func(tx store.Tx, doc *core.Document) error {
		doc.Text = "ещё одна протечка"
		return store.Documents.Put(tx, doc)
	})
	d.until("the change is found", func() bool { return len(d.ids(search.Query{Text: "ещё одна"})) == 1 })
	slices.Sort(all)
	for name, q := range map[string]search.Query{
		"relevance": {Text: "протечка", Limit: 7}, "time": {Text: "протечка", Order: search.ByTime, Limit: 7},
		"filters": {Where: map[string]string{"channel": "mail"}, Limit: 50}, "phrase": {Text: `"протечка" -лифт`, Limit: 50},
	} {
		got := d.pages(q)
		if name == "time" && !slices.IsSortedFunc(got, func(a, b core.DocumentID) int { return strings.Compare(string(b), string(a)) }) {
			t.Error("not from new to old")
		}
		slices.Sort(got)
		if !slices.Equal(got, all) {
			t.Errorf("%s: %d documents, want %d", name, len(got), len(all))
		}
	}
	page, err := d.find(search.Query{Text: "протечка"})
	if err != nil || !page.AtLeast || page.Total < 16 || page.Total > 630 {
		t.Errorf("total %d, at least %v, %v", page.Total, page.AtLeast, err)
	}
}

// TestWordsThatSeldomStandTogetherAreSoughtInPortions has each word in half of
// all documents and both in one of eleven: looking for them must not take as long
// as there are documents.
func TestWordsThatSeldomStandTogetherAreSoughtInPortions(t *testing.T) {
	d := newDesk(t)
	d.shard = 8
	d.begin()
	var both []core.DocumentID
	for portion := range 12 {
		for range 5 {
			d.register(core.Document{Text: "кран", Channel: "mail"})
			d.register(core.Document{Text: "лифт", Channel: "chat"})
		}
		both = append(both, d.register(core.Document{Text: "кран и лифт", Channel: "mail"}))
		d.indexed(int64(11 * (portion + 1)))
	}
	slices.Reverse(both)
	for name, c := range map[string]struct {
		query search.Query
		want  []core.DocumentID
	}{
		"two words":    {search.Query{Text: "кран лифт", Order: search.ByTime}, both},
		"and a filter": {search.Query{Text: "лифт", Where: map[string]string{"channel": "mail"}, Order: search.ByTime}, both},
		"and not":      {search.Query{Text: "лифт -лифт"}, nil},
	} {
		page, err := d.find(c.query)
		if err != nil || !page.AtLeast || page.Next == "" || len(page.Hits) == len(both) {
			t.Errorf("%s: the first page has %d hits, at least %v, %v", name, len(page.Hits), page.AtLeast, err)
		}
		if got := d.pages(c.query); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %v, want %v", name, got, c.want)
		}
	}
}

func TestLimitsHoldInHitsAndCounts(t *testing.T) {
	d := newDesk(t)
	d.begin()
	register := func(org core.OrganizationID, line core.EntryID, operator core.UserID) core.DocumentID {
		return d.register(core.Document{Subject: "Протечка", Organization: org, Appeal: &core.Appeal{State: core.AppealNew, Line: line, Operator: operator}})
	}
	mine := register("org_1", "ent_1", "usr_2")
	taken := register("org_1", "ent_2", "usr_1")
	nobodys := register("", "", "")
	plain := d.register(core.Document{Subject: "Протечка", Organization: "org_1"})
	register("org_1", "ent_2", "usr_2")
	register("org_2", "ent_1", "usr_1")
	d.indexed(6)
	for name, c := range map[string]struct {
		only search.Only
		want []core.DocumentID
	}{
		"line and organisation": {search.Only{Organizations: []core.OrganizationID{"org_1"}, Lines: []core.EntryID{"ent_1"}, Operator: "usr_1"}, []core.DocumentID{mine, taken, nobodys, plain}},
		"nothing of theirs":     {search.Only{Organizations: []core.OrganizationID{"org_3"}, Lines: []core.EntryID{"ent_3"}, Operator: "usr_3"}, []core.DocumentID{nobodys}},
	} {
		for _, text := range []string{"протечка", ""} {
			page, err := d.find(search.Query{Text: text, Only: &c.only, Order: search.ByTime})
			if err != nil || page.Total != uint64(len(c.want)) || len(page.Hits) != len(c.want) {
				t.Errorf("%s: %d of %d, want %d, %v", name, len(page.Hits), page.Total, len(c.want), err)
			}
			for _, h := range page.Hits {
				if !slices.Contains(c.want, h.Document.ID) {
					t.Errorf("%s: %+v", name, h.Document)
				}
			}
		}
	}
}

// inFiles tells whether the index on disk knows the word: as text, or in the
// dictionary of a shard, which still has the words of deleted documents.
func (d *desk) inFiles(word string) (found bool) {
	d.Helper()
	err := filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		found = found || bytes.Contains(raw, []byte(word))
		if e.Name() != "index_meta.json" || err != nil {
			return err
		}
		index, err := bleve.Open(filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, field := range []string{"subject", "text", "requisites", "files", "codes"} {
			words, err := index.FieldDict(field)
			if err != nil {
				return err
			}
			for entry, err := words.Next(); entry != nil; entry, err = words.Next() {
				if err != nil {
					return err
				}
				found = found || strings.HasPrefix(entry.Term, word)
			}
			if err := words.Close(); err != nil {
				return err
			}
		}
		return index.Close()
	})
	if err != nil {
		d.Fatal(err)
	}
	return found
}

func TestWhatWasErasedIsNotInTheFilesAnyMore(t *testing.T) {
	d := newDesk(t)
	d.shard = 16
	d.begin()
	ref, err := d.blobs.Put(t.Context(), strings.NewReader("Заявление: зюзюкин, счёт 998877665544"))
	if err != nil {
		t.Fatal(err)
	}
	file := core.Attachment{Hash: ref.Hash, Size: ref.Size, Name: "a.txt", MediaType: "text/plain", Role: core.FileAttachment}
	var ids []core.DocumentID
	for i := range 40 {
		doc := core.Document{Subject: "Протечка", Text: "Пишет хрюндель о кровле"}
		if i%10 == 3 {
			doc.Text, doc.Files = "Пишет зюзюкин из квартиры", []core.Attachment{file}
		}
		ids = append(ids, d.register(doc))
	}
	d.indexed(40)
	d.end()
	for _, word := range []string{"зюзюкин", "9988776655", "хрюндел"} {
		if !d.inFiles(word) {
			t.Fatalf("%s was never there", word)
		}
	}
	d.begin()
	d.indexed(40)
	for i := 3; i < 40; i += 10 {
		d.erase(ids[i])
	}
	d.until("nothing is doomed", func() bool {
		return len(d.ids(search.Query{Text: "зюзюкин"})) == 0 && len(d.ids(search.Query{Text: "обезличено"})) == 4 && !d.doomed()
	})
	d.end()
	for _, word := range []string{"зюзюкин", "9988776655"} {
		if d.inFiles(word) {
			t.Errorf("%s is still there", word)
		}
	}
	if !d.inFiles("хрюндел") {
		t.Error("others have gone, too")
	}
	d.begin()
	d.indexed(40)
	if got := d.pages(search.Query{Text: "протечка хрюндель"}); len(got) != 36 {
		t.Errorf("found %d of the others", len(got))
	}
}

// erase empties a document as an act of erasure does.
func (d *desk) erase(id core.DocumentID) {
	d.Helper()
	err := d.store.Update(d.Context(), func(tx store.Tx) error {
		doc, err := store.Documents.Get(tx, string(id))
		if err != nil {
			return err
		}
		doc.Subject, doc.Text, doc.Files = "Обезличено", "", nil
		if err := store.Documents.Put(tx, doc); err != nil {
			return err
		}
		about := bus.AboutDocument(doc)
		about.Erased = true
		return d.bus.Publish(tx, bus.DocumentUpdated, string(id), about)
	})
	if err != nil {
		d.Fatal(err)
	}
}

// doomed tells that a shard still waits to be written anew.
func (d *desk) doomed() bool {
	states, err := filepath.Glob(filepath.Join(d.dir, "*", "state.json"))
	if err != nil || len(states) == 0 {
		d.Fatalf("%v, %v", states, err)
	}
	for _, path := range states {
		raw, err := os.ReadFile(path)
		if err != nil || bytes.Contains(raw, []byte(`"doomed"`)) {
			return true
		}
	}
	return false
}

func TestTheOldIndexAnswersUntilTheNewOneIsWhole(t *testing.T) {
	d := newDesk(t)
	for range 1000 {
		d.register(core.Document{Subject: "Протечка"})
	}
	d.begin()
	d.indexed(1000)
	if err := d.search.Cancel(); core.KindOf(err) != core.KindConflict {
		t.Error(err)
	}
	if err := d.search.Rebuild(); err != nil {
		t.Fatal(err)
	}
	if err := d.search.Rebuild(); core.KindOf(err) != core.KindConflict {
		t.Error(err)
	}
	late := d.register(core.Document{Subject: "Засор"})
	d.until("what comes meanwhile is found", func() bool { return len(d.ids(search.Query{Text: "засор"})) == 1 })
	if page, err := d.find(search.Query{Text: "протечка"}); err != nil || page.Total != 1000 || !page.Complete {
		t.Errorf("%d, %v", page.Total, err)
	}
	d.indexed(1001)
	if got := d.ids(search.Query{Text: "засор"}); !slices.Equal(got, []core.DocumentID{late}) {
		t.Errorf("the new index found %v", got)
	}

	d.end()
	d.share = 0.001 // so that it does not end by itself
	d.begin()
	d.indexed(1001)
	if err := d.search.Rebuild(); err != nil {
		t.Fatal(err)
	}
	d.until("the building has begun", func() bool { return len(d.sets()) == 2 })
	d.end()
	d.begin() // a building goes on after a stop
	d.until("it goes on", func() bool {
		st, err := d.search.Status(t.Context())
		return err == nil && st.State == search.Rebuilding
	})
	if err := d.search.Cancel(); err != nil {
		t.Fatal(err)
	}
	d.indexed(1001)
	if got := d.sets(); len(got) != 1 {
		t.Errorf("sets %v", got)
	}
}

// sets are the folders of indexes.
func (d *desk) sets() []string {
	out, err := filepath.Glob(filepath.Join(d.dir, "*"))
	if err != nil {
		d.Fatal(err)
	}
	return out
}
