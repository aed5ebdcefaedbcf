// Package headerx reads the headers of letters as they come: with garbage
// among the lines, raw bytes of unknown charsets, encoded words in the wrong
// places and addresses no grammar allows. Whatever the input, the results are
// valid UTF-8 without control characters.
package headerx

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"github.com/emersion/go-message/textproto"
)

// Block is a header block that has been made readable.
type Block struct {
	Header textproto.Header
	Rest   []byte // lines behind the last field: a text whose blank line is missing
	Joined int    // lines that continued the field above without being indented
	Lost   int    // lines that were no header and belonged to none
	Cut    int    // fields that were longer than allowed
}

// ParseBlock reads a header block: the lines before the blank one, with or
// without it. A field longer than maxField bytes is cut. The "From " line of
// mbox files is dropped silently; other lines without a colon are joined to the
// field above where that can be meant and dropped otherwise.
func ParseBlock(block []byte, maxField int) Block {
	lines := splitLines(block)
	end := lastField(lines)
	var b builder
	b.max = maxField
	for _, line := range lines[:end] {
		b.add(line)
	}
	rest := lines[end:]
	for len(rest) > 0 && (mboxLine(rest[0]) || b.tornOff(rest[0])) {
		b.add(rest[0])
		rest = rest[1:]
	}
	b.flush()
	b.Header = readHeader(b.text.Bytes())
	b.Rest = tail(block, len(rest))
	return b.Block
}

// readHeader hands the repaired lines to the strict reader, which has nothing
// left to refuse.
func readHeader(text []byte) textproto.Header {
	h, err := textproto.ReadHeader(bufio.NewReader(io.MultiReader(bytes.NewReader(text), strings.NewReader("\r\n"))))
	if err != nil {
		return textproto.Header{}
	}
	return h
}

func splitLines(block []byte) [][]byte {
	lines := bytes.Split(block, []byte("\n"))
	for i, line := range lines {
		lines[i] = bytes.TrimRight(line, "\r")
	}
	if n := len(lines); n > 0 && len(lines[n-1]) == 0 {
		lines = lines[:n-1]
	}
	return lines
}

// tail returns the last n lines of block as they stand.
func tail(block []byte, n int) []byte {
	at := len(bytes.TrimSuffix(block, []byte("\n")))
	for ; n > 0; n-- {
		at = bytes.LastIndexByte(block[:at], '\n')
		if at < 0 {
			return block
		}
	}
	return bytes.TrimPrefix(block[at:], []byte("\n"))
}

// lastField is the index behind the last field and its continuation lines.
func lastField(lines [][]byte) int {
	end := len(lines)
	for end > 0 && fieldName(lines[end-1]) == "" {
		end--
	}
	for end > 0 && end < len(lines) && indented(lines[end]) {
		end++
	}
	return end
}

// fieldName returns the name of the field that begins in line, or "". It is
// narrower than RFC 5322: characters that no real name has are taken as a sign
// of a torn continuation line.
func fieldName(line []byte) string {
	i := bytes.IndexByte(line, ':')
	if i < 1 {
		return ""
	}
	name := bytes.TrimRight(line[:i], " \t")
	if len(name) == 0 || len(name) > 100 {
		return ""
	}
	for _, c := range name {
		if !nameByte(c) {
			return ""
		}
	}
	return string(name)
}

func nameByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '_' || c == '.' || c == '+'
}

func indented(line []byte) bool {
	return len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
}

// builder puts the good lines together.
type builder struct {
	Block
	text  bytes.Buffer
	field []byte // the field being collected
	name  string // its name in lower case
	max   int
	full  bool // the field was cut: nothing more of it is taken
}

func (b *builder) add(line []byte) {
	name := fieldName(line)
	switch {
	case name != "":
		b.flush()
		b.name = strings.ToLower(name)
		b.begin(line)
	case mboxLine(line):
	case indented(line) && b.field != nil:
		b.more(line)
	case b.joins(line):
		b.Joined++
		b.more(line)
	case len(line) > 0:
		b.Lost++
	}
}

func mboxLine(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

// joins decides whether a line that is neither field nor continuation belongs
// to the field above: lists and parameters that end in their separator, and
// fields long enough to be wrapped wrongly.
func (b *builder) joins(line []byte) bool {
	if b.field == nil || len(line) == 0 {
		return false
	}
	if b.separated() {
		return true
	}
	for _, prefix := range []string{"subject", "dkim-", "domainkey-", "arc-", "x-", "received", "authentication-", "references", "list-", "content-", "comments", "keywords", "thread-", "organization"} {
		if strings.HasPrefix(b.name, prefix) {
			return true
		}
	}
	return false
}

func (b *builder) separated() bool {
	field := bytes.TrimRight(b.field, " \t")
	return bytes.HasSuffix(field, []byte(",")) || bytes.HasSuffix(field, []byte(";"))
}

// tornOff tells that a line behind the last field is rather the rest of that
// field than the beginning of the text: prose has spaces.
func (b *builder) tornOff(line []byte) bool {
	return b.joins(line) && (b.separated() || bytes.IndexByte(line, ' ') < 0)
}

func (b *builder) more(line []byte) {
	if b.full {
		return
	}
	if len(b.field)+len(line) > b.max {
		b.Cut++
		b.full = true
		return
	}
	b.field = append(append(b.field, "\r\n "...), bytes.TrimLeft(line, " \t")...)
}

func (b *builder) begin(line []byte) {
	if b.full = len(line) > b.max; b.full {
		b.Cut++
		line = line[:b.max]
	}
	b.field = bytes.Clone(line)
}

func (b *builder) flush() {
	if b.field != nil {
		b.text.Write(b.field)
		b.text.WriteString("\r\n")
	}
	b.field = nil
}
