package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// large measures what a full store makes slower.
func (b *runner) large(ctx context.Context) error {
	full, small := filepath.Join(b.dir, "full"), filepath.Join(b.dir, "small")
	b.say("large store")
	ids, err := b.seed(ctx, full, b.documents)
	if err != nil {
		return err
	}
	fewer, err := b.seed(ctx, small, b.fewer)
	if err != nil {
		return err
	}
	for round := 1; round <= b.rounds; round++ {
		b.say("large store, round %d of %d", round, b.rounds)
		if err := b.register(ctx, full, round); err != nil {
			return err
		}
	}
	if err := b.read(ctx, full, ids, small, fewer); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(full), os.RemoveAll(small))
}

// register measures how fast the full store's hub starts, and how fast it
// registers against a hub that is empty. Neither indexes for the search: the full
// one would be busy with what it was filled with, which a hub in use is not, and
// what indexing costs is a figure of its own.
func (b *runner) register(ctx context.Context, full string, round int) error {
	start := time.Now()
	h, err := b.startHub(ctx, full, "--no-index")
	if err != nil {
		return err
	}
	b.note("open_1m_ms", millis(time.Since(start)))
	suffix := fmt.Sprint("-", round) // of channels that are left in the store
	filled, err := h.registered(ctx, suffix, b.messages)
	if err := errors.Join(err, h.stop()); err != nil {
		return err
	}
	if h, err = b.startHub(ctx, b.folder("empty"), "--no-index"); err != nil {
		return err
	}
	empty, err := h.registered(ctx, suffix, b.messages)
	if err := errors.Join(err, h.discard()); err != nil {
		return err
	}
	b.note("rate_1m_vs_empty", filled/empty)
	b.say("  open       %6.0f ms\n  register   %6.0f/s of %6.0f/s  %.2f", b.last("open_1m_ms"), filled, empty, filled/empty)
	return nil
}

// registered brings n messages in and returns how many documents were
// registered a second.
func (h *hub) registered(ctx context.Context, suffix string, n int) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	before, err := h.newestNumber(ctx)
	if err != nil {
		return 0, err
	}
	source := "source" + suffix
	if err := h.create(ctx, source, true, object{"messages": n, "prefix": source + "-"}); err != nil {
		return 0, err
	}
	err = h.count(ctx, n, func() (int, error) {
		now, err := h.newestNumber(ctx)
		return now - before, err
	})
	end := time.Now()
	if err != nil {
		return 0, err
	}
	f, err := h.figures(ctx, source)
	if err != nil {
		return 0, err
	}
	disable := h.call(ctx, http.MethodPost, "/api/v1/channels/"+source+"/disable", nil, nil)
	return rate(n, end.Sub(time.Unix(0, f.Begun))), disable
}

// newest is how many documents a look at the newest ones takes in: those that
// are registered side by side do not get their numbers in the order of the list.
const newest = 256

// newestNumber is the highest registration number, without what is printed
// around it.
func (h *hub) newestNumber(ctx context.Context) (int, error) {
	var page struct {
		Items []struct {
			Number struct {
				Seq int `json:"seq"`
			} `json:"number"`
		} `json:"items"`
	}
	err := h.call(ctx, http.MethodGet, fmt.Sprint("/api/v1/documents?limit=", newest), nil, &page)
	highest := 0
	for _, d := range page.Items {
		highest = max(highest, d.Number.Seq)
	}
	return highest, err
}

// side is one of the two hubs whose answers are compared.
type side struct {
	hub          *hub
	ids          []string
	lists, cards []float64 // milliseconds
}

// read compares lists and cards of the full store with those of the small one.
// Both hubs run, and the requests take turns, so that what disturbs one
// disturbs the other.
func (b *runner) read(ctx context.Context, full string, ids []string, small string, fewer []string) (err error) {
	sides := []*side{{ids: ids}, {ids: fewer}}
	for i, dir := range []string{full, small} {
		if sides[i].hub, err = b.startHub(ctx, dir, "--no-index"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, sides[i].hub.stop()) }()
	}
	if err := b.askBoth(ctx, sides, b.requests/5); err != nil { // to warm up
		return err
	}
	for range b.rounds {
		if err := b.askBoth(ctx, sides, b.requests); err != nil {
			return err
		}
		a, z := sides[0], sides[1]
		lists := percentile(a.lists, 0.99) / percentile(z.lists, 0.99)
		cards := percentile(a.cards, 0.99) / percentile(z.cards, 0.99)
		b.note("list_p99_1m_vs_10k", max(lists, cards))
		b.say("  lists      %6.2f ms p99 of %6.2f ms  %.2f", percentile(a.lists, 0.99), percentile(z.lists, 0.99), lists)
		b.say("  cards      %6.2f ms p99 of %6.2f ms  %.2f", percentile(a.cards, 0.99), percentile(z.cards, 0.99), cards)
	}
	return nil
}

func (b *runner) askBoth(ctx context.Context, sides []*side, n int) error {
	for _, s := range sides {
		s.lists, s.cards = s.lists[:0], s.cards[:0]
	}
	for range n {
		list := randomList()
		for _, s := range sides {
			if err := s.ask(ctx, list, &s.lists); err != nil {
				return err
			}
			if err := s.ask(ctx, "/"+s.ids[rand.IntN(len(s.ids))], &s.cards); err != nil {
				return err
			}
		}
	}
	return nil
}

// randomList is a page of a list as people ask for it: up to some day, all, of
// one mailbox, or of one mailbox and state.
func randomList() string {
	day := time.Now().Add(-time.Duration(rand.Int64N(int64(seededFor)))).Format(time.DateOnly)
	query := "?limit=50&to=" + day
	switch rand.IntN(3) {
	case 1:
		query += fmt.Sprint("&channel=mail-", rand.IntN(mailboxes))
	case 2:
		query += fmt.Sprint("&state=registered&channel=mail-", rand.IntN(mailboxes))
	}
	return query
}

func (s *side) ask(ctx context.Context, path string, took *[]float64) error {
	start := time.Now()
	err := s.hub.call(ctx, http.MethodGet, "/api/v1/documents"+path, nil, nil)
	*took = append(*took, millis(time.Since(start)))
	return err
}
