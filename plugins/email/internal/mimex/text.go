package mimex

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/charsetx"
	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
	"github.com/uzel-hub/uzel/plugins/email/internal/htmlx"
	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
	"github.com/uzel-hub/uzel/plugins/email/internal/transfer"
)

// text takes a part as text of the letter, whichever of the two kinds it is by
// its first bytes. What is no text at all becomes a file.
func (p *parser) text(n *node, blob spool.Blob, in place) ([]segment, error) {
	head, err := blob.Head(headSize)
	if err != nil {
		return nil, err
	}
	if binary(head) && !charsetx.Wide(n.params["charset"], head) {
		p.faultIn(faultBinaryAsText, n.name)
		p.addPart(n, blob, head, in)
		return nil, nil
	}
	if htmlx.Looks(head) || n.media == "text/html" && bytes.IndexByte(head, '<') >= 0 {
		return p.htmlText(n, blob)
	}
	return p.plainText(n, blob)
}

// binary tells by control characters what is no text; a few of them are damage.
func binary(head []byte) bool {
	n := 0
	for _, c := range head {
		if c < '\t' || c > '\r' && c < ' ' && c != 0x1B {
			n++
		}
	}
	return n > 3 && n*20 > len(head)
}

func (p *parser) htmlText(n *node, blob spool.Blob) ([]segment, error) {
	if blob.Size() > int64(p.htmlLeft) {
		p.fault(faultLongHTML)
		p.addFile(File{Name: n.name, Declared: n.media, MediaType: "text/html", Role: RoleHTML, blob: blob})
		html, err := p.readHTML(n, blob)
		return []segment{{text: p.takeText(htmlx.Text(html)), spare: true}}, err
	}
	html, err := p.readHTML(n, blob)
	if err != nil {
		return nil, err
	}
	return []segment{{html: p.takeHTML(html)}}, p.store.Drop(blob)
}

// readHTML decodes an HTML document, of a long one the beginning.
func (p *parser) readHTML(n *node, blob spool.Blob) (string, error) {
	raw, err := blob.Head(p.htmlLeft)
	if err != nil {
		return "", err
	}
	label := n.params["charset"]
	if label == "" {
		label = htmlx.Charset(raw)
	}
	return p.decode(raw, label), nil
}

func (p *parser) plainText(n *node, blob spool.Blob) ([]segment, error) {
	raw, err := p.scanText(blob)
	if err != nil {
		return nil, err
	}
	if len(raw) > p.textLeft {
		p.fault(faultLongText)
		p.addFile(File{Name: n.name, Declared: n.media, MediaType: "text/plain", blob: blob})
		raw = raw[:p.textLeft]
	} else if err := p.store.Drop(blob); err != nil {
		return nil, err
	}
	text := lines(p.decode(raw, n.params["charset"]))
	if strings.EqualFold(n.params["format"], "flowed") {
		text = transfer.Flowed(text, strings.EqualFold(n.params["delsp"], "yes"))
	}
	return []segment{{text: p.takeText(text)}}, nil
}

// decode turns the bytes of a text into UTF-8 and notes a guess.
func (p *parser) decode(raw []byte, label string) string {
	text, ok := charsetx.Decode(raw, label)
	if !ok || label != "" && !charsetx.Known(label) {
		p.fault(faultCharset)
	}
	return text
}

// takeText and takeHTML count what is taken against the limits.
func (p *parser) takeText(s string) string {
	s = trim(lines(cutText(s, p.textLeft)))
	p.textLeft -= len(s)
	return s
}

func (p *parser) takeHTML(s string) string {
	s = cutText(s, p.htmlLeft)
	p.htmlLeft -= len(s)
	return s
}

// cutText shortens to whole characters.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.TrimRight(strings.ToValidUTF8(s[:limit], ""), "\uFFFD")
}

func lines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// trim removes blank lines around a text; the indent of its first line stays.
func trim(s string) string {
	s = strings.TrimRight(s, " \t\n")
	for {
		line, rest, ok := strings.Cut(s, "\n")
		if !ok || strings.TrimSpace(line) != "" {
			return s
		}
		s = rest
	}
}

// scanText reads a text up to one byte more than may be taken, and takes the
// uuencoded files out of it.
func (p *parser) scanText(blob spool.Blob) ([]byte, error) {
	r, err := blob.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	t := textScanner{p: p, r: bufio.NewReaderSize(r, headSize)}
	for {
		line, err := t.line()
		if errors.Is(err, io.EOF) {
			return t.text, nil
		}
		if err == nil {
			err = t.take(line)
		}
		if err != nil {
			return nil, err
		}
	}
}

// textScanner tells lines of text from files written between them.
type textScanner struct {
	p    *parser
	r    *bufio.Reader
	text []byte
	back string // a line that was read and belongs to what follows
}

// line returns the next line, or a piece of a long one, with its end.
func (t *textScanner) line() (string, error) {
	if line := t.back; line != "" {
		t.back = ""
		return line, nil
	}
	line, err := t.r.ReadSlice('\n')
	if len(line) > 0 || errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return string(line), err
}

func (t *textScanner) take(line string) error {
	if name, ok := transfer.UUBegin(line); ok {
		next, _ := t.r.Peek(70)
		first, _, _ := strings.Cut(string(next), "\n")
		if _, ok := transfer.UULine(first); ok {
			return t.file(name)
		}
	}
	if room := t.p.textLeft + 1 - len(t.text); room > 0 {
		t.text = append(t.text, line[:min(len(line), room)]...)
	}
	return nil
}

// file keeps one uuencoded file.
func (t *textScanner) file(name string) error {
	r := &uuFile{t: t}
	blob, err := t.p.store.Keep(r)
	if err != nil {
		return err
	}
	name = headerx.FileName(headerx.Text(name, t.p.hint))
	if r.cut {
		t.p.faultIn(faultUU, name)
	}
	head, err := blob.Head(headSize)
	if err != nil {
		return err
	}
	t.p.addFile(File{Name: name, MediaType: detect(head, name, ""), blob: blob})
	return nil
}

// uuFile reads the lines of a file up to "end"; a line of another kind ends it
// too and is text again.
type uuFile struct {
	t    *textScanner
	data []byte
	cut  bool
	over bool
}

func (u *uuFile) Read(b []byte) (int, error) {
	for len(u.data) == 0 {
		if u.over {
			return 0, io.EOF
		}
		if err := u.line(); err != nil {
			return 0, err
		}
	}
	n := copy(b, u.data)
	u.data = u.data[n:]
	return n, nil
}

func (u *uuFile) line() error {
	line, err := u.t.line()
	if errors.Is(err, io.EOF) {
		u.over, u.cut = true, true
		return nil
	}
	if err != nil {
		return err
	}
	if strings.TrimRight(line, " \t\r\n") == "end" {
		u.over = true
		return nil
	}
	data, ok := transfer.UULine(line)
	if u.data = data; !ok && strings.TrimSpace(line) != "" {
		u.over, u.cut = true, true
		u.t.back = line
	}
	return nil
}
