package mimex

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/emersion/go-message/textproto"

	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
	"github.com/uzel-hub/uzel/plugins/email/internal/htmlx"
	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
)

// Parse reads one letter from r. It fails only when r or the spool fails or ctx
// is done; nothing is left behind then. Whatever the letter contains, a Letter
// is returned, which the caller closes.
func Parse(ctx context.Context, r io.Reader, lim Limits, sp Spool) (*Letter, error) {
	lim = lim.withDefaults()
	if sp.Bytes <= 0 {
		sp.Bytes = 2 * lim.Total
	}
	if sp.Blobs <= 0 {
		sp.Blobs = 4 * lim.Parts
	}
	p := &parser{lim: lim, store: spool.New(sp), sum: sha256.New(), letter: &Letter{}}
	p.textLeft, p.htmlLeft = lim.Text, lim.Text
	p.letter.store = p.store
	if err := p.parse(&input{stop: ctx.Err, r: r, left: lim.Total}); err != nil {
		return nil, errors.Join(fmt.Errorf("mimex: %w", err), p.store.Close())
	}
	return p.letter, nil
}

// input ends the letter at its limit and stops when nobody waits any more.
type input struct {
	stop func() error
	r    io.Reader
	left int64
	over bool
}

func (in *input) Read(p []byte) (int, error) {
	if err := in.stop(); err != nil {
		return 0, err
	}
	if in.left == 0 {
		return 0, in.probe()
	}
	n, err := in.r.Read(p[:min(int64(len(p)), in.left)])
	in.left -= int64(n)
	return n, err
}

// probe finds out whether anything lies behind the limit.
func (in *input) probe() error {
	var one [1]byte
	n, err := io.ReadFull(in.r, one[:])
	in.over = in.over || n > 0
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return io.EOF
}

// parser holds what is collected while the parts go by.
type parser struct {
	lim      Limits
	store    *spool.Store
	sum      hash.Hash
	letter   *Letter
	header   textproto.Header // of the letter itself
	hint     string           // charset for raw bytes in headers
	textLeft int              // bytes of text still taken
	htmlLeft int
	envelope int       // signed parts and winmail.dat being read inside one another
	reports  []report  // machine-readable parts of bounces and receipts
	origins  []*header // headers of the letters inside the letter
}

func (p *parser) parse(in *input) error {
	started := false
	src := newSource(in, func(b []byte) {
		p.letter.Size += int64(len(b))
		p.letter.Work += int64(len(b))
		if started {
			p.sum.Write(b)
		}
	})
	h, err := p.readHeader(src, true)
	if err != nil {
		return err
	}
	started = true
	p.sum.Write(h.rest)
	p.begin(h)
	body, err := p.part(src, h, place{root: true})
	if err != nil {
		return err
	}
	if in.over {
		p.fault(faultTooLong)
	}
	return p.finish(body)
}

// header is a header block that was read, with what it says about the part.
type header struct {
	textproto.Header
	rest []byte // text behind the last field
}

// readHeader reads the header block of a part and notes what was wrong with it.
func (p *parser) readHeader(src *source, root bool) (*header, error) {
	block, cut, err := src.headerBlock(p.lim.HeaderBlock, root)
	if err != nil {
		return nil, err
	}
	b := headerx.ParseBlock(block, p.lim.Header)
	for _, f := range []struct {
		met  bool
		text string
	}{
		{cut, faultHeaderBlock},
		{b.Cut > 0, faultHeaderField},
		{b.Joined > 0, faultHeaderJoined},
		{b.Lost > 0, faultHeaderLost},
		{len(b.Rest) > 0 && b.Header.Len() > 0, faultNoBlankLine},
	} {
		if f.met {
			p.fault(f.text)
		}
	}
	return &header{b.Header, withBlankLine(b.Rest, src)}, nil
}

// withBlankLine restores the line between a text that began in the header block
// and its continuation.
func withBlankLine(rest []byte, src *source) []byte {
	if len(rest) > 0 && src.event.kind == nothing {
		rest = append(rest, "\r\n"...)
	}
	return rest
}

// begin takes from the header what the parts need to know.
func (p *parser) begin(h *header) {
	p.header = h.Header
	p.hint = headerx.ParseValue(h.Get("Content-Type"), "").Params["charset"]
	if !recognised(h.Header) {
		p.letter.Broken = true
		p.fault(faultNoHeader)
	}
}

// recognised tells a letter from any other file: at least one of its fields.
func recognised(h textproto.Header) bool {
	for _, name := range []string{"From", "To", "Cc", "Subject", "Date", "Message-Id", "Received", "Return-Path", "Sender", "Content-Type", "Mime-Version", "Delivered-To"} {
		if h.Has(name) {
			return true
		}
	}
	return false
}

// finish puts together what the parts brought.
func (p *parser) finish(body []segment) error {
	l := p.letter
	l.BodySum = hex.EncodeToString(p.sum.Sum(nil))
	if p.store.Cut() {
		p.fault(faultSpool)
	}
	p.setEnvelope()
	p.setBody(body)
	p.nameFiles()
	p.pairSignatures()
	p.markInline()
	l.Auto = autoInfo(p.header)
	return p.setReports()
}

// setBody joins the segments to the text and the HTML of the letter.
func (p *parser) setBody(body []segment) {
	l := p.letter
	l.Text = joinText(body)
	if raw := joinHTML(body); raw != "" {
		l.RawHTML = []byte(raw)
		l.HTML = htmlx.NewSanitizer().Sanitize(raw)
	}
}

// sub reads a body that is an entity by itself: a signed part, the content of
// smime.p7m.
func (p *parser) sub(blob spool.Blob, in place) ([]segment, error) {
	r, err := blob.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	src := newSource(r, func(b []byte) { p.letter.Work += int64(len(b)) })
	h, err := p.readHeader(src, false)
	if err != nil {
		return nil, err
	}
	p.envelope++
	defer func() { p.envelope-- }()
	return p.part(src, h, in)
}

// body is the reader of what follows the header of a part.
func (h *header) body(src *source) io.Reader {
	if len(h.rest) == 0 {
		return src
	}
	return io.MultiReader(bytes.NewReader(h.rest), src)
}
