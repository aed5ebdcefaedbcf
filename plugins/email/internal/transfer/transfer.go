package transfer

import (
	"io"
	"strings"
)

// New returns the decoder for the value of a Content-Transfer-Encoding field.
// An encoding nobody knows is taken as 8bit, and known is false.
func New(r io.Reader, encoding string) (dec Reader, known bool) {
	switch name(encoding) {
	case "base64", "x-base64", "base-64":
		return NewBase64(r), true
	case "quoted-printable", "quoted-printeable", "quotedprintable":
		return NewQuoted(r), true
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return NewUU(r), true
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit":
		return identity{r}, true
	}
	return identity{r}, false
}

// name takes the word out of what may have quotes, a comment or parameters
// around it.
func name(encoding string) string {
	s, _, _ := strings.Cut(strings.ToLower(encoding), ";")
	s, _, _ = strings.Cut(s, "(")
	return strings.Trim(s, " \t\"'")
}

type identity struct{ io.Reader }

func (identity) Faulty() bool { return false }
