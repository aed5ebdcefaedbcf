package extract

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decoded is plain text as UTF-8: with a byte order mark as it says, else
// Windows-1251, the only old charset still met in files.
func decoded(raw []byte) string {
	if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) {
		if out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(raw); err == nil {
			return string(out)
		}
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if utf8.Valid(raw) {
		return string(raw)
	}
	out, err := charmap.Windows1251.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), " ")
	}
	return string(out)
}

// maxToken bounds one tag or piece of text of an HTML file, in bytes.
const maxToken = 1 << 20

// readHTML writes what a reader sees between the tags.
func readHTML(text string, out *writer) error {
	tokens := html.NewTokenizer(strings.NewReader(text))
	tokens.SetMaxBuf(maxToken)
	hidden := 0
	for {
		switch kind := tokens.Next(); kind {
		case html.ErrorToken:
			if err := tokens.Err(); !errors.Is(err, io.EOF) {
				return err
			}
			return nil
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := tokens.TagName()
			hidden = max(0, hidden+hides(string(name), kind))
			separate(string(name), out)
		case html.TextToken:
			if hidden > 0 {
				continue
			}
			if err := out.text(string(tokens.Text())); err != nil {
				return err
			}
		}
	}
}

// hides is how a tag changes the depth of what nobody reads.
func hides(tag string, kind html.TokenType) int {
	if tag != "script" && tag != "style" {
		return 0
	}
	switch kind {
	case html.StartTagToken:
		return 1
	case html.EndTagToken:
		return -1
	}
	return 0
}

// separate ends a word or a line; tags within a word end nothing.
func separate(tag string, out *writer) {
	switch tag {
	case "b", "i", "u", "s", "a", "em", "strong", "span", "font", "small", "big", "sub", "sup", "mark", "wbr", "script", "style":
	case "td", "th":
		out.space()
	default:
		out.line()
	}
}
