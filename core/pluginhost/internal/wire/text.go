// Package wire turns what a connector sends into the hub's nouns and back. It
// believes nothing: texts are mended and bounded, names made safe, and what has
// no meaning is refused.
package wire

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest file name kept, in bytes: what file systems take, with
// room for a suffix.
const maxName = 200

// Text mends a text: invalid UTF-8 becomes U+FFFD, zero bytes go.
func Text(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}

// FileName makes a safe base name: no folders, no control or invisible
// direction characters, not empty, not hidden, of bounded length with its
// extension kept.
func FileName(name string) string {
	name = path.Base(strings.ReplaceAll(Text(name), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`<>:"|?*/`, r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimLeft(strings.TrimRight(strings.TrimSpace(name), ". "), ".")
	if name == "" {
		return "файл"
	}
	if len(name) <= maxName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > 16 {
		ext = ""
	}
	return strings.TrimRight(cut(name, maxName-len(ext)), ". ") + ext
}

// cut shortens s to at most n bytes of whole characters.
func cut(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
