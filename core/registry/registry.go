// Package registry hands out registration numbers: journals, number templates,
// the change of the year.
//
// A number is taken in its document's transaction: it is free again if that
// does not commit, so that journals have no holes and no doubles.
package registry

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// The journals every hub starts with.
const (
	JournalIncoming core.JournalID = "incoming"
	JournalOutgoing core.JournalID = "outgoing"
	JournalInternal core.JournalID = "internal"
)

// Seed creates the standard journals that are missing.
func Seed(tx store.Tx) error {
	for _, j := range []core.Journal{
		{ID: JournalIncoming, Title: "Входящие", Direction: core.Incoming, Template: "Вх-{yyyy}/{n:06}", Yearly: true},
		{ID: JournalOutgoing, Title: "Исходящие", Direction: core.Outgoing, Template: "Исх-{yyyy}/{n:06}", Yearly: true},
		{ID: JournalInternal, Title: "Внутренние", Direction: core.Internal, Template: "Вн-{yyyy}/{n:06}", Yearly: true},
	} {
		has, err := store.Journals.Has(tx, string(j.ID))
		if err != nil {
			return err
		}
		if has {
			continue
		}
		if err := store.Journals.Put(tx, &j); err != nil {
			return err
		}
	}
	return nil
}

// Save creates (Version 0) or changes a journal. KindInvalid names every wrong
// field at once.
func Save(tx store.Tx, j *core.Journal) error {
	if faults := check(j); len(faults) > 0 {
		return &core.Error{Kind: core.KindInvalid, Code: "journal.invalid", Faults: faults}
	}
	return store.Journals.Put(tx, j)
}

// Default is the journal that numbers documents of the direction when nobody
// chose one: the standard one, or the first of the direction.
func Default(tx store.Tx, d core.Direction) (core.JournalID, error) {
	if j, err := journal(tx, core.JournalID(d)); err == nil && j.Direction == d {
		return j.ID, nil
	}
	for key := range store.Journals.FindKeys(tx, "direction", string(d)) {
		return core.JournalID(key), nil
	}
	return "", &core.Error{Kind: core.KindConfig, Code: "journal.none", Text: "нет журнала для документов этого направления"}
}

// Reserve takes the next number of the journal for the given day. It may be
// called from several goroutines; numbers are handed out in the order of
// commits.
func Reserve(tx store.Tx, id core.JournalID, day core.Date) (core.RegNumber, error) {
	n, c, err := next(tx, id, day)
	if err != nil {
		return core.RegNumber{}, err
	}
	return n, count(tx, c, n.Seq)
}

// count moves the counter on to the number that was taken.
func count(tx store.Tx, c *core.Counter, taken uint64) error {
	old := *c
	c.Last = taken
	if old.Version == 0 {
		return store.Counters.Put(tx, c)
	}
	return store.Counters.Replace(tx, &old, c)
}

// Preview is the number Reserve would hand out now. It promises nothing.
func Preview(tx store.Tx, id core.JournalID, day core.Date) (core.RegNumber, error) {
	n, _, err := next(tx, id, day)
	return n, err
}

func next(tx store.Tx, id core.JournalID, day core.Date) (core.RegNumber, *core.Counter, error) {
	j, err := journal(tx, id)
	if err != nil {
		return core.RegNumber{}, nil, err
	}
	moment, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return core.RegNumber{}, nil, core.Invalid("number.date", "date", "неверная дата регистрации")
	}
	year := 0
	if j.Yearly {
		year = moment.Year()
	}
	c, err := counter(tx, id, year)
	if err != nil {
		return core.RegNumber{}, nil, err
	}
	seq := c.Last + 1
	return core.RegNumber{
		Journal: id, Year: year, Seq: seq, Date: day,
		Text: Render(j.Template, j.Index, moment, seq),
	}, c, nil
}

// journal reads a journal; what is read is not to be changed.
func journal(tx store.Tx, id core.JournalID) (*core.Journal, error) {
	j, err := store.Journals.Look(tx, string(id))
	if err == nil && j.DeletedAt != nil {
		return store.Journals.Get(tx, string(id)) // says that there is none
	}
	return j, err
}

// counter reads the counter of the year, a fresh one if the year has begun.
func counter(tx store.Tx, id core.JournalID, year int) (*core.Counter, error) {
	c, err := store.Counters.Get(tx, core.CounterKey(id, year))
	if core.KindOf(err) == core.KindNotFound {
		return &core.Counter{Journal: id, Year: year}, nil
	}
	return c, err
}
