package rest

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/store"
)

// mostFiles is how many files an appeal may have.
const mostFiles = 500

// AttachInput adds files to an appeal: those that come with it, and some of
// other documents.
type AttachInput struct {
	From []FileOf `json:"from"`
}

// FileOf names a file of a document.
type FileOf struct {
	Document core.DocumentID `json:"document"`
	Hash     string          `json:"hash"`
	Name     string          `json:"name"` // which, when two have the same bytes
}

// attachFiles adds files to an appeal. One it has already is not added again, so
// that the same request may be sent twice.
func (s *Server) attachFiles(c *call) (answer, error) {
	var in AttachInput
	files, err := s.decodeForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	return s.doAppeal(c, appeal.Ref{ID: c.appeal()}, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		added := slices.Clone(files)
		for i, of := range in.From {
			file, err := c.fileOf(tx, of, indexed("from", i))
			if err != nil {
				return nil, err
			}
			added = append(added, file)
		}
		if len(added) == 0 {
			return nil, core.Invalid("request.body", "from", textRequired)
		}
		d, err := s.Appeals.Edit(tx, ref, func(d *core.Document) { d.Files = withFiles(d.Files, added) })
		if err == nil && len(d.Files) > mostFiles {
			err = core.Invalid("request.body", "from", textTooMany)
		}
		return d, err
	})
}

// fileOf is a file of a document the caller may see, to be put into another.
func (c *call) fileOf(tx store.Tx, of FileOf, field string) (core.Attachment, error) {
	d, err := c.who.Scope().Read(tx, string(of.Document))
	if err != nil && core.KindOf(err) != core.KindNotFound {
		return core.Attachment{}, err
	}
	if err == nil {
		for _, f := range d.Files {
			if f.Hash == of.Hash && (of.Name == "" || f.Name == of.Name) {
				return core.Attachment{Hash: f.Hash, Size: f.Size, Name: f.Name, MediaType: f.MediaType, Role: core.FileAttachment}, nil
			}
		}
	}
	return core.Attachment{}, core.Invalid("request.body", field, textNotFound)
}

// withFiles is the list with those added that it does not have.
func withFiles(had, added []core.Attachment) []core.Attachment {
	out := slices.Clone(had)
	for _, f := range added {
		if !slices.ContainsFunc(out, func(o core.Attachment) bool { return o.Hash == f.Hash && o.Name == f.Name }) {
			out = append(out, f)
		}
	}
	return out
}
