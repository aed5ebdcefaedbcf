package transfer

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strings"
)

var uuBegin = regexp.MustCompile(`^begin(?:-base64)? [0-7]{3,4} (\S.*)$`)

// UUBegin recognises the first line of a uuencoded file and returns its name as
// the sender wrote it.
func UUBegin(line string) (name string, ok bool) {
	m := uuBegin.FindStringSubmatch(strings.TrimRight(line, " \t\r\n"))
	if m == nil || strings.HasPrefix(line, "begin-base64") {
		return "", false
	}
	return m[1], true
}

// UULine decodes one line of a uuencoded file. ok is false when the line is of
// another kind; an empty result with ok marks the end of the data.
func UULine(line string) (data []byte, ok bool) {
	line = strings.TrimRight(line, "\r\n")
	if line == "" || line[0] < ' ' || line[0] > '`' {
		return nil, false
	}
	n := int(line[0]-' ') & 63
	body := line[1:]
	if need := (n + 2) / 3 * 4; len(body) > need+2 || len(strings.TrimRight(body, " ")) > need+1 {
		return nil, false
	}
	return uuGroups(body, n)
}

func uuGroups(body string, n int) ([]byte, bool) {
	out := make([]byte, 0, n+3)
	for i := 0; len(out) < n; i += 4 {
		var acc uint32
		for k := i; k < i+4; k++ {
			c := byte(' ') // trailing spaces are lost on the way
			if k < len(body) {
				c = body[k]
			}
			if c < ' ' || c > '`' {
				return nil, false
			}
			acc = acc<<6 | uint32(c-' ')&63
		}
		out = append(out, byte(acc>>16), byte(acc>>8), byte(acc))
	}
	return out[:n], true
}

// NewUU decodes a body that is one uuencoded file as a whole (the encodings
// x-uuencode, uuencode and x-uue): everything before "begin" and behind "end"
// is skipped.
func NewUU(r io.Reader) Reader {
	return &uuReader{in: bufio.NewReaderSize(r, lineSize)}
}

type uuReader struct {
	in     *bufio.Reader
	out    []byte
	begun  bool
	end    bool
	faulty bool
}

func (u *uuReader) Faulty() bool { return u.faulty || !u.begun }

func (u *uuReader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.end {
			return 0, io.EOF
		}
		if err := u.line(); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

func (u *uuReader) line() error {
	line, err := u.in.ReadSlice('\n')
	if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	if err == io.EOF {
		u.end = true
		u.faulty = true // "end" is missing
	}
	u.take(string(line))
	return nil
}

func (u *uuReader) take(line string) {
	if !u.begun {
		_, u.begun = UUBegin(line)
		return
	}
	if strings.TrimRight(line, " \t\r\n") == "end" {
		u.end, u.faulty = true, false
		return
	}
	data, ok := UULine(line)
	if !ok && strings.TrimSpace(line) != "" {
		u.faulty = true
	}
	u.out = data
}
