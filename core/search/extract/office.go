package extract

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxParts and maxUnpacked bound what is read of one office file: how many of
// its parts, and how many bytes all of them unpack to.
const (
	maxParts    = 500
	maxUnpacked = 32 << 20
)

// readZip reads the parts of an office file that hold text, in their order in
// the archive. Any other archive is none of ours.
func readZip(raw []byte, out *writer) error {
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	left, parts := int64(maxUnpacked), 0
	for _, f := range archive.File {
		rules, ok := partRules(f.Name)
		if !ok {
			continue
		}
		if parts++; parts > maxParts {
			break
		}
		used, err := readPart(f, rules, left, out)
		if err != nil {
			return err
		}
		left -= used
	}
	if parts == 0 {
		return ErrKind
	}
	return nil
}

// rules say which elements of a part hold text, by local name.
type rules struct {
	all    bool            // every text is wanted
	texts  map[string]bool // else those within these elements
	lines  map[string]bool // end a line
	spaces map[string]bool // end a word
	cell   string          // an element whose attribute t="s" means: its text stands elsewhere
}

func set(names ...string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

// partRules finds the parts that hold text: of word processing, sheets and
// slides of Office Open XML (ECMA-376) and of OpenDocument (ISO 26300).
func partRules(name string) (rules, bool) {
	dir, base := path.Split(name)
	switch {
	case !strings.HasSuffix(base, ".xml"):
		return rules{}, false
	case dir == "word/" && (base == "document.xml" || strings.HasPrefix(base, "header") || strings.HasPrefix(base, "footer") ||
		base == "footnotes.xml" || base == "endnotes.xml" || base == "comments.xml"):
		return rules{texts: set("t"), lines: set("p", "br"), spaces: set("tab", "tc")}, true
	case name == "xl/sharedStrings.xml":
		return rules{texts: set("t"), lines: set("si")}, true
	case dir == "xl/worksheets/":
		return rules{texts: set("v", "t"), lines: set("row"), spaces: set("c"), cell: "c"}, true
	case dir == "ppt/slides/" || dir == "ppt/notesSlides/":
		return rules{texts: set("t"), lines: set("p", "br")}, true
	case name == "content.xml":
		return rules{all: true, lines: set("p", "h", "line-break"), spaces: set("tab", "s", "table-cell")}, true
	}
	return rules{}, false
}

// readPart reads one part, at most left bytes of it, and returns how many bytes
// it took.
func readPart(f *zip.File, r rules, left int64, out *writer) (int64, error) {
	body, err := f.Open()
	if err != nil {
		return 0, fmt.Errorf("open part: %w", err)
	}
	defer body.Close()
	counted := &countingReader{from: io.LimitReader(body, left)}
	err = readXML(xml.NewDecoder(counted), r, out)
	if err == nil && counted.n >= left {
		err = errors.New("unpacks to more than is read of a file")
	}
	return counted.n, err
}

type countingReader struct {
	from io.Reader
	n    int64
}

// Read implements io.Reader.
func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.n += int64(n)
	return n, err
}

// readXML walks a part token by token; nothing of it is kept. Entities of its
// own are refused by the decoder.
func readXML(d *xml.Decoder, r rules, out *writer) error {
	within, elsewhere := 0, false
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read part: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if r.texts[t.Name.Local] {
				within++
			}
			if r.cell == t.Name.Local && r.cell != "" {
				elsewhere = shared(t)
			}
			r.separate(t.Name.Local, out)
		case xml.EndElement:
			if r.texts[t.Name.Local] {
				within = max(0, within-1)
			}
			r.separate(t.Name.Local, out)
		case xml.CharData:
			if elsewhere || !r.all && within == 0 {
				continue
			}
			if err := out.text(string(t)); err != nil {
				return err
			}
		}
	}
}

func (r rules) separate(name string, out *writer) {
	switch {
	case r.lines[name]:
		out.line()
	case r.spaces[name]:
		out.space()
	}
}

// shared tells that a cell holds the number of a shared string.
func shared(cell xml.StartElement) bool {
	for _, a := range cell.Attr {
		if a.Name.Local == "t" {
			return a.Value == "s"
		}
	}
	return false
}
