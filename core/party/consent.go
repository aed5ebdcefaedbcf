package party

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// AddConsent adds a statement about the processing of a person's data, given or
// withdrawn; RecordedAt and RecordedBy are set here. KindInvalid if the document
// is not there or does not have the file.
func AddConsent(tx store.Tx, id core.PartyID, c core.Consent) (*core.Party, error) {
	p, err := store.Parties.Get(tx, string(id))
	if err != nil {
		return nil, err
	}
	if p.Erasure != "" {
		return nil, core.Conflict("party.erased", "данные этого заявителя удалены по акту")
	}
	if err := checkConsent(tx, c); err != nil {
		return nil, err
	}
	c.RecordedAt, c.RecordedBy = tx.Now(), tx.Actor()
	p.Consents = append(p.Consents, c)
	return p, store.Parties.Put(tx, p)
}

func checkConsent(tx store.Tx, c core.Consent) error {
	if c.At.After(tx.Now()) {
		return core.Invalid("party.consent", "at", "не может быть в будущем")
	}
	if c.Document == "" {
		if c.File != "" {
			return core.Invalid("party.consent", "document", textRequired)
		}
		return nil
	}
	d, err := store.Documents.Get(tx, string(c.Document))
	if core.KindOf(err) == core.KindNotFound {
		return core.Invalid("party.consent", "document", "такой записи нет")
	}
	if err != nil {
		return err
	}
	if c.File != "" && !slices.ContainsFunc(d.Files, func(f core.Attachment) bool { return f.Hash == c.File }) {
		return core.Invalid("party.consent", "file", "у документа нет такого файла")
	}
	return nil
}
