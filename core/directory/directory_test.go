package directory_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

// desk is a service with the types of a residents' desk, and more, over a real
// store.
type desk struct {
	*directory.Service
	t     *testing.T
	store store.Store
}

func newDesk(t *testing.T, more ...directory.Type) *desk {
	t.Helper()
	s, err := directory.New(append(directory.Desk(), more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{s, t, coretest.Open(t, coretest.NewClock())}
}

type values = map[string]any

func (d *desk) create(name core.DirectoryName, v values) *core.Entry {
	d.t.Helper()
	e, err := d.try(name, v)
	if err != nil {
		d.t.Fatal(err)
	}
	return e
}

func (d *desk) try(name core.DirectoryName, v values) (e *core.Entry, err error) {
	return e, d.store.Update(d.t.Context(), func(tx store.Tx) error {
		e, err = d.Create(tx, name, directory.Draft{Values: v})
		return err
	})
}

func (d *desk) change(e *core.Entry, v values) (out *core.Entry, err error) {
	return out, d.store.Update(d.t.Context(), func(tx store.Tx) error {
		out, err = d.Update(tx, e.Directory, e.ID, e.Version, directory.Draft{Organization: e.Organization, Values: v, Files: e.Files})
		return err
	})
}

func (d *desk) remove(e *core.Entry) error {
	return d.store.Update(d.t.Context(), func(tx store.Tx) error { return d.Delete(tx, e.Directory, e.ID, e.Version, false) })
}

func (d *desk) list(name core.DirectoryName, q directory.Query) (page directory.Page) {
	d.t.Helper()
	coretest.View(d.t, d.store, func(tx store.Tx) (err error) {
		page, err = d.List(tx, name, q)
		return err
	})
	return page
}

// all walks every page and gives the labels.
func (d *desk) all(name core.DirectoryName, q directory.Query) (out []string) {
	d.t.Helper()
	typ, err := d.Type(name)
	if err != nil {
		d.t.Fatal(err)
	}
	for {
		page := d.list(name, q)
		for _, e := range page.Items {
			out = append(out, e.Text(typ.Label))
		}
		if q.After = page.Next; q.After == "" {
			return out
		}
	}
}

func wantKind(t *testing.T, err error, want core.Kind) *core.Error {
	t.Helper()
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != want {
		t.Fatalf("error %v, want kind %v", err, want)
	}
	return e
}

func faultFields(t *testing.T, err error) (out []string) {
	t.Helper()
	for _, f := range wantKind(t, err, core.KindInvalid).Faults {
		out = append(out, f.Field)
	}
	return out
}

func TestEveryFaultOfAnEntryIsNamedAtOnce(t *testing.T) {
	d := newDesk(t)
	_, err := d.try(core.DirOrganizations, values{
		"inn": "7707083894", "ogrn": "1027700132196", "kpp": "12", "email": "не адрес", "active": "да", "colour": 1.0, "files": []any{"устав.pdf"},
	})
	want := []string{"values.title", "values.inn", "values.ogrn", "values.kpp", "values.email", "values.active", "values.colour", "values.files"}
	if got := faultFields(t, err); !slices.Equal(got, want) {
		t.Errorf("faults of %q, want %q", got, want)
	}
}

func TestValuesAreKeptInOneFormAndDefaultsFilledIn(t *testing.T) {
	d := newDesk(t)
	src := d.create(core.DirSources, values{"title": "  Телефон ", "code": "phone", "position": 3.0})
	group := d.create(core.DirReasonGroups, values{"title": "Вода"})
	r := d.create(core.DirReasons, values{
		"title": "Протечка", "group": string(group.ID), "tags": []any{}, "code": "",
		"term": values{"kind": "working_days", "amount": 10.0}, "hours_by_source": values{string(src.ID): 24.0},
	})
	coretest.View(t, d.store, func(tx store.Tx) (err error) {
		r, err = d.Get(tx, core.DirReasons, r.ID)
		return err
	})
	if got := src.Text("title"); got != "Телефон" {
		t.Errorf("title %q", got)
	}
	if r.Values["active"] != true || r.Values["widget"] != false || r.Values["position"] != 0.0 {
		t.Errorf("defaults: %v", r.Values)
	}
	for _, name := range []string{"tags", "code"} {
		if v, ok := r.Values[name]; ok {
			t.Errorf("%s without a value is kept as %v", name, v)
		}
	}
	if term := directory.TermOf(r, "term"); term == nil || *term != (core.Term{Kind: core.TermWorkingDays, Amount: 10}) {
		t.Errorf("term %v", term)
	}
	if got := directory.HoursOf(r, "hours_by_source", src.ID); got != 24 {
		t.Errorf("hours %d", got)
	}
}

func TestBadValues(t *testing.T) {
	d := newDesk(t)
	group := d.create(core.DirReasonGroups, values{"title": "Вода"})
	for _, c := range []struct {
		field string
		value any
	}{
		{"title", "две\nстроки"},
		{"title", strings.Repeat("я", 1001)},
		{"title", 12.0},
		{"code", "пробел тут"},
		{"group", "ent_00000000000000000000000000"},
		{"group", 5.0},
		{"tags", "одна"},
		{"tags", []any{"ent_no"}},
		{"tags", []any{1.0}},
		{"term", values{"kind": "working_days"}},
		{"term", values{"kind": "working_days", "amount": 1.5}},
		{"term", values{"kind": "years", "amount": 1.0}},
		{"term", values{"kind": "outside", "amount": 1.0}},
		{"term", "10 working_days"},
		{"hours_by_source", values{"ent_no": 1.0}},
		{"hours_by_source", values{string(group.ID): 0.0}},
		{"widget", "true"},
		{"position", "1"},
	} {
		v := values{"title": "Протечка", "group": string(group.ID)}
		v[c.field] = c.value
		_, err := d.try(core.DirReasons, v)
		if got := faultFields(t, err); !slices.Equal(got, []string{"values." + c.field}) {
			t.Errorf("%s = %v: faults of %q", c.field, c.value, got)
		}
	}
}

func TestChangeNeedsTheVersionThatWasReadAndLeavesHistoryByField(t *testing.T) {
	d := newDesk(t)
	e := d.create(core.DirTags, values{"title": "Срочно"})
	changed, err := d.change(e, values{"title": "Очень срочно", "color": "red"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.change(e, values{"title": "Другое"})
	wantKind(t, err, core.KindConflict)
	if same, err := d.change(changed, values{"title": "Очень срочно", "color": "red"}); err != nil || same.Version != changed.Version {
		t.Errorf("a change of nothing made version %d of %d: %v", same.Version, changed.Version, err)
	}
	var history []store.Entry
	coretest.View(t, d.store, func(tx store.Tx) (err error) {
		history, err = d.History(tx, core.DirTags, e.ID)
		return err
	})
	if len(history) != 2 {
		t.Fatalf("history %+v", history)
	}
	want := []store.FieldChange{{Field: "values.color", Before: "grey", After: "red"}, {Field: "values.title", Before: "Срочно", After: "Очень срочно"}}
	if got := history[1].Changes; !slices.Equal(got, want) {
		t.Errorf("changes %+v, want %+v", got, want)
	}
}

func TestUniqueValuesAreUniqueAmongLiveEntriesWithoutRegardToCase(t *testing.T) {
	d := newDesk(t)
	e := d.create(core.DirTags, values{"title": "Ёлка"})
	_, err := d.try(core.DirTags, values{"title": "ЕЛКА"})
	if got := faultFields(t, err); !slices.Equal(got, []string{"values.title"}) {
		t.Errorf("faults of %q", got)
	}
	long := strings.Repeat("я", 100)
	d.create(core.DirTags, values{"title": long + "1"})
	d.create(core.DirTags, values{"title": long + "2"}) // alike as far as the index holds them
	if err := d.remove(e); err != nil {
		t.Fatal(err)
	}
	d.create(core.DirTags, values{"title": "елка"})
	deleted := d.list(core.DirTags, directory.Query{Deleted: true}).Items
	if len(deleted) != 1 || deleted[0].ID != e.ID {
		t.Fatalf("deleted: %v", deleted)
	}
	err = d.store.Update(t.Context(), func(tx store.Tx) error {
		_, err := d.Restore(tx, core.DirTags, e.ID, deleted[0].Version)
		return err
	})
	if got := faultFields(t, err); !slices.Equal(got, []string{"values.title"}) {
		t.Errorf("restored beside its double: %q", got)
	}
}

func TestWhatIsReferredToCannotBeDeleted(t *testing.T) {
	d := newDesk(t)
	group := d.create(core.DirReasonGroups, values{"title": "Вода"})
	tag := d.create(core.DirTags, values{"title": "Срочно"})
	src := d.create(core.DirSources, values{"title": "Телефон", "code": "phone"})
	reason := d.create(core.DirReasons, values{
		"title": "Протечка", "group": string(group.ID), "tags": []any{string(tag.ID)}, "hours_by_source": values{string(src.ID): 2.0},
	})
	for _, e := range []*core.Entry{group, tag, src} {
		err := wantKind(t, d.remove(e), core.KindConflict)
		if len(err.Faults) != 1 || err.Faults[0].Field != "reasons/"+string(reason.ID) {
			t.Errorf("%s: referred to by %+v", e.Directory, err.Faults)
		}
	}
	if err := d.remove(reason); err != nil {
		t.Fatal(err)
	}
	if err := d.remove(group); err != nil {
		t.Errorf("nothing refers to it any more: %v", err)
	}
	err := d.store.Update(t.Context(), func(tx store.Tx) error {
		_, err := d.Restore(tx, core.DirReasons, reason.ID, 2)
		return err
	})
	if got := faultFields(t, err); !slices.Equal(got, []string{"values.group"}) {
		t.Errorf("restored without its group: %q", got)
	}
}

func TestOrganizationOfAnEntry(t *testing.T) {
	d := newDesk(t)
	org := d.create(core.DirOrganizations, values{"title": "ООО «Дом»", "inn": "7707083893"})
	if !strings.HasPrefix(string(org.ID), "org_") {
		t.Errorf("id %s", org.ID)
	}
	make := func(name core.DirectoryName, of core.OrganizationID) (e *core.Entry, err error) {
		return e, d.store.Update(t.Context(), func(tx store.Tx) error {
			v := values{"title": "Вторая " + string(of), "code": "x"}
			if name == core.DirSupportLines {
				delete(v, "code")
			}
			e, err = d.Create(tx, name, directory.Draft{Organization: of, Values: v})
			return err
		})
	}
	line, err := make(core.DirSupportLines, core.OrganizationID(org.ID))
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range map[core.DirectoryName]core.OrganizationID{core.DirSupportLines: "org_no", core.DirSources: core.OrganizationID(org.ID)} {
		_, err := make(name, of)
		if got := faultFields(t, err); !slices.Equal(got, []string{"organization"}) {
			t.Errorf("%s of %s: faults of %q", name, of, got)
		}
	}
	conflict := wantKind(t, d.remove(org), core.KindConflict)
	if len(conflict.Faults) != 1 || conflict.Faults[0].Field != "support_lines/"+string(line.ID) {
		t.Errorf("referred to by %+v", conflict.Faults)
	}
	d.create(core.DirSupportLines, values{"title": "Общая"})
	if got := d.all(core.DirSupportLines, directory.Query{Organization: "org_other"}); !slices.Equal(got, []string{"Общая"}) {
		t.Errorf("seen by another organisation: %q", got)
	}
}

func TestTreeHasNoCircle(t *testing.T) {
	d := newDesk(t)
	top := d.create(core.DirArticles, values{"title": "Вода"})
	mid := d.create(core.DirArticles, values{"title": "Холодная", "parent": string(top.ID)})
	for _, parent := range []*core.Entry{top, mid} {
		_, err := d.change(top, values{"title": "Вода", "parent": string(parent.ID)})
		if got := faultFields(t, err); !slices.Equal(got, []string{"values.parent"}) {
			t.Errorf("faults of %q", got)
		}
	}
}

func TestListIsSortedFilteredAndSearchedPageByPage(t *testing.T) {
	d := newDesk(t)
	group := d.create(core.DirReasonGroups, values{"title": "Вода"})
	other := d.create(core.DirReasonGroups, values{"title": "Тепло"})
	for i, title := range []string{"ёмкость", "Ель", "Ежи", "яма", "Арка", "Ёжик"} {
		g := group
		if i%2 == 1 {
			g = other
		}
		d.create(core.DirReasons, values{"title": title, "group": string(g.ID), "position": float64(10 - i), "widget": i < 3})
	}
	for name, c := range map[string]struct {
		q    directory.Query
		want []string
	}{
		"by title":               {directory.Query{}, []string{"Арка", "Ежи", "Ёжик", "Ель", "ёмкость", "яма"}},
		"downwards":              {directory.Query{Order: "-title"}, []string{"яма", "ёмкость", "Ель", "Ёжик", "Ежи", "Арка"}},
		"by number":              {directory.Query{Order: "position"}, []string{"Ёжик", "Арка", "яма", "Ежи", "Ель", "ёмкость"}},
		"filtered":               {directory.Query{Where: values{"group": string(other.ID)}}, []string{"Ёжик", "Ель", "яма"}},
		"filtered, downwards":    {directory.Query{Where: values{"group": string(other.ID)}, Order: "-position"}, []string{"Ель", "яма", "Ёжик"}},
		"two filters":            {directory.Query{Where: values{"group": string(group.ID), "widget": true}}, []string{"Ежи", "ёмкость"}},
		"begins":                 {directory.Query{Begins: "Ё"}, []string{"Ежи", "Ёжик", "Ель", "ёмкость"}},
		"begins, by number":      {directory.Query{Begins: "еЖ", Order: "position"}, []string{"Ёжик", "Ежи"}},
		"begins, downwards":      {directory.Query{Begins: "еж", Order: "-title"}, []string{"Ёжик", "Ежи"}},
		"begins and is filtered": {directory.Query{Begins: "еж", Where: values{"group": string(other.ID)}}, []string{"Ёжик"}},
		"nothing":                {directory.Query{Begins: "щ"}, nil},
	} {
		for limit := 1; limit <= 7; limit++ {
			c.q.Limit = limit
			if got := d.all(core.DirReasons, c.q); !slices.Equal(got, c.want) {
				t.Errorf("%s, pages of %d: %q, want %q", name, limit, got, c.want)
			}
		}
	}
}

func TestPageOfAWideFilterStaysInOrder(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, func(tx store.Tx) error {
		for i := range 1100 {
			v := values{"title": fmt.Sprintf("Тег %04d", 1099-i), "color": "red"}
			if _, err := d.Create(tx, core.DirTags, directory.Draft{Values: v}); err != nil {
				return err
			}
		}
		return nil
	})
	got := d.all(core.DirTags, directory.Query{Where: values{"color": "red"}, Limit: 300})
	if len(got) != 1100 || !slices.IsSorted(got) {
		t.Errorf("%d tags, sorted: %v", len(got), slices.IsSorted(got))
	}
}

func TestDamagedMarkAndOrderAreRefused(t *testing.T) {
	d := newDesk(t)
	for _, q := range []directory.Query{{After: "???"}, {After: "e30"}, {After: "WyJhIiwiIl0"}, {Order: "group"}, {Order: "none"}} {
		err := d.store.View(t.Context(), func(tx store.Tx) error {
			_, err := d.List(tx, core.DirReasons, q)
			return err
		})
		wantKind(t, err, core.KindInvalid)
	}
}

func TestSeedComesOnce(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, d.Seed)
	coretest.Update(t, d.store, d.Seed)
	got := d.all(core.DirSources, directory.Query{})
	if len(got) != 8 || got[0] != "Телефон" {
		t.Errorf("sources %q", got)
	}
	line := d.list(core.DirSupportLines, directory.Query{}).Items
	if len(line) != 1 {
		t.Fatalf("lines %v", line)
	}
	if err := d.remove(line[0]); err != nil {
		t.Fatal(err)
	}
	coretest.Update(t, d.store, d.Seed)
	if got := d.all(core.DirSupportLines, directory.Query{}); len(got) != 0 {
		t.Errorf("a line that was deleted came again: %q", got)
	}
}

func TestFindByCode(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, d.Seed)
	coretest.View(t, d.store, func(tx store.Tx) error {
		e, err := d.Find(tx, core.DirSources, "code", "GIS")
		if err != nil || e.Text("title") != "ГИС ЖКХ" {
			t.Errorf("found %v, %v", e, err)
		}
		_, err = d.Find(tx, core.DirSources, "code", "gi")
		wantKind(t, err, core.KindNotFound)
		return nil
	})
}

func TestStoreCheckFindsTheTableSound(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, d.Seed)
	e := d.create(core.DirTags, values{"title": "Срочно"})
	if err := d.remove(e); err != nil {
		t.Fatal(err)
	}
	_, err := store.CheckTables(t.Context(), d.store, func(problem string) { t.Error(problem) }, nil)
	if err != nil {
		t.Fatal(err)
	}
}
