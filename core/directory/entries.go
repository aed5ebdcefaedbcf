package directory

import (
	"iter"
	"maps"
	"reflect"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Draft is what a person says about an entry: all of it, each time.
type Draft struct {
	Organization core.OrganizationID // empty: for all
	Values       map[string]any      // as JSON has them; null and "" are no value
	// Files are the files the fields may name: those that are new, and those the
	// entry has. What no field names is not kept.
	Files []core.Attachment
}

// Get reads an entry. KindNotFound if there is none in this directory.
func (s *Service) Get(tx store.Tx, name core.DirectoryName, id core.EntryID) (*core.Entry, error) {
	e, err := s.GetAny(tx, name, id)
	if err == nil && e.DeletedAt != nil {
		return nil, notFound()
	}
	return e, err
}

// GetAny is Get that finds deleted entries, too.
func (s *Service) GetAny(tx store.Tx, name core.DirectoryName, id core.EntryID) (*core.Entry, error) {
	if _, err := s.Type(name); err != nil {
		return nil, err
	}
	e, err := store.Entries.GetAny(tx, string(id))
	if err != nil {
		return nil, err
	}
	if e.Directory != name {
		return nil, notFound()
	}
	return e, nil
}

func notFound() error { return core.NotFound("entries.not_found", textNoEntry) }

// Find is the live entry that has the value in a field, by the whole value
// without regard to case; the oldest if there are several. KindNotFound if there
// is none. Other parts of the hub find what they know by its code so.
func (s *Service) Find(tx store.Tx, name core.DirectoryName, field, value string) (*core.Entry, error) {
	for e, err := range alike(tx, name, field, value) {
		return e, err
	}
	return nil, notFound()
}

// alike are the live entries with the text in the field.
func alike(tx store.Tx, name core.DirectoryName, field, value string) iter.Seq2[*core.Entry, error] {
	return func(yield func(*core.Entry, error) bool) {
		folded := store.FoldText(value)
		for e, err := range store.Entries.Find(tx, "value", store.EntryKey(name, field, value)) {
			if err == nil && store.FoldText(e.Text(field)) != folded {
				continue // a long text: the index holds its beginning
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Create makes an entry. KindInvalid names every fault at once, as
// `values.<field>`.
func (s *Service) Create(tx store.Tx, name core.DirectoryName, d Draft) (*core.Entry, error) {
	t, err := s.Type(name)
	if err != nil {
		return nil, err
	}
	e := &core.Entry{ID: newID(tx, name), Directory: name}
	if err := s.apply(tx, t, e, d); err != nil {
		return nil, err
	}
	return e, store.Entries.Put(tx, e)
}

func newID(tx store.Tx, name core.DirectoryName) core.EntryID {
	if name == core.DirOrganizations {
		return core.EntryID(core.NewID("org", tx.Now()))
	}
	return core.EntryID(core.NewID("ent", tx.Now()))
}

// Update changes an entry that was read with the version. KindConflict for
// another version; otherwise as Create. A draft that says what the entry says
// already changes nothing.
func (s *Service) Update(tx store.Tx, name core.DirectoryName, id core.EntryID, version uint64, d Draft) (*core.Entry, error) {
	e, err := s.at(tx, name, id, version)
	if err != nil {
		return nil, err
	}
	t, err := s.Type(name)
	if err != nil {
		return nil, err
	}
	old := *e
	if err := s.apply(tx, t, e, d); err != nil {
		return nil, err
	}
	if sameEntry(&old, e) {
		return e, nil
	}
	return e, store.Entries.Replace(tx, &old, e)
}

// at reads the live entry for a change.
func (s *Service) at(tx store.Tx, name core.DirectoryName, id core.EntryID, version uint64) (*core.Entry, error) {
	e, err := s.Get(tx, name, id)
	if err != nil {
		return nil, err
	}
	if e.Version != version {
		return nil, stale()
	}
	return e, nil
}

func stale() error {
	return core.Conflict("entries.stale", "запись изменена другим пользователем")
}

func sameEntry(a, b *core.Entry) bool {
	return a.Organization == b.Organization && reflect.DeepEqual(a.Values, b.Values) &&
		slices.EqualFunc(a.Files, b.Files, func(x, y core.Attachment) bool { return x == y })
}

// Delete marks an entry deleted. KindConflict if other entries refer to it:
// Faults name them, as `<directory>/<id>`. KindConflict, too, if anything else
// names it, unless that is known: what names it keeps doing so, and a rule that
// does is switched off when it runs next. Faults count each place, as
// `uses.<place>`.
func (s *Service) Delete(tx store.Tx, name core.DirectoryName, id core.EntryID, version uint64, known bool) error {
	e, err := s.at(tx, name, id, version)
	if err != nil {
		return err
	}
	by, err := s.referrers(tx, e)
	if err != nil {
		return err
	}
	uses, err := s.uses(tx, e)
	if err != nil {
		return err
	}
	var counts []core.FieldFault
	for _, u := range uses {
		if u.Place != InEntries || len(by) == maxReferrers { // or each was named
			counts = append(counts, u.fault())
		}
	}
	switch {
	case len(by) > 0:
		return &core.Error{Kind: core.KindConflict, Code: "entries.referred", Text: "на запись ссылаются другие записи", Faults: slices.Concat(by, counts)}
	case len(uses) > 0 && !known:
		return &core.Error{Kind: core.KindConflict, Code: "entries.used", Text: "запись используется: подтвердите удаление", Faults: counts}
	}
	return store.Entries.Delete(tx, string(id))
}

// Restore brings a deleted entry back, if it would still be right: what it refers
// to may be gone, and its unique values taken.
func (s *Service) Restore(tx store.Tx, name core.DirectoryName, id core.EntryID, version uint64) (*core.Entry, error) {
	e, err := s.GetAny(tx, name, id)
	if err != nil {
		return nil, err
	}
	if e.Version != version {
		return nil, stale()
	}
	if e.DeletedAt == nil {
		return e, nil
	}
	t, err := s.Type(name)
	if err != nil {
		return nil, err
	}
	back := *e
	back.DeletedAt = nil
	if err := s.apply(tx, t, &back, Draft{e.Organization, e.Values, e.Files}); err != nil {
		return nil, err
	}
	return &back, store.Entries.Replace(tx, e, &back)
}

// apply checks a draft and puts it into the entry.
func (s *Service) apply(tx store.Tx, t *Type, e *core.Entry, d Draft) error {
	c := &checker{service: s, tx: tx, typ: t, entry: e, files: d.Files}
	values := c.values(d.Values)
	files := c.named(values)
	if err := c.organization(d.Organization); err != nil {
		return err
	}
	if err := c.references(values); err != nil {
		return err
	}
	if err := c.unique(values); err != nil {
		return err
	}
	if len(c.faults) > 0 {
		return &core.Error{Kind: core.KindInvalid, Code: "entries.invalid", Faults: c.faults}
	}
	e.Organization, e.Values, e.Files = d.Organization, values, files
	return nil
}

// checker gathers what is wrong with a draft.
type checker struct {
	service *Service
	tx      store.Tx
	typ     *Type
	entry   *core.Entry
	files   []core.Attachment
	faults  []core.FieldFault
}

func (c *checker) say(field, text string) {
	c.faults = append(c.faults, core.FieldFault{Field: "values." + field, Text: text})
}

// values reads each field, fills defaults in and names what is unknown. A value
// with a fault is left out.
func (c *checker) values(given map[string]any) map[string]any {
	out := make(map[string]any, len(given))
	for i := range c.typ.Fields {
		f := &c.typ.Fields[i]
		value, fault := c.value(f, given[f.Name])
		switch {
		case fault != "":
			c.say(f.Name, fault)
		case value != nil:
			out[f.Name] = value
		case f.Required:
			c.say(f.Name, textRequired)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := c.typ.Field(name); !ok {
			c.say(short(name), textUnknown)
		}
	}
	return out
}

func (c *checker) value(f *Field, given any) (value any, fault string) {
	if given != nil && given != "" {
		value, fault = f.read(given)
	}
	if value == nil && fault == "" && f.Default != nil {
		return f.read(f.Default)
	}
	return value, fault
}

// short keeps names from outside short: they are shown.
func short(name string) string {
	if r := []rune(name); len(r) > maxID {
		return string(r[:maxID]) + "…"
	}
	return name
}

// named are the files the values name.
func (c *checker) named(values map[string]any) (out []core.Attachment) {
	for i := range c.typ.Fields {
		f := &c.typ.Fields[i]
		if f.Type != File && f.Type != Files {
			continue
		}
		for _, name := range f.targets(values[f.Name]) {
			i := slices.IndexFunc(c.files, func(a core.Attachment) bool { return a.Name == name })
			switch {
			case i < 0:
				c.say(f.Name, textNoFile)
			case !slices.ContainsFunc(out, func(a core.Attachment) bool { return a.Name == name }):
				out = append(out, c.files[i])
			}
		}
	}
	return out
}

func (c *checker) organization(id core.OrganizationID) error {
	if id == "" {
		return nil
	}
	ok, err := c.exists(core.DirOrganizations, string(id))
	if err == nil && (!ok || !c.typ.ByOrganization) {
		c.faults = append(c.faults, core.FieldFault{Field: "organization", Text: textNoEntry})
	}
	return err
}

func (c *checker) exists(name core.DirectoryName, id string) (bool, error) {
	if len(id) > maxID {
		return false, nil
	}
	_, err := c.service.Get(c.tx, name, core.EntryID(id))
	if core.KindOf(err) == core.KindNotFound {
		return false, nil
	}
	return err == nil, err
}

// references proves that what is referred to is there, and that a tree has no
// circle.
func (c *checker) references(values map[string]any) error {
	for i := range c.typ.Fields {
		f := &c.typ.Fields[i]
		if f.Ref == "" {
			continue
		}
		for _, id := range f.targets(values[f.Name]) {
			ok, err := c.exists(f.Ref, id)
			if err != nil {
				return err
			}
			if !ok {
				c.say(f.Name, textNoEntry)
				break
			}
		}
	}
	return c.circle(values)
}

// maxDepth bounds a tree.
const maxDepth = 50

// circle walks up from the parent: it must not meet the entry.
func (c *checker) circle(values map[string]any) error {
	parent, _ := values[c.typ.Parent].(string)
	for depth := 0; parent != ""; depth++ {
		if parent == string(c.entry.ID) || depth == maxDepth {
			c.say(c.typ.Parent, textCycle)
			return nil
		}
		up, err := store.Entries.GetAny(c.tx, parent)
		if core.KindOf(err) == core.KindNotFound {
			return nil // was named
		}
		if err != nil {
			return err
		}
		parent = up.Text(c.typ.Parent)
	}
	return nil
}

// unique proves that no other entry has a value of a unique field.
func (c *checker) unique(values map[string]any) error {
	for _, f := range c.typ.Fields {
		text, ok := values[f.Name].(string)
		if !f.Unique || !ok {
			continue
		}
		for other, err := range alike(c.tx, c.typ.Name, f.Name, text) {
			if err != nil {
				return err
			}
			if other.ID != c.entry.ID {
				c.say(f.Name, textTaken)
				break
			}
		}
	}
	return nil
}

// maxReferrers bounds how many are named.
const maxReferrers = 20

// referrers are the entries that refer to e, as faults, and for an organisation
// those that belong to it.
func (s *Service) referrers(tx store.Tx, e *core.Entry) (out []core.FieldFault, err error) {
	add := func(who *core.Entry, t *Type, by string) {
		if len(out) < maxReferrers {
			out = append(out, core.FieldFault{Field: string(who.Directory) + "/" + string(who.ID), Text: t.Title.RU + ": " + by})
		}
	}
	for _, t := range s.Types() {
		for _, f := range t.Fields {
			if f.Ref != e.Directory || t.Name == core.DirArticleComments { // comments go with their article
				continue
			}
			for who, err := range store.Entries.Find(tx, "value", store.EntryKey(t.Name, f.Name, string(e.ID))) {
				if err != nil {
					return nil, err
				}
				add(who, &t, f.Title.RU)
				if len(out) == maxReferrers {
					return out, nil
				}
			}
		}
	}
	return out, s.belonging(tx, e, add)
}

func (s *Service) belonging(tx store.Tx, e *core.Entry, add func(*core.Entry, *Type, string)) error {
	if e.Directory != core.DirOrganizations {
		return nil
	}
	n := 0
	for who, err := range store.Entries.Find(tx, "organization", string(e.ID)) {
		if err != nil {
			return err
		}
		t, err := s.Type(who.Directory)
		if core.KindOf(err) == core.KindNotFound {
			continue // of a connector that is no longer there
		}
		add(who, t, "Организация")
		if n++; n == maxReferrers {
			return nil
		}
	}
	return nil
}
