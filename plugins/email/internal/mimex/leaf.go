package mimex

import (
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
	"github.com/uzel-hub/uzel/plugins/email/internal/tnef"
	"github.com/uzel-hub/uzel/plugins/email/internal/transfer"
)

// headSize is how much of a body its kind is told by.
const headSize = 4 << 10

// leaf decodes a part that has no parts and gives it to whoever understands it.
func (p *parser) leaf(src *source, n *node, in place) ([]segment, error) {
	dec, known := transfer.New(n.body(src), n.encoding)
	blob, err := p.store.Keep(dec)
	if err != nil {
		return nil, err
	}
	if err := src.drain(); err != nil {
		return nil, err
	}
	if !known {
		p.faultIn(faultEncoding, n.name)
	}
	if dec.Faulty() {
		p.faultIn(faultDamaged, n.name)
	}
	return p.body(n, blob, in)
}

// body finds out what a decoded part is.
func (p *parser) body(n *node, blob spool.Blob, in place) ([]segment, error) {
	head, err := blob.Head(headSize)
	if err != nil {
		return nil, err
	}
	switch {
	case n.media == "message/rfc822" || n.media == "message/global":
		return nil, p.letterFile(n, blob)
	case reportKind(n.media) != "":
		return nil, p.reportFile(n, blob)
	case n.isText(in):
		return p.text(n, blob, in)
	case len(head) == 0 && n.name == "":
		return nil, p.store.Drop(blob)
	case strings.HasPrefix(string(head), tnef.Signature):
		return p.tnefFile(n, blob)
	case opaque(n, head):
		return p.opaqueFile(n, blob, in)
	}
	p.addPart(n, blob, head, in)
	return nil, nil
}

// isText tells the text of the letter from attached text files: those have a
// name, unless the text stands where only a text can stand.
func (n *node) isText(in place) bool {
	if n.media != "text/plain" && n.media != "text/html" || n.attached {
		return false
	}
	return n.name == "" || in.body || in.root
}

func (p *parser) addPart(n *node, blob spool.Blob, head []byte, in place) {
	f := File{
		Name: n.name, Declared: n.media, MediaType: detect(head, n.name, n.media),
		ContentID: n.cid, blob: blob, SignatureOf: NoFile,
	}
	if in.signs > 0 && signatureType(n.media) {
		f.Role, f.SignatureOf = RoleSignature, in.signs-1
	}
	p.addFile(f)
}

// addFile gives a file what every file has and returns its index, or NoFile when
// there are too many: winmail.dat and uuencode hide any number in one part.
func (p *parser) addFile(f File) int {
	if len(p.letter.Files) >= 2*p.lim.Parts {
		p.fault(faultParts)
		return NoFile
	}
	f.Size = f.blob.Size()
	if f.Role == "" {
		f.Role = RoleAttachment
	}
	if f.Role != RoleSignature {
		f.SignatureOf = NoFile
	}
	p.letter.Files = append(p.letter.Files, f)
	return len(p.letter.Files) - 1
}

// letterFile keeps a letter inside the letter under its subject. Its text
// belongs to it and not to the letter around it.
func (p *parser) letterFile(n *node, blob spool.Blob) error {
	h, err := p.innerHeader(blob)
	if err != nil {
		return err
	}
	p.origins = append(p.origins, h)
	name := n.name
	if name == "" {
		name = headerx.FileName(withExt(headerx.Text(h.Get("Subject"), p.hint), ".eml"))
	}
	if name == "" {
		name = "письмо.eml"
	}
	p.addFile(File{Name: name, Declared: n.media, MediaType: "message/rfc822", ContentID: n.cid, Role: RoleLetter, blob: blob})
	return nil
}

func withExt(name, ext string) string {
	if name == "" {
		return ""
	}
	return strings.NewReplacer("/", "-", `\`, "-").Replace(name) + ext
}

// innerHeader reads the header at the beginning of a body; faults in it are
// those of another letter.
func (p *parser) innerHeader(blob spool.Blob) (*header, error) {
	r, err := blob.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	src := newSource(r, func(b []byte) { p.letter.Work += int64(len(b)) })
	block, _, err := src.headerBlock(p.lim.HeaderBlock, true)
	if err != nil {
		return nil, err
	}
	return &header{Header: headerx.ParseBlock(block, p.lim.Header).Header}, nil
}
