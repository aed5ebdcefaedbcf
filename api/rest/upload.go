package rest

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
)

const maxFiles = 100 // of one request

// decodeForm reads the JSON of a request into v, and its files into the blob
// store as they come. A request without files is plain JSON; one with files is
// multipart/form-data with a part `data` and parts `file`.
func (s *Server) decodeForm(c *call, v any) ([]core.Attachment, error) {
	if media, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); media != "multipart/form-data" {
		c.r.Body = http.MaxBytesReader(c.w, c.r.Body, s.MaxBody)
		return nil, c.decode(v)
	}
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, bodyError(err)
	}
	form := form{server: s, call: c, into: v}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form.end()
		}
		if err != nil {
			return nil, bodyError(err)
		}
		if err := form.take(part); err != nil {
			return nil, err
		}
	}
}

// decodeSoundForm is decodeForm of an input that must find no fault with itself.
func (s *Server) decodeSoundForm(c *call, in checker) ([]core.Attachment, error) {
	files, err := s.decodeForm(c, in)
	if err != nil {
		return nil, err
	}
	return files, sound(in)
}

// form is a multipart body being read.
type form struct {
	server *Server
	call   *call
	into   any
	seen   bool // the part data
	files  []core.Attachment
}

func (m *form) take(part *multipart.Part) error {
	switch name := part.FormName(); {
	case name == "data" && m.seen:
		return core.Invalid("request.body", "data", textSecondFile)
	case name == "data":
		m.seen = true
		raw, err := io.ReadAll(http.MaxBytesReader(m.call.w, part, m.server.MaxBody))
		if err != nil {
			return bodyError(err)
		}
		return decodeStrict(raw, m.into)
	case name == "file" && len(m.files) == maxFiles:
		return core.Invalid("request.body", "file", textTooMany)
	case name == "file":
		return m.keep(part)
	default:
		return core.Invalid("request.body", join("", name), textForeignPart)
	}
}

func (m *form) keep(part *multipart.Part) error {
	name := unusedName(m.files, safeName(part.FileName()))
	body := bufio.NewReaderSize(blob.Limit(part, m.server.MaxFile), 4096)
	head, err := body.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return bodyError(err)
	}
	ref, err := m.server.Blobs.Put(m.call.ctx(), body)
	if err != nil {
		return uploadError(err)
	}
	m.files = append(m.files, core.Attachment{
		Hash: ref.Hash, Size: ref.Size, Name: name, MediaType: core.MediaType(name, head), Role: core.FileAttachment,
	})
	return nil
}

// uploadError tells a body that broke off from a store that cannot take it.
func uploadError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return bodyError(err)
	}
	return err
}

func (m *form) end() ([]core.Attachment, error) {
	if !m.seen {
		return nil, core.Invalid("request.body", "data", textNoData)
	}
	return markSignatures(m.files), nil
}

// markSignatures recognises `contract.pdf.sig` beside `contract.pdf`.
func markSignatures(files []core.Attachment) []core.Attachment {
	for i := range files {
		ext := strings.ToLower(path.Ext(files[i].Name))
		if !slices.Contains([]string{".sig", ".p7s", ".sgn"}, ext) {
			continue
		}
		signed := files[i].Name[:len(files[i].Name)-len(ext)]
		if slices.ContainsFunc(files, func(f core.Attachment) bool { return f.Name == signed }) {
			files[i].Role, files[i].Signs = core.FileSignature, signed
		}
	}
	return files
}
