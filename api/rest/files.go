package rest

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

func (s *Server) listFiles(c *call) (answer, error) {
	d, err := s.document(c)
	if err != nil {
		return answer{}, err
	}
	return ok(list[core.Attachment]{items(d.Files, itself)}), nil
}

func (s *Server) document(c *call) (d *core.Document, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		d, err = c.who.Scope().Read(tx, c.param("id"))
		return err
	})
	return d, err
}

// shownInline are the only types a browser may show in place.
var shownInline = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"}

func (s *Server) getFile(c *call) (answer, error) {
	q := c.query()
	name, inline := q.text("name"), q.flag("inline")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	d, err := s.document(c)
	if err != nil {
		return answer{}, err
	}
	file, err := fileOf(d, c.param("hash"), name)
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.sendFile(c, file, inline)
}

func fileOf(d *core.Document, hash, name string) (core.Attachment, error) {
	i := slices.IndexFunc(d.Files, func(f core.Attachment) bool { return f.Hash == hash && (name == "" || f.Name == name) })
	if i < 0 {
		return core.Attachment{}, core.NotFound("files.not_found", "у документа нет такого файла")
	}
	return d.Files[i], nil
}

// sendFile streams a file from the blob store.
func (s *Server) sendFile(c *call, f core.Attachment, inline bool) error {
	body, err := s.Blobs.Open(c.ctx(), f.Hash)
	if core.KindOf(err) == core.KindNotFound {
		return fmt.Errorf("file %s is lost: %v", f.Hash, err) // no %w: the caller asked for nothing wrong
	}
	if err != nil {
		return err
	}
	defer body.Close()
	fileHeaders(c.w.Header(), f, inline)
	http.ServeContent(newPatientWriter(c.w), c.r, "", time.Time{}, body)
	return nil
}

func fileHeaders(h http.Header, f core.Attachment, inline bool) {
	media, params, err := mime.ParseMediaType(f.MediaType)
	if err != nil {
		media, params = "application/octet-stream", nil
	}
	how, policy := "attachment", "sandbox; default-src 'none'"
	if inline && slices.Contains(shownInline, media) {
		how, policy = "inline", "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
		h.Set("X-Frame-Options", "SAMEORIGIN")
	}
	if how == "inline" && media == "application/pdf" {
		// A sandbox keeps the browsers' own PDF readers out, which are one.
		policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
	}
	h.Set("Content-Type", mime.FormatMediaType(media, params))
	h.Set("Content-Disposition", disposition(how, safeName(f.Name)))
	h.Set("Content-Security-Policy", policy)
	h.Set("ETag", `"`+f.Hash+`"`)
	h.Set("Cache-Control", "private, no-cache")
}
