package outgoing

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// maxReferences bounds how many outside ids of a matter a parcel names.
const maxReferences = 20

// parcel gathers what the connector needs to make the delivery. A report is
// about the document itself.
func parcel(tx store.Tx, d *core.Delivery) (*core.Parcel, error) {
	doc, err := store.Documents.Get(tx, string(d.Document))
	if err != nil {
		return nil, err
	}
	p := &core.Parcel{Delivery: *d, Document: *doc, Author: doc.Fields[FieldAuthor], Status: doc.State, Performer: d.Performer}
	if d.Purpose == core.PurposePerformer {
		p.Origin = doc
		p.Thread, err = thread(tx, d.Channel, doc)
		return p, err
	}
	if doc.InReplyTo == "" {
		return p, nil
	}
	origin, err := store.Documents.GetAny(tx, string(doc.InReplyTo))
	if err != nil {
		return nil, err
	}
	p.Origin = origin
	p.Thread, err = thread(tx, d.Channel, origin)
	return p, err
}

// thread names the matter as the channel's other side knows it: nearest first.
func thread(tx store.Tx, channel core.ChannelID, origin *core.Document) (core.ThreadHint, error) {
	hint := core.ThreadHint{External: origin.ExternalThread}
	for at := origin; at != nil && len(hint.References) < maxReferences; {
		if at.Channel == channel {
			hint.References = append(hint.References, names(at)...)
		}
		if at.InReplyTo == "" {
			break
		}
		next, err := store.Documents.GetAny(tx, string(at.InReplyTo))
		if err != nil {
			return hint, err
		}
		at = next
	}
	return hint, nil
}

// names are the ids the other side refers to the document by: the names it goes
// by, or else its external id.
func names(d *core.Document) []string {
	switch {
	case len(d.KnownAs) > 0:
		return d.KnownAs
	case d.ExternalID != "":
		return []string{d.ExternalID}
	}
	return nil
}
