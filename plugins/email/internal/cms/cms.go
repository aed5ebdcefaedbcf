// Package cms opens an opaque signature: it takes the signed content out of a
// CMS SignedData (RFC 5652) as smime.p7m carries it. It checks nothing; the
// signature is verified elsewhere from the bytes as they came.
package cms

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrFormat is returned for input that is no SignedData with content inside:
// encrypted letters, detached signatures, other formats.
var ErrFormat = errors.New("cms: no signed content inside")

// Tags of BER (X.690) met on the way to the content.
const (
	tagInteger     = 0x02
	tagOctets      = 0x04
	tagOID         = 0x06
	tagSequence    = 0x30
	tagSet         = 0x31
	tagContext0    = 0xA0
	tagConstructed = 0x20
	indefinite     = -1
	maxDepth       = 16
)

// oidSignedData is 1.2.840.113549.1.7.2.
const oidSignedData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"

// Content returns the content that is signed in r, which may be BER with
// indefinite lengths. What cannot be opened gives ErrFormat at once; damage
// further on ends the content early with io.ErrUnexpectedEOF.
func Content(r io.Reader) (io.Reader, error) {
	p := &parser{r: bufio.NewReader(r)}
	p.enter(tagSequence)
	p.oid(oidSignedData)
	p.enter(tagContext0)
	p.enter(tagSequence)
	p.pass(tagInteger)
	p.pass(tagSet)
	p.enter(tagSequence)
	p.pass(tagOID)
	p.enter(tagContext0)
	head := p.header()
	if p.err != nil {
		return nil, formatError(p.err)
	}
	return content(p, head)
}

func formatError(err error) error {
	if errors.Is(err, ErrFormat) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrFormat
	}
	return fmt.Errorf("cms: %w", err)
}

func content(p *parser, head header) (io.Reader, error) {
	switch {
	case head.tag == tagOctets && head.size >= 0:
		return &octets{p: p, left: head.size, last: true}, nil
	case head.tag == tagOctets|tagConstructed:
		return &octets{p: p, open: []int64{head.size}}, nil
	}
	return nil, ErrFormat
}

// header is the beginning of a BER value.
type header struct {
	tag  byte
	size int64 // indefinite: up to the end mark
}

// parser goes through BER from left to right. After an error it does nothing.
type parser struct {
	r    *bufio.Reader
	read int64
	err  error
}

func (p *parser) byte() byte {
	if p.err != nil {
		return 0
	}
	c, err := p.r.ReadByte()
	p.err = err
	p.read++
	return c
}

func (p *parser) header() header {
	h := header{tag: p.byte()}
	if h.tag&0x1F == 0x1F { // long tags do not occur in CMS
		p.fail()
	}
	switch n := p.byte(); {
	case n < 0x80:
		h.size = int64(n)
	case n == 0x80:
		h.size = indefinite
	case n > 0x86:
		p.fail()
	default:
		for range n & 0x7F {
			h.size = h.size<<8 | int64(p.byte())
		}
	}
	if h.size == indefinite && h.tag&tagConstructed == 0 {
		p.fail()
	}
	return h
}

func (p *parser) fail() {
	if p.err == nil {
		p.err = ErrFormat
	}
}

// enter steps into a constructed value.
func (p *parser) enter(tag byte) {
	if p.header().tag != tag {
		p.fail()
	}
}

// pass steps over a value.
func (p *parser) pass(tag byte) {
	h := p.header()
	if h.tag != tag {
		p.fail()
	}
	p.over(h, 0)
}

func (p *parser) over(h header, depth int) {
	if h.size != indefinite {
		p.discard(h.size)
		return
	}
	if depth > maxDepth {
		p.fail()
	}
	for p.err == nil {
		next := p.header()
		if next.tag == 0 && next.size == 0 {
			return
		}
		p.over(next, depth+1)
	}
}

func (p *parser) discard(n int64) {
	if p.err != nil {
		return
	}
	_, p.err = io.CopyN(io.Discard, p.r, n)
	p.read += n
}

func (p *parser) oid(want string) {
	h := p.header()
	if h.tag != tagOID || h.size != int64(len(want)) {
		p.fail()
		return
	}
	got := make([]byte, len(want))
	if p.err == nil {
		_, p.err = io.ReadFull(p.r, got)
		p.read += h.size
	}
	if !bytes.Equal(got, []byte(want)) {
		p.fail()
	}
}

// octets reads an OCTET STRING whose pieces may be nested.
type octets struct {
	p    *parser
	left int64   // of the piece being read
	last bool    // there is no other piece
	open []int64 // what is left of the strings around it, outermost first
}

// Read returns the bytes of the string one piece after another.
func (o *octets) Read(b []byte) (int, error) {
	for o.left == 0 {
		if o.last {
			return 0, io.EOF
		}
		if err := o.next(); err != nil {
			return 0, err
		}
	}
	n, err := o.p.r.Read(b[:min(int64(len(b)), o.left)])
	o.p.read += int64(n)
	o.left -= int64(n)
	if err != nil {
		return n, cutShort(err)
	}
	return n, nil
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, ErrFormat) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// next finds the following piece.
func (o *octets) next() error {
	inner := &o.open[len(o.open)-1]
	if *inner == 0 {
		o.close()
		return nil
	}
	start := o.p.read
	h := o.p.header()
	if o.p.err != nil {
		return cutShort(o.p.err)
	}
	o.spend(o.p.read - start)
	switch {
	case h.tag == 0 && h.size == 0 && *inner == indefinite:
		o.close()
	case h.tag == tagOctets:
		o.left = h.size
		o.spend(h.size)
	case h.tag == tagOctets|tagConstructed && len(o.open) < maxDepth:
		if h.size != indefinite {
			o.spend(h.size)
		}
		o.open = append(o.open, h.size)
	default:
		return io.ErrUnexpectedEOF
	}
	return nil
}

// spend takes n bytes from the innermost string of definite length.
func (o *octets) spend(n int64) {
	if inner := &o.open[len(o.open)-1]; *inner != indefinite {
		*inner = max(0, *inner-n)
	}
}

func (o *octets) close() {
	o.open = o.open[:len(o.open)-1]
	o.last = len(o.open) == 0
}
