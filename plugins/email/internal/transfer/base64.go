// Package transfer undoes the transfer encodings of mail as far as the bytes
// allow. Its readers never fail because of what they decode: what cannot be
// decoded is skipped or passed through, and Faulty tells so afterwards.
package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Reader is a decoding reader. Faulty is meaningful after the end was reached:
// it tells that the bytes were not quite of the encoding.
type Reader interface {
	io.Reader
	Faulty() bool
}

// lineSize is the longest piece taken at once; longer lines come in pieces.
const lineSize = 4 << 10

// NewBase64 decodes RFC 2045 base64: it skips bytes outside the alphabet,
// supplies missing padding, goes on after padding in the middle (several
// encoded texts one after another) and stops at plain text appended behind the
// end. Input that plainly is no base64 is passed through.
func NewBase64(r io.Reader) Reader {
	return &base64Reader{in: bufio.NewReaderSize(r, lineSize)}
}

type base64Reader struct {
	in     *bufio.Reader
	out    []byte // decoded, not yet read
	buf    []byte // backing of out
	acc    uint32 // bits of the unfinished group
	n      int    // characters in the unfinished group
	padded bool   // padding was seen: the text may end here
	begun  bool
	plain  bool // not base64 at all
	end    bool
	faulty bool
}

func (b *base64Reader) Faulty() bool { return b.faulty }

func (b *base64Reader) Read(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.plain = !looksBase64(b.in)
		b.faulty = b.plain
	}
	if b.plain {
		return b.in.Read(p)
	}
	for len(b.out) == 0 {
		if b.end {
			return 0, io.EOF
		}
		if err := b.line(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

// line decodes the next line or piece of one.
func (b *base64Reader) line() error {
	line, err := b.in.ReadSlice('\n')
	if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	b.buf = b.buf[:0]
	if b.padded && appended(line) {
		b.faulty, b.end = true, true
	} else {
		b.decode(line)
		b.end = err == io.EOF
	}
	if b.end {
		b.flush()
	}
	b.out = b.buf
	return nil
}

func (b *base64Reader) decode(line []byte) {
	for _, c := range line {
		v := value(c)
		switch {
		case v >= 0:
			b.push(uint32(v))
		case c == '=':
			b.padded = b.padded || b.n > 0
			b.flush()
		case c != '\r' && c != '\n' && c != ' ' && c != '\t':
			b.faulty = true
		}
	}
}

func (b *base64Reader) push(v uint32) {
	b.acc = b.acc<<6 | v
	b.n++
	if b.n == 4 {
		b.buf = append(b.buf, byte(b.acc>>16), byte(b.acc>>8), byte(b.acc))
		b.acc, b.n = 0, 0
	}
}

// flush ends a group of fewer than four characters.
func (b *base64Reader) flush() {
	switch b.n {
	case 1:
		b.faulty = true
	case 2:
		b.buf = append(b.buf, byte(b.acc>>4))
	case 3:
		b.buf = append(b.buf, byte(b.acc>>10), byte(b.acc>>2))
	}
	if b.n > 0 && !b.padded {
		b.faulty = true
	}
	b.acc, b.n = 0, 0
}

// appended tells that a line behind the padding is text of a list server or an
// antivirus program.
func appended(line []byte) bool {
	for _, c := range bytes.TrimSpace(line) {
		if value(c) < 0 && c != '=' {
			return true
		}
	}
	return false
}

// looksBase64 samples the first line: text with spaces and punctuation under
// the wrong label must not be turned into noise.
func looksBase64(in *bufio.Reader) bool {
	head, _ := in.Peek(512)
	first, _, _ := bytes.Cut(bytes.TrimSpace(head), []byte("\n"))
	good, bad := 0, 0
	for _, c := range bytes.TrimSpace(first) {
		switch {
		case value(c) >= 0:
			good++
		case c == ' ': // words: no encoder writes spaces inside a line
			bad += 4
		case c != '=':
			bad++
		}
	}
	return bad*4 <= good
}

func value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}
