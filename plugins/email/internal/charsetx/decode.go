package charsetx

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Decode turns b into valid UTF-8 without NUL and other control characters.
// The label is what the letter declares, or empty; it is believed only where
// the bytes do not contradict it. ok is false when the text was guessed against
// the label or something could not be read and became U+FFFD.
//
// The order: a byte order mark; charsets of seven bits by their label; bytes
// that are valid UTF-8; the label, unless it is US-ASCII or Latin-1 (what
// broken mailers put on windows-1251) or gives control characters or
// gibberish; the best of the Cyrillic charsets.
func Decode(b []byte, label string) (text string, ok bool) {
	text, ok = decode(b, lookup(label))
	clean := Clean(text)
	return clean, ok && !strings.ContainsRune(clean, utf8.RuneError)
}

// Known tells whether the label names a charset.
func Known(label string) bool { return lookup(label).kind != unknown }

// Wide tells by its label or byte order mark that a text is UTF-16, in which
// NUL bytes are no sign of binary data.
func Wide(label string, head []byte) bool {
	_, marked := byMark(head)
	return marked || strings.HasPrefix(canonical(label), "utf-16")
}

func decode(b []byte, cs charset) (string, bool) {
	if text, ok := byMark(b); ok {
		return text, true
	}
	if cs.kind == seven {
		if text, ok := sevenBit(b, cs); ok {
			return text, true
		}
	}
	if utf8.Valid(b) {
		return string(b), true
	}
	if mostlyUTF8(b) {
		return strings.ToValidUTF8(string(b), "\uFFFD"), false
	}
	if cs.kind == single {
		if text, ok := declared(b, cs); ok {
			return text, true
		}
	}
	return guess(b, cs.kind == ascii), false
}

func byMark(b []byte) (string, bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")):
		return strings.ToValidUTF8(string(b[3:]), "\uFFFD"), true
	case len(b) > 2 && (bytes.HasPrefix(b, []byte("\xFF\xFE")) || bytes.HasPrefix(b, []byte("\xFE\xFF"))) && bytes.IndexByte(b, 0) >= 0:
		return convert(b, lookup("utf-16")), true
	}
	return "", false
}

func sevenBit(b []byte, cs charset) (string, bool) {
	if cs.enc == nil {
		return utf7(b)
	}
	if cs.wide && bytes.IndexByte(b, 0) < 0 { // even Cyrillic text has ASCII spaces in it
		return "", false
	}
	text := convert(b, cs)
	return text, !strings.ContainsRune(text, utf8.RuneError)
}

// mostlyUTF8 recognises UTF-8 that was cut or damaged in a few places: in the
// Cyrillic single-byte charsets well-formed sequences are rare accidents.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good > 4*bad
}

// declared decodes by the label and checks that the result can be text.
func declared(b []byte, cs charset) (string, bool) {
	text := convert(b, cs)
	bad, high := 0, 0
	for _, r := range text {
		switch {
		case r >= 0x80 && r < 0xA0:
			return "", false
		case r == utf8.RuneError:
			bad++
		case r >= 0x80:
			high++
		}
	}
	return text, bad*8 <= high && !gibberish(b, text)
}

func convert(b []byte, cs charset) string {
	out, err := cs.enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// Clean makes s fit for JSON, gRPC and PostgreSQL: valid UTF-8, no NUL and no
// other control characters except tab and line ends.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return r
		case r < 0x20 || r >= 0x7F && r < 0xA0 || r == '\uFEFF':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
