package transfer

import (
	"bufio"
	"errors"
	"io"
)

// NewQuoted decodes RFC 2045 quoted-printable: an "=" that begins nothing known
// stays as it is, bytes over 0x7F pass through, white space at line ends goes.
func NewQuoted(r io.Reader) Reader {
	return &quotedReader{in: bufio.NewReaderSize(r, lineSize)}
}

// maxBlank bounds the white space held back until it is known whether a line
// ends behind it.
const maxBlank = 1 << 10

type quotedReader struct {
	in     *bufio.Reader
	out    []byte
	buf    []byte
	blank  []byte // white space that may turn out to end the line
	end    bool
	faulty bool
}

func (q *quotedReader) Faulty() bool { return q.faulty }

func (q *quotedReader) Read(p []byte) (int, error) {
	for len(q.out) == 0 {
		if q.end {
			return 0, io.EOF
		}
		if err := q.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, q.out)
	q.out = q.out[n:]
	return n, nil
}

// fill decodes up to the next line end or lineSize bytes.
func (q *quotedReader) fill() error {
	q.buf = q.buf[:0]
	for len(q.buf) < lineSize {
		c, err := q.in.ReadByte()
		if errors.Is(err, io.EOF) {
			q.end = true
			break
		}
		if err != nil {
			return err
		}
		q.take(c)
		if c == '\n' {
			break
		}
	}
	q.out = q.buf
	return nil
}

func (q *quotedReader) take(c byte) {
	switch {
	case (c == ' ' || c == '\t') && len(q.blank) < maxBlank:
		q.blank = append(q.blank, c)
		return
	case c == '\r' || c == '\n':
		q.blank = q.blank[:0]
	default:
		q.buf = append(q.buf, q.blank...)
		q.blank = q.blank[:0]
	}
	if c == '=' {
		q.escape()
		return
	}
	q.buf = append(q.buf, c)
}

// escape handles what follows an "=": two digits, a soft line break or neither.
func (q *quotedReader) escape() {
	next, _ := q.in.Peek(2)
	if len(next) == 2 {
		if hi, lo := hex(next[0]), hex(next[1]); hi >= 0 && lo >= 0 {
			q.buf = append(q.buf, byte(hi<<4|lo))
			q.skip(2)
			return
		}
	}
	if n, ok := q.softBreak(); ok {
		q.skip(n)
		return
	}
	q.faulty = true
	q.buf = append(q.buf, '=')
}

// softBreak measures white space and the line end behind an "=".
func (q *quotedReader) softBreak() (int, bool) {
	for n := 1; ; n++ {
		next, err := q.in.Peek(n)
		if err != nil {
			return n - 1, len(next) == n-1 // the end of the body ends the line too
		}
		switch next[n-1] {
		case '\n':
			return n, true
		case ' ', '\t', '\r':
			if n == maxBlank {
				return 0, false
			}
		default:
			return 0, false
		}
	}
}

func (q *quotedReader) skip(n int) {
	// Only bytes that Peek has shown are discarded, which cannot fail.
	_, _ = q.in.Discard(n)
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
