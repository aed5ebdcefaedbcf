package party

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// filters deletes the saved filters that name the person, for good: a filter
// without what it looks for is none.
func (e *eraser) filters(ctx context.Context) error {
	found, next, err := portion(ctx, e.Store, store.Filters, e.act.Cursor, e.Portion, func(_ store.Tx, f *core.Filter) bool {
		return e.who.sought(f)
	})
	if err != nil {
		return err
	}
	return e.step(ctx, func(tx store.Tx, act *core.Erasure) error {
		for _, f := range found {
			if err := store.Filters.Erase(tx, string(f.ID)); err != nil {
				return err
			}
			act.Filters++
		}
		advance(act, next, core.ErasingParties)
		return nil
	})
}

// sought tells that a filter names the person, in its title or in what it looks
// for.
func (w *person) sought(f *core.Filter) bool {
	return w.named(f.Title) || slices.ContainsFunc(slices.Collect(maps.Values(f.Values)), w.named)
}

// named tells that a text has the id of a card, an account, a contact that is the
// person's alone, or two words of a name.
func (w *person) named(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	return slices.ContainsFunc(words, func(word string) bool {
		return slices.Contains(w.parties, core.PartyID(word)) || slices.Contains(w.accounts, word)
	}) ||
		slices.ContainsFunc(w.own, func(a core.Address) bool { return has(text, a) }) ||
		slices.ContainsFunc(w.names, func(name string) bool { return calls(text, name) })
}

// has tells that a text has an address, or is one as lists are asked for it:
// `phone:8 916…`.
func has(text string, a core.Address) bool {
	alone := core.Address{Kind: a.Kind, Value: strings.TrimPrefix(text, string(a.Kind)+":")}
	return strings.Contains(strings.ToLower(text), strings.ToLower(a.Value)) || alone.Key() == a.Key()
}

// calls tells that two words of a name stand in a text, in whichever case.
func calls(text, name string) bool {
	said, n := nameWords(text), 0
	for _, word := range nameWords(name) {
		if slices.ContainsFunc(said, func(other string) bool { return inflected(word, other) }) {
			n++
		}
	}
	return n > 1
}

// inflected tells that two words are cases of one: they differ in an ending of
// three letters at most.
func inflected(a, b string) bool {
	x, y := []rune(a), []rune(b)
	stem := max(min(len(x), len(y))-2, 2)
	return len(x) >= stem && len(y) >= stem && string(x[:stem]) == string(y[:stem]) && max(len(x), len(y))-stem <= 3
}
