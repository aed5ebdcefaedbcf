package mimex

import (
	"errors"
	"io"
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/cms"
	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
	"github.com/uzel-hub/uzel/plugins/email/internal/tnef"
)

// maxEnvelopes bounds signed parts inside signed parts, each of which is kept
// and read once more.
const maxEnvelopes = 3

func signatureType(media string) bool {
	switch media {
	case "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature":
		return true
	}
	return false
}

// signed reads the first part of multipart/signed. Its exact bytes, header
// included, are what the signature signs: they are kept as a file and read from
// there. mark is 1 + the index of that file.
func (p *parser) signed(src *source, in place) (body []segment, mark int, err error) {
	blob, err := p.store.Keep(src)
	if err != nil {
		return nil, 0, err
	}
	mark = 1 + p.addFile(File{Name: "подписанная часть.eml", Declared: "message/rfc822", MediaType: "message/rfc822", Role: RoleSigned, blob: blob})
	body, err = p.sub(blob, in)
	return body, mark, err
}

// opaque recognises the envelope of S/MIME that holds the letter itself; signed
// documents of other names are files.
func opaque(n *node, head []byte) bool {
	if n.media != "application/pkcs7-mime" && n.media != "application/x-pkcs7-mime" {
		return false
	}
	return strings.HasPrefix(string(head), "\x30") && (n.name == "" || strings.EqualFold(n.name, "smime.p7m"))
}

// opaqueFile keeps smime.p7m for verification and reads the content inside.
func (p *parser) opaqueFile(n *node, blob spool.Blob, in place) ([]segment, error) {
	if n.name == "" {
		n.name = "smime.p7m"
	}
	p.addFile(File{
		Name: n.name, Declared: n.media, MediaType: "application/pkcs7-mime", ContentID: n.cid,
		Role: RoleSignature, SignatureOf: NoFile, blob: blob,
	})
	if p.envelope >= maxEnvelopes {
		p.fault(faultNested)
		return nil, nil
	}
	content, err := p.unwrap(blob)
	if errors.Is(err, cms.ErrFormat) {
		p.fault(faultEncrypted)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	body, err := p.sub(content, in)
	if err != nil {
		return nil, err
	}
	return body, p.store.Drop(content)
}

// unwrap keeps the signed content of smime.p7m.
func (p *parser) unwrap(blob spool.Blob) (spool.Blob, error) {
	r, err := blob.Open()
	if err != nil {
		return spool.Blob{}, err
	}
	defer r.Close()
	content, err := cms.Content(r)
	if err != nil {
		return spool.Blob{}, err
	}
	return p.store.Keep(&lenient{r: content, cut: func() { p.fault(faultSignedCut) }})
}

// lenient turns content that is cut short into content that ends.
type lenient struct {
	r   io.Reader
	cut func()
}

func (l *lenient) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		l.cut()
		return n, io.EOF
	}
	return n, err
}

// tnefFile takes the files and the text out of winmail.dat. The original stays
// when something in it could not be read.
func (p *parser) tnefFile(n *node, blob spool.Blob) ([]segment, error) {
	if p.envelope >= maxEnvelopes {
		p.fault(faultNested)
		p.keepTNEF(n, blob)
		return nil, nil
	}
	r, err := blob.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	m, err := tnef.Read(r, p.store.Keep)
	switch {
	case errors.Is(err, tnef.ErrFormat):
		p.keepTNEF(n, blob)
		return nil, nil
	case err != nil:
		return nil, err
	case m.Damaged:
		p.fault(faultTNEF)
		p.keepTNEF(n, blob)
	default:
		if err := p.store.Drop(blob); err != nil {
			return nil, err
		}
	}
	return p.tnefMessage(m)
}

func (p *parser) keepTNEF(n *node, blob spool.Blob) {
	if n.name == "" {
		n.name = "winmail.dat"
	}
	p.addFile(File{Name: n.name, Declared: n.media, MediaType: "application/ms-tnef", blob: blob})
}

func (p *parser) tnefMessage(m *tnef.Message) ([]segment, error) {
	for _, f := range m.Files {
		if err := p.tnefAttachment(f); err != nil {
			return nil, err
		}
	}
	body := segment{text: p.takeText(m.Body), html: p.takeHTML(m.HTML), spare: true}
	if m.Body == "" && m.HTML == "" && len(m.RTF) > 0 {
		p.fault(faultRTF)
		blob, err := p.store.Keep(strings.NewReader(string(m.RTF)))
		if err != nil {
			return nil, err
		}
		p.addFile(File{Name: "текст письма.rtf", MediaType: "application/rtf", blob: blob})
	}
	return []segment{body}, nil
}

// tnefAttachment adds one file of winmail.dat; a message among them brings its
// own files, and its text as one more.
func (p *parser) tnefAttachment(f tnef.File) error {
	n := &node{name: headerx.FileName(f.Name), media: f.MediaType, cid: strings.Trim(f.ContentID, "<> ")}
	head, err := f.Body.Head(headSize)
	if err != nil {
		return err
	}
	if !f.Embedded {
		p.addPart(n, f.Body, head, place{})
		return nil
	}
	p.envelope++
	defer func() { p.envelope-- }()
	body, err := p.tnefFile(n, f.Body)
	if err != nil {
		return err
	}
	text := joinText(body)
	if text == "" {
		return nil
	}
	blob, err := p.store.Keep(strings.NewReader(text))
	if err != nil {
		return err
	}
	p.addFile(File{Name: headerx.FileName(n.name + ".txt"), Declared: "text/plain", MediaType: "text/plain", blob: blob})
	return nil
}
