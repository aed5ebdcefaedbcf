package intake

import (
	"regexp"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Limits of looking around for the matter a message belongs to: a letter may
// name hundreds of references and a thread may have thousands of documents.
const (
	maxReferences = 50
	maxNumbers    = 5
	maxThread     = 500
	maxPerhaps    = 5
)

// join puts the document into the matter it continues. The outside system's own
// thread is proof enough. Otherwise two proofs are needed: a reference or a
// number, and a sender known to that matter; with one only, a person decides.
// An equal subject proves nothing.
func join(tx store.Tx, m *core.Message, d *core.Document) error {
	if earlier, err := sameOutsideThread(tx, m); err != nil {
		return err
	} else if earlier != nil {
		continues(d, earlier)
		return nil
	}
	candidates, err := candidates(tx, m)
	if err != nil {
		return err
	}
	for _, c := range candidates {
		known, err := knows(tx, c, d.Sender)
		if err != nil {
			return err
		}
		if known {
			continues(d, c)
			return nil
		}
	}
	for _, c := range candidates {
		if len(d.PerhapsBelongsTo) < maxPerhaps {
			d.PerhapsBelongsTo = append(d.PerhapsBelongsTo, c.ID)
		}
	}
	return nil
}

func continues(d, earlier *core.Document) {
	d.Thread, d.InReplyTo = earlier.Thread, earlier.ID
}

// sameOutsideThread finds the latest document of the outside system's thread.
func sameOutsideThread(tx store.Tx, m *core.Message) (*core.Document, error) {
	if m.Thread.External == "" {
		return nil, nil
	}
	page, err := store.Documents.List(tx, store.Query[core.Document]{
		Where: []store.Term{{Index: "external_thread", Value: store.ExternalKey(m.Channel, m.Thread.External)}},
		Desc:  true, Limit: 1,
	})
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	return page.Items[0], nil
}

// candidates are the documents the message names, by reference first, nearest
// first, then by number.
func candidates(tx store.Tx, m *core.Message) ([]*core.Document, error) {
	var out []*core.Document
	add := func(d *core.Document, err error) error {
		if err == nil && d != nil && !slices.ContainsFunc(out, func(had *core.Document) bool { return had.ID == d.ID }) {
			out = append(out, d)
		}
		return err
	}
	for _, ref := range m.Thread.References[:min(len(m.Thread.References), maxReferences)] {
		if err := add(referenced(tx, m.Channel, ref)); err != nil {
			return nil, err
		}
	}
	for _, n := range m.Thread.Numbers[:min(len(m.Thread.Numbers), maxNumbers)] {
		for d, err := range store.Documents.Find(tx, "text_number", n) {
			if err := add(d, err); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// deliveryInside finds our delivery id inside an outside id: connectors make
// Message-IDs and keys of it, so that an answer finds its matter even when the
// receipt that would have told us the outside id was lost.
var deliveryInside = regexp.MustCompile(`dlv_[0-9a-hjkmnp-tv-z]{26}`)

// referenced finds the document an outside id belongs to: one that came in
// under it, or one that went out.
func referenced(tx store.Tx, channel core.ChannelID, ref string) (*core.Document, error) {
	for d, err := range store.Documents.Find(tx, "external", store.ExternalKey(channel, ref)) {
		return d, err
	}
	id := deliveryInside.FindString(ref)
	if id == "" {
		return nil, nil
	}
	dlv, err := store.Deliveries.Get(tx, id)
	if err != nil {
		return nil, unlessMissing(err)
	}
	d, err := store.Documents.Get(tx, string(dlv.Document))
	return d, unlessMissing(err)
}

// unlessMissing drops the error that says there is no such record.
func unlessMissing(err error) error {
	if core.KindOf(err) == core.KindNotFound {
		return nil
	}
	return err
}

// knows tells whether the sender has a part in the document's matter: wrote or
// received one of its documents.
func knows(tx store.Tx, d *core.Document, sender core.Correspondent) (bool, error) {
	if takesPart(d, sender) {
		return true, nil
	}
	seen := 0
	for other, err := range store.Documents.Find(tx, "thread", string(d.Thread)) {
		if err != nil {
			return false, err
		}
		if takesPart(other, sender) {
			return true, nil
		}
		if seen++; seen == maxThread {
			break
		}
	}
	return false, nil
}

func takesPart(d *core.Document, sender core.Correspondent) bool {
	if same(d.Sender, sender) {
		return true
	}
	// Whom an incoming letter was addressed to is its sender's claim; whom an
	// outgoing one went to is ours.
	return d.Direction == core.Outgoing &&
		slices.ContainsFunc(d.Recipients, func(r core.Correspondent) bool { return same(r, sender) })
}

func same(a, b core.Correspondent) bool {
	if a.Party != "" && a.Party == b.Party {
		return true
	}
	for _, x := range a.Addresses {
		for _, y := range b.Addresses {
			if x.Key() == y.Key() {
				return true
			}
		}
	}
	return false
}
