package maintenance

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/store"
)

// references proves that each file a record names is kept, and counts messages
// that have no document yet.
func (s *Service) references(ctx context.Context, r *Report) error {
	return s.Store.View(ctx, func(tx store.Tx) error {
		return errors.Join(
			named(ctx, s, r, "сообщение", store.Messages.All(tx), func(m *core.Message) []core.Attachment {
				if !registered(tx, m) {
					r.Unregistered++
				}
				return m.Files
			}),
			named(ctx, s, r, "документ", store.Documents.All(tx), func(d *core.Document) []core.Attachment { return d.Files }),
			named(ctx, s, r, "запись справочника", store.Entries.All(tx), func(e *core.Entry) []core.Attachment { return e.Files }),
			named(ctx, s, r, "поручение", store.Tasks.All(tx), resultFiles),
			named(ctx, s, r, "проект", store.Drafts.All(tx), visaFiles),
			named(ctx, s, r, "версия проекта", store.DraftVersions.All(tx), func(v *core.DraftVersion) []core.Attachment { return v.Files }),
		)
	})
}

// named looks for the files that the records of a table name.
func named[T any, P interface {
	*T
	core.Record
}](ctx context.Context, s *Service, r *Report, what string, records iter.Seq2[*T, error], files func(*T) []core.Attachment,
) error {
	for rec, err := range records {
		if err != nil {
			return err
		}
		if err := s.look(ctx, r, what+" "+P(rec).RecordKey(), files(rec)); err != nil {
			return err
		}
	}
	return nil
}

func resultFiles(t *core.Task) []core.Attachment {
	if t.Result == nil {
		return nil
	}
	return t.Result.Files
}

func visaFiles(d *core.Draft) (out []core.Attachment) {
	for _, v := range d.Visas {
		if v.Signature != nil {
			out = append(out, *v.Signature)
		}
	}
	return out
}

func (s *Service) look(ctx context.Context, r *Report, what string, files []core.Attachment) error {
	for _, f := range files {
		ref, err := s.Blobs.Stat(ctx, f.Hash)
		switch {
		case core.KindOf(err) == core.KindNotFound:
			r.problem(fmt.Sprintf("%s: файла %s нет в хранилище", what, f.Hash))
		case err != nil:
			return err
		case ref.Size != f.Size:
			r.problem(fmt.Sprintf("%s: файл %s занимает %d, записано %d", what, f.Hash, ref.Size, f.Size))
		}
	}
	return ctx.Err()
}

// registered tells whether a message that should become a document has become
// one.
func registered(tx store.Tx, m *core.Message) bool {
	if m.Kind == core.MessageStatus || m.Change != core.ChangeNew {
		return true
	}
	for d, err := range store.Documents.Find(tx, "external", store.ExternalKey(m.Channel, m.ExternalID)) {
		if err == nil && d.Message == m.ID {
			return true
		}
	}
	return false
}

// atOnce is how many files are looked for in one reading of all records.
const atOnce = 100_000

// unused counts the files no record names. Those that came in while it looked
// are looked for a second time: their records were written meanwhile.
func (s *Service) unused(ctx context.Context, r *Report) error {
	var portion []blob.Ref
	end := func() error {
		left, err := s.unnamed(ctx, portion)
		if err == nil {
			left, err = s.unnamed(ctx, left)
		}
		for _, ref := range left {
			r.Unused++
			r.UnusedBytes += ref.Size
			if len(r.UnusedFiles) < maxProblems {
				r.UnusedFiles = append(r.UnusedFiles, ref.Hash)
			}
		}
		portion = portion[:0]
		return err
	}
	err := s.Blobs.Walk(ctx, func(ref blob.Ref) error {
		if portion = append(portion, ref); len(portion) < atOnce {
			return ctx.Err()
		}
		return end()
	})
	if err != nil {
		return err
	}
	return end()
}

// unnamed are those of the files that no record names.
func (s *Service) unnamed(ctx context.Context, refs []blob.Ref) (out []blob.Ref, err error) {
	if len(refs) == 0 {
		return nil, nil
	}
	hashes := make([]string, 0, len(refs))
	for _, ref := range refs {
		hashes = append(hashes, ref.Hash)
	}
	found, err := store.Mentioned(ctx, s.Store, hashes)
	for _, ref := range refs {
		if !found[ref.Hash] {
			out = append(out, ref)
		}
	}
	return out, err
}
