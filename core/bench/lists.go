package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// lists counts the keys that pages of appeals read, by any one to four of the
// filters, newest first.
func (b *runner) lists(ctx context.Context) (err error) {
	s, err := b.desk(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var keys []float64
	for range b.requests {
		q := randomFilters()
		err := s.View(ctx, func(tx store.Tx) error {
			m := &store.Meter{Tx: tx}
			_, err := store.Documents.List(m, q)
			keys = append(keys, float64(m.Keys))
			return err
		})
		if err != nil {
			return err
		}
	}
	b.note("list_keys_most", percentile(keys, 0.999999))
	b.note("list_keys_median", median(keys))
	b.say("  lists      %.0f keys a page of 50 at most, %.0f in the middle", percentile(keys, 0.999999), median(keys))
	return nil
}

// randomFilters is a page by one to four different filters.
func randomFilters() store.Query[core.Document] {
	all := []store.Term{
		{Index: "direction", Value: string(core.Incoming)},
		{Index: "state", Value: []string{string(core.DocumentInWork), string(core.DocumentClosed)}[rand.IntN(2)]},
		{Index: "channel", Value: fmt.Sprint("mail-", rand.IntN(mailboxes))},
		{Index: "sender_key", Value: core.Address{Kind: core.AddressEmail, Value: fmt.Sprintf("resident%d@example.org", rand.IntN(senders))}.Key()},
		facet(store.FacetView, []string{store.ViewAll, store.ViewOpen, store.ViewNotInWork}[rand.IntN(3)]),
		facet(store.FacetState, []string{string(core.AppealInWork), string(core.AppealClosed)}[rand.IntN(2)]),
		facet(store.FacetLine, ref[string]("line", rand.IntN(lines))),
		facet(store.FacetOperator, ref[string]("usr", rand.IntN(operators))),
		facet(store.FacetReason, ref[string]("reason", rand.IntN(reasons))),
		facet(store.FacetReasonGroup, ref[string]("group", rand.IntN(reasons/10))),
		facet(store.FacetSource, ref[string]("source", rand.IntN(6))),
		facet(store.FacetAccount, fmt.Sprintf("%010d", rand.IntN(senders))),
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return store.Query[core.Document]{Where: all[:1+rand.IntN(4)], Desc: true, Limit: 50}
}

func facet(name, value string) store.Term {
	return store.Term{Index: "appeal", Value: store.AppealFacet(name, value)}
}
