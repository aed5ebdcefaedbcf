package appeal

import (
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Edit changes what people word: subject, applicant, accounts, premises, reason,
// description, comment, extra fields, tags, source, way of notifying, deadline.
// edit replaces those fields of the document it is given and leaves alone what
// they held; the state, the line and the operator have operations of their own.
// KindInvalid names every fault; KindConflict names what changed since
// ref.Version.
func (s *Service) Edit(tx store.Tx, ref Ref, edit func(*core.Document)) (*core.Document, error) {
	return s.change(tx, ref, func(d *core.Document) error {
		old := own(d)
		edit(d)
		return s.check(tx, old.Appeal, d)
	})
}

// check looks at what refers to directories and differs from old.
func (s *Service) check(tx store.Tx, old *core.Appeal, d *core.Document) error {
	if old == nil {
		old = &core.Appeal{}
	}
	var f faults
	a := d.Appeal
	if a.Notify != "" && !slices.Contains(core.NotifyWays(), a.Notify) {
		f.add("notify", "нет такого значения")
	}
	if s.Directories == nil {
		return f.err()
	}
	for _, e := range references(old, a) {
		if err := s.known(tx, &f, e); err != nil {
			return err
		}
	}
	if old.Reason != a.Reason || !maps.Equal(old.Extra, a.Extra) {
		wrong, err := s.Directories.CheckExtra(tx, a.Reason, a.Extra)
		if err != nil {
			return err
		}
		for _, fault := range wrong {
			f.add("extra."+fault.Field, fault.Text)
		}
	}
	return f.err()
}

// reference is a field that leads into a directory.
type reference struct {
	field     string
	directory core.DirectoryName
	id        core.EntryID
}

// references are those of a that old does not have.
func references(old, a *core.Appeal) (out []reference) {
	add := func(field string, directory core.DirectoryName, had, id core.EntryID) {
		if id != "" && id != had {
			out = append(out, reference{field, directory, id})
		}
	}
	add("reason_group", core.DirReasonGroups, old.ReasonGroup, a.ReasonGroup)
	add("reason", core.DirReasons, old.Reason, a.Reason)
	add("source", core.DirSources, old.Source, a.Source)
	add("line", core.DirSupportLines, old.Line, a.Line)
	for i, tag := range a.Tags {
		if !slices.Contains(old.Tags, tag) {
			add("tags."+strconv.Itoa(i), core.DirTags, "", tag)
		}
	}
	return out
}

func (s *Service) known(tx store.Tx, f *faults, e reference) error {
	has, err := s.Directories.Has(tx, e.directory, e.id)
	if err == nil && !has {
		f.add(e.field, "такой записи нет")
	}
	return err
}

func (s *Service) checkLine(tx store.Tx, line core.EntryID) error {
	if line == "" || s.Directories == nil {
		return nil
	}
	var f faults
	if err := s.known(tx, &f, reference{"line", core.DirSupportLines, line}); err != nil {
		return err
	}
	return f.err()
}

// faults gathers what is wrong with an input, so that all is told at once.
type faults []core.FieldFault

func (f *faults) add(field, text string) { *f = append(*f, core.FieldFault{Field: field, Text: text}) }

func (f faults) err() error {
	return core.Faults(f).Err("appeal.invalid")
}

// stale tells what changed since the version somebody works on.
func stale(tx store.Tx, d *core.Document, version uint64) error {
	return store.Documents.StaleBy(tx, string(d.ID), version, changed)
}

// changed are the names of a change in the history; of the appeal those of its
// own fields.
func changed(c store.FieldChange) (out []string) {
	if c.Field != "appeal" {
		return []string{c.Field}
	}
	before, _ := c.Before.(map[string]any)
	after, _ := c.After.(map[string]any)
	for name := range union(before, after) {
		if !reflect.DeepEqual(before[name], after[name]) {
			out = append(out, name)
		}
	}
	return out
}

func union(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]any{}
	}
	maps.Copy(out, b)
	return out
}
