// Package extract reads the words out of files, for search: plain text, HTML,
// PDF, DOCX, XLSX and the text, sheets and slides of OpenDocument.
//
// Files come from strangers. [Text] bounds what it reads and writes, but the
// reading of some formats can still be made to spin, to eat memory or to
// overflow the stack; the hub therefore calls it in a child process only
// ([Reader], [Serve]), and such a file costs nobody but itself.
package extract

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
)

// ErrKind is returned for a file no text is read from: pictures, archives, what
// is encrypted, unknown formats.
var ErrKind = errors.New("no text is read from files of this kind")

// file is what Text was called with.
type file struct {
	name, media string
	content     []byte
	limit       int
}

// Text returns the words of a file, as valid UTF-8 of at most limit bytes; the
// rest is cut off. What kind of file it is says the content first, then the
// name and the media type. The error of a damaged file comes with the text that
// could be read before the fault.
func Text(name, media string, content []byte, limit int) (string, error) {
	f := file{strings.ToLower(name), strings.ToLower(media), content, limit}
	out := &writer{limit: limit}
	err := f.read(out)
	if errors.Is(err, errFull) {
		err = nil
	}
	return out.String(), err
}

func (f file) read(out *writer) error {
	switch {
	case bytes.Contains(f.content[:min(len(f.content), 1024)], []byte("%PDF-")):
		return readPDF(f.content, out)
	case bytes.HasPrefix(f.content, []byte("PK\x03\x04")):
		return readZip(f.content, out)
	case f.is("text/html", ".html", ".htm", ".xhtml"):
		return readHTML(decoded(f.content), out)
	case f.is("text/xml", ".xml") || f.is("application/xml"):
		return readHTML(decoded(f.content), out) // the words between tags
	case f.is("text/", ".txt", ".csv", ".md", ".log", ".json"):
		return out.text(decoded(f.content))
	}
	return ErrKind
}

// is tells whether the media type begins so or the name ends so.
func (f file) is(media string, extensions ...string) bool {
	return strings.HasPrefix(f.media, media) || slices.Contains(extensions, filepath.Ext(f.name))
}
