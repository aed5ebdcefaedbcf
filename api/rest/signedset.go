package rest

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
)

// getSignedSet sends the signed files with their signatures and the reports as
// one ZIP archive.
func (s *Server) getSignedSet(c *call) (answer, error) {
	var d *core.Document
	var all []*core.Signature
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		if d, err = c.who.Scope().Read(tx, c.param("id")); err != nil {
			return err
		}
		all, err = signing.Of(tx, d.ID)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	files := signedFiles(all)
	if len(files) == 0 {
		return answer{}, core.NotFound("signatures.none", "у документа нет подписей")
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", disposition("attachment", setName(d)))
	h.Set("Cache-Control", "private, no-cache")
	return answer{}, s.writeSet(c, d, all, files)
}

func setName(d *core.Document) string {
	name := "Подписанный документ"
	if d.Number != nil {
		name = d.Number.Text
	}
	return safeName(strings.ReplaceAll(name, "/", "-")) + ".zip"
}

// signedFiles are what is signed and the signatures, each under a name of its
// own: a signature's stays the one of its file with an ending.
func signedFiles(all []*core.Signature) []core.Attachment {
	var out []core.Attachment
	names := map[string]string{} // by hash and name
	add := func(f core.Attachment) string {
		key := f.Hash + "/" + f.Name
		if names[key] == "" {
			f.Name = unusedName(out, safeName(f.Name))
			out, names[key] = append(out, f), f.Name
		}
		return names[key]
	}
	for _, sig := range all {
		if sig.Signature == nil {
			continue
		}
		f := *sig.Signature
		if sig.File != nil {
			signed := add(*sig.File)
			f.Name = signed + strings.TrimPrefix(f.Name, sig.File.Name)
		}
		add(f)
	}
	return out
}

func (s *Server) writeSet(c *call, d *core.Document, all []*core.Signature, files []core.Attachment) error {
	z := zip.NewWriter(newPatientWriter(c.w))
	for _, f := range files {
		if err := s.pack(c, z, f); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"Отчёт о проверке.txt": signing.Summary(d, all), "report.json": string(raw)} {
		w, err := z.Create(unusedName(files, name))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return z.Close()
}

func (s *Server) pack(c *call, z *zip.Writer, f core.Attachment) error {
	body, err := s.Blobs.Open(c.ctx(), f.Hash)
	if err != nil {
		return fmt.Errorf("file %s is lost: %v", f.Hash, err) // no %w: the caller asked for nothing wrong
	}
	defer body.Close()
	w, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: time.Time{}})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, body)
	return err
}
