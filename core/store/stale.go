package store

import (
	"maps"
	"slices"

	"github.com/uzel-hub/uzel/core"
)

// Stale refuses a change of a record that was read with the version and changed
// since: KindConflict. The faults name the fields that changed, and when. What
// they hold may be personal; the history has it.
func (t *Table[T]) Stale(tx Tx, key string, version uint64) error {
	return t.StaleBy(tx, key, version, func(c FieldChange) []string { return []string{c.Field} })
}

// StaleBy is Stale for records with a field that people see as several: names
// are what they call what changed in it.
func (t *Table[T]) StaleBy(tx Tx, key string, version uint64, names func(FieldChange) []string) error {
	when := map[string]string{}
	for e, err := range t.History(tx, key) {
		if err != nil {
			return err
		}
		if e.Version <= version {
			continue
		}
		for _, c := range e.Changes {
			for _, name := range names(c) {
				when[name] = "изменено " + e.At.In(core.OfficeZone).Format("02.01.2006 15:04")
			}
		}
	}
	out := core.Conflict(t.name+".stale", "запись изменена другим пользователем")
	for _, name := range slices.Sorted(maps.Keys(when)) {
		out.Faults = append(out.Faults, core.FieldFault{Field: name, Text: when[name]})
	}
	return out
}
