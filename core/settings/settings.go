// Package settings is what an administrator sets for the whole office while the
// hub runs: sections of fields with a schema, kept in the store with their
// history. Who works by a setting reads it in the transaction of the work, so
// that a change holds from the next piece of work on, without a restart.
//
// What depends on the machine (folders, addresses, limits of what is taken in)
// stands in the configuration file and is shown here only to be read.
package settings

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// State is a section as it is now.
type State struct {
	core.Meta
	Section Section
	Values  json.RawMessage
}

// Service keeps the sections. Fixed are those of the configuration file.
type Service struct {
	Fixed []Fixed
}

// Fixed is a section that the configuration file sets, with its values.
type Fixed struct {
	Section Section
	Values  any
}

// Seed writes the defaults of the sections a store has not got yet, so that each
// has a version and its first change a before. Run it at the hub's start.
func Seed(tx store.Tx) error {
	for _, s := range Sections() {
		has, err := store.Settings.Has(tx, s.Name)
		if err != nil {
			return err
		}
		if has {
			continue
		}
		if err := store.Settings.Put(tx, &core.Setting{ID: s.Name, Values: s.defaults()}); err != nil {
			return err
		}
	}
	return nil
}

// List has all sections, those of the configuration file last.
func (s *Service) List(tx store.Tx) ([]State, error) {
	var out []State
	for _, section := range Sections() {
		state, err := read(tx, section)
		if err != nil {
			return nil, err
		}
		out = append(out, state)
	}
	for _, f := range s.Fixed {
		out = append(out, f.state())
	}
	return out, nil
}

// Get is one section. KindNotFound if there is none of the name.
func (s *Service) Get(tx store.Tx, name string) (State, error) {
	if f := s.fixed(name); f != nil {
		return f.state(), nil
	}
	section, err := sectionOf(name)
	if err != nil {
		return State{}, err
	}
	return read(tx, section)
}

// Put sets a section anew; the version must be the stored one (KindConflict).
// Values are all fields of the section; whatever is wrong with them is
// KindInvalid, all at once, each under `values.` and the field's name.
func (s *Service) Put(tx store.Tx, name string, version uint64, values json.RawMessage) (State, error) {
	section, err := s.changeable(name)
	if err != nil {
		return State{}, err
	}
	if err := section.check(values); err != nil {
		return State{}, err
	}
	return put(tx, section, core.Meta{Version: version}, values)
}

// Revert sets a section to what it was at a version of its history.
// KindNotFound if there is no such version. A field that did not exist then, or
// whose value is no longer allowed, is refused or gets its default as Put says.
func (s *Service) Revert(tx store.Tx, name string, version uint64) (State, error) {
	section, err := s.changeable(name)
	if err != nil {
		return State{}, err
	}
	now, err := store.Settings.Get(tx, name)
	if err != nil {
		return State{}, err
	}
	if version == 0 || version > now.Version {
		return State{}, core.NotFound("settings.version", "нет такой версии настроек")
	}
	then, err := valuesAt(tx, now, version)
	if err != nil {
		return State{}, err
	}
	then = section.completed(then)
	if err := section.check(then); err != nil {
		return State{}, err
	}
	return put(tx, section, now.Meta, then)
}

// History is what was changed field by field, by whom and when, oldest first.
func (s *Service) History(tx store.Tx, name string) ([]store.Entry, error) {
	if s.fixed(name) != nil {
		return nil, nil
	}
	if _, err := sectionOf(name); err != nil {
		return nil, err
	}
	var out []store.Entry
	for e, err := range store.Settings.History(tx, name) {
		if err != nil {
			return nil, err
		}
		e.Changes = byField(e.Changes)
		out = append(out, e)
	}
	return out, nil
}

// byField takes the change of all values apart.
func byField(changes []store.FieldChange) (out []store.FieldChange) {
	for _, c := range changes {
		out = append(out, c.Apart("")...)
	}
	return out
}

// valuesAt are the values at a version: what the first later change had before.
func valuesAt(tx store.Tx, now *core.Setting, version uint64) (json.RawMessage, error) {
	for e, err := range store.Settings.History(tx, now.ID) {
		if err != nil {
			return nil, err
		}
		if e.Version <= version {
			continue
		}
		for _, c := range e.Changes {
			if c.Field == "values" {
				return json.Marshal(store.NamedValues(c.Before))
			}
		}
	}
	return now.Values, nil
}

func read(tx store.Tx, section Section) (State, error) {
	kept, err := store.Settings.Get(tx, section.Name)
	if err != nil {
		return State{}, err
	}
	return State{kept.Meta, section, section.completed(kept.Values)}, nil
}

func put(tx store.Tx, section Section, meta core.Meta, values json.RawMessage) (State, error) {
	kept := &core.Setting{Meta: meta, ID: section.Name, Values: section.completed(values)}
	if err := store.Settings.Put(tx, kept); err != nil {
		return State{}, err
	}
	return State{kept.Meta, section, kept.Values}, nil
}

func (s *Service) fixed(name string) *Fixed {
	for i := range s.Fixed {
		if s.Fixed[i].Section.Name == name {
			return &s.Fixed[i]
		}
	}
	return nil
}

func (f *Fixed) state() State {
	return State{Section: f.Section, Values: mustJSON(f.Values)}
}

func (s *Service) changeable(name string) (Section, error) {
	if s.fixed(name) != nil {
		return Section{}, core.Conflict("settings.fixed", "этот раздел задаётся в файле настроек Узла")
	}
	return sectionOf(name)
}

func sectionOf(name string) (Section, error) {
	for _, s := range Sections() {
		if s.Name == name {
			return s, nil
		}
	}
	return Section{}, core.NotFound("settings.not_found", "нет такого раздела настроек")
}

// load reads a section for who works by it. A store without the section, or one
// of an older hub, has the defaults.
func load[T any](tx store.Tx, name string, def T) (T, error) {
	kept, err := store.Settings.Look(tx, name)
	if core.KindOf(err) == core.KindNotFound {
		return def, nil
	}
	if err != nil {
		return def, err
	}
	if err := json.Unmarshal(kept.Values, &def); err != nil {
		return def, &core.Error{Kind: core.KindInternal, Code: "settings.damaged", Op: "read settings " + name, Err: err}
	}
	return def, nil
}

func sortedBy[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
