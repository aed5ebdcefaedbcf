package headerx

import (
	"path"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	maxName = 150 // runes in a file name
	maxExt  = 20  // runes of it that count as the extension
)

// FileName makes a name safe to show and to save under: the base name only,
// without control, direction and other invisible characters, without
// characters and names Windows reserves, in NFC, at most 150 runes with the
// extension kept. It returns "" when nothing is left.
func FileName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = norm.NFC.String(strings.Map(nameRune, name))
	name = strings.TrimLeft(strings.TrimSpace(name), ". ")
	name = shorten(strings.TrimRight(name, ". "))
	if reserved(name) {
		name = "_" + name
	}
	return name
}

func nameRune(r rune) rune {
	switch {
	case r == unicode.ReplacementChar, strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	case unicode.IsSpace(r):
		return ' '
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
		return -1
	}
	return r
}

func shorten(name string) string {
	runes := []rune(name)
	if len(runes) <= maxName {
		return name
	}
	ext := []rune(path.Ext(name))
	if len(ext) > maxExt {
		ext = nil
	}
	return strings.TrimRight(string(runes[:maxName-len(ext)]), ". ") + string(ext)
}

// reserved tells the names of devices, with any extension.
func reserved(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch base = strings.TrimSpace(base); base {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")) && base[3] >= '1' && base[3] <= '9'
}
