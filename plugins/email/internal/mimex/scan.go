package mimex

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// eventKind is why a body ended.
type eventKind int

const (
	nothing   eventKind = iota // it goes on
	delimiter                  // "--boundary": a part follows
	closing                    // "--boundary--": the multipart is over
	ended                      // the input is over
)

// event is a delimiter met, with the multipart (its place in the stack) it
// belongs to.
type event struct {
	kind  eventKind
	level int
}

// source cuts its input into lines and bodies in one pass. It is a reader of
// the current body: Read returns io.EOF at a delimiter of any open multipart,
// innermost first, or at the end, and event then says which. Every line is
// compared with at most as many boundaries as multiparts are open.
type source struct {
	br    *bufio.Reader
	seen  func([]byte) // told every byte consumed
	stack []string     // boundaries of the open multiparts, outermost first
	event event
	inner bool   // the next piece continues a line
	hold  []byte // line end that belongs to a delimiter, should one follow
	buf   []byte
	out   []byte // part of buf not yet read
}

const sourceBuffer = 16 << 10

func newSource(r io.Reader, seen func([]byte)) *source {
	return &source{br: bufio.NewReaderSize(r, sourceBuffer), seen: seen}
}

// piece returns the next line, or a part of a long one, with its line end. At a
// delimiter or the end it returns nil and sets event.
func (s *source) piece() ([]byte, error) {
	if s.event.kind != nothing {
		return nil, nil
	}
	p, err := s.br.ReadSlice('\n')
	s.seen(p)
	switch {
	case err == nil, errors.Is(err, bufio.ErrBufferFull):
	case !errors.Is(err, io.EOF):
		return nil, err
	case len(p) == 0:
		s.event = event{kind: ended}
		return nil, nil
	}
	start := !s.inner
	s.inner = err != nil
	if start && s.delimits(p) {
		return nil, nil
	}
	return p, nil
}

// delimits compares a line with the open boundaries.
func (s *source) delimits(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("--")) {
		return false
	}
	text := bytes.TrimRight(line[2:], " \t\r\n")
	for level := len(s.stack) - 1; level >= 0; level-- {
		rest, ok := bytes.CutPrefix(text, []byte(s.stack[level]))
		switch {
		case ok && len(rest) == 0:
			s.event = event{delimiter, level}
			return true
		case ok && string(rest) == "--":
			s.event = event{closing, level}
			return true
		}
	}
	return false
}

// next goes on behind a delimiter.
func (s *source) next() {
	s.event = event{}
	s.inner, s.hold, s.out = false, nil, nil
}

// Read returns bytes of the current body, exactly as they stand in the input.
func (s *source) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(s.out) == 0 {
			if s.event.kind != nothing && len(s.hold) == 0 {
				break
			}
			if err := s.fill(); err != nil {
				return n, err
			}
			continue
		}
		k := copy(p[n:], s.out)
		n += k
		s.out = s.out[k:]
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// fill makes the next piece ready and holds its line end back: it belongs to
// the body only if no delimiter follows.
func (s *source) fill() error {
	p, err := s.piece()
	if err != nil {
		return err
	}
	s.buf = append(s.buf[:0], s.hold...)
	s.hold = s.hold[:0]
	switch s.event.kind {
	case nothing:
		s.buf = append(s.buf, p...)
		end := lineEnd(s.buf)
		s.hold = append(s.hold, s.buf[end:]...)
		s.buf = s.buf[:end]
	case delimiter, closing:
		s.buf = s.buf[:0]
	}
	s.out = s.buf
	return nil
}

// lineEnd is where the line end of b begins; a CR that may be half of one
// counts.
func lineEnd(b []byte) int {
	n := len(b)
	if n > 0 && b[n-1] == '\n' {
		n--
	}
	if n > 0 && b[n-1] == '\r' {
		n--
	}
	return n
}

// drain skips the rest of the body.
func (s *source) drain() error {
	_, err := io.Copy(io.Discard, s)
	return err
}

// headerBlock reads lines up to the blank one, a delimiter or the end. Of a
// block longer than limit it returns the beginning. With skipBlank it passes
// over blank lines and a byte order mark in front.
func (s *source) headerBlock(limit int, skipBlank bool) (block []byte, cut bool, err error) {
	start := true
	for {
		first := !s.inner
		p, err := s.piece()
		if err != nil || p == nil {
			return block, cut, err
		}
		if start && skipBlank {
			p = bytes.TrimPrefix(p, []byte("\xEF\xBB\xBF"))
			if len(bytes.TrimSpace(p)) == 0 {
				continue
			}
		}
		start = false
		if first && len(bytes.TrimRight(p, "\r\n")) == 0 {
			return block, cut, nil
		}
		if len(block)+len(p) > limit {
			cut = true
			p = p[:max(0, limit-len(block))]
		}
		block = append(block, p...)
	}
}

// push opens a multipart and returns its place in the stack.
func (s *source) push(boundary string) int {
	s.stack = append(s.stack, strings.TrimRight(boundary, " \t"))
	return len(s.stack) - 1
}

// pop closes the multipart at level and those left open inside.
func (s *source) pop(level int) { s.stack = s.stack[:level] }

// peek shows what comes without consuming it.
func (s *source) peek() []byte {
	head, _ := s.br.Peek(sourceBuffer / 2)
	return head
}
