package mimex

import (
	"io"
	"regexp"
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
)

// place is where in the letter a part stands.
type place struct {
	root   bool
	depth  int  // multiparts around it
	body   bool // only text of the letter stands here, even under a file name
	digest bool
	signs  int // 1 + index of the file that the parts beside it sign
}

func (in place) inside() place {
	in.root = false
	in.depth++
	return in
}

// node is what a header says about its part.
type node struct {
	*header
	media    string // type/subtype in lower case; text/plain when nothing is said
	params   map[string]string
	attached bool   // Content-Disposition: attachment
	name     string // safe name, or ""
	cid      string
	encoding string
}

func (p *parser) node(h *header, in place) *node {
	ctype := headerx.ParseValue(h.Get("Content-Type"), p.hint)
	disp := headerx.ParseValue(h.Get("Content-Disposition"), p.hint)
	n := &node{
		header: h, media: ctype.Value, params: ctype.Params,
		attached: disp.Value == "attachment",
		name:     headerx.FileName(disp.Params["filename"]),
		encoding: h.Get("Content-Transfer-Encoding"),
	}
	if n.name == "" {
		n.name = headerx.FileName(ctype.Params["name"])
	}
	if ids := headerx.MessageIDs(h.Get("Content-Id")); len(ids) > 0 {
		n.cid = ids[0]
	}
	if !mediaType.MatchString(n.media) {
		n.media = n.defaultMedia(in)
	}
	return n
}

var mediaType = regexp.MustCompile(`^[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+*-]{1,128}$`)

func (n *node) defaultMedia(in place) string {
	switch {
	case in.digest:
		return "message/rfc822"
	case n.media != "" && n.media != "text" && n.name != "":
		return "application/octet-stream"
	case n.media == "html":
		return "text/html"
	}
	return "text/plain"
}

// part reads one part to its end: src.event is set when it returns.
func (p *parser) part(src *source, h *header, in place) ([]segment, error) {
	n := p.node(h, in)
	if !strings.HasPrefix(n.media, "multipart/") {
		return p.leaf(src, n, in)
	}
	if in.depth >= p.lim.Depth {
		p.fault(faultDepth)
		return nil, p.keepRest(src, n)
	}
	boundary := p.boundary(src, n)
	if boundary == "" {
		p.fault(faultNoParts)
		n.media = "text/plain"
		return p.leaf(src, n, in)
	}
	return p.multipart(src, n, boundary, in)
}

// anyDelimiter is a line that can only be a delimiter: header fields or a blank
// line follow.
var anyDelimiter = regexp.MustCompile(`(?m)^--([!-~][ -~]{0,198}?)[ \t]*\r?\n(?:Content-|\r?\n)`)

// boundary is that of the header, or the one the text shows.
func (p *parser) boundary(src *source, n *node) string {
	if b := strings.TrimRight(n.params["boundary"], " \t"); b != "" {
		return b
	}
	if src.event.kind != nothing {
		return ""
	}
	m := anyDelimiter.FindSubmatch(src.peek())
	if m == nil {
		return ""
	}
	p.fault(faultNoBoundary)
	return string(m[1])
}

// multipart reads the parts between the delimiters. One that is not closed ends
// where the multipart around it goes on or where the letter ends.
func (p *parser) multipart(src *source, n *node, boundary string, in place) ([]segment, error) {
	level := src.push(boundary)
	preamble, err := p.preamble(src, n)
	if err != nil {
		return nil, err
	}
	body, found, err := p.parts(src, n, level, in.inside())
	if err != nil {
		return nil, err
	}
	if err := p.epilogue(src, level); err != nil {
		return nil, err
	}
	if found == 0 {
		p.fault(faultNoParts)
		n.media = "text/plain"
		return p.text(n, preamble, in)
	}
	return body, p.store.Drop(preamble)
}

// epilogue skips what stands behind the last delimiter.
func (p *parser) epilogue(src *source, level int) error {
	over := src.event == event{closing, level}
	src.pop(level)
	if !over {
		p.fault(faultNotClosed)
		return nil
	}
	src.next()
	return src.drain()
}

// preamble keeps what stands before the first delimiter: all there is when no
// delimiter comes.
func (p *parser) preamble(src *source, n *node) (spool.Blob, error) {
	blob, err := p.store.Keep(io.LimitReader(n.body(src), int64(p.lim.Text)+1))
	if err != nil {
		return blob, err
	}
	return blob, src.drain()
}

// parts reads the parts of the multipart at level.
func (p *parser) parts(src *source, n *node, level int, in place) (body []segment, found int, err error) {
	kind := strings.TrimPrefix(n.media, "multipart/")
	in.digest = kind == "digest"
	in.signs = 0
	for src.event == (event{delimiter, level}) {
		src.next()
		found++
		in.body = kind == "alternative" || kind == "related" && found == 1
		var more []segment
		switch p.letter.Parts++; {
		case p.letter.Parts > p.lim.Parts:
			p.fault(faultParts)
			err = src.drain()
		case kind == "signed" && found == 1 && p.envelope < maxEnvelopes:
			more, in.signs, err = p.signed(src, in)
		default:
			more, err = p.child(src, in)
		}
		if err != nil {
			return nil, found, err
		}
		body = append(body, more...)
	}
	if kind == "alternative" {
		body = oneOf(body)
	}
	return body, found, nil
}

func (p *parser) child(src *source, in place) ([]segment, error) {
	h, err := p.readHeader(src, false)
	if err != nil {
		return nil, err
	}
	return p.part(src, h, in)
}

// keepRest keeps a part as a file as it stands.
func (p *parser) keepRest(src *source, n *node) error {
	blob, err := p.store.Keep(n.body(src))
	if err != nil {
		return err
	}
	if blob.Size() > 0 {
		p.addFile(File{Name: n.name, Declared: n.media, MediaType: n.media, blob: blob})
	}
	return nil
}
