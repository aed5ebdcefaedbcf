package rest

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
)

const maxNameBytes = 200

// safeName makes a file's name fit to be shown and to be saved on any system:
// no path, nothing invisible or reversing the direction of text, no characters
// or names a file system keeps for itself.
func safeName(name string) string {
	name = strings.ToValidUTF8(name, "_")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(safeRune, name)
	name = shorten(strings.Trim(name, " ."))
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch {
	case name == "":
		return "file"
	case slices.Contains(deviceNames, stem):
		return "_" + name
	}
	return name
}

// deviceNames open a device on Windows, with any extension.
var deviceNames = []string{
	"con", "prn", "aux", "nul",
	"com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}

func safeRune(r rune) rune {
	switch {
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == utf8.RuneError:
		return -1
	case unicode.IsSpace(r):
		return ' '
	case strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	}
	return r
}

// shorten keeps the extension.
func shorten(name string) string {
	if len(name) <= maxNameBytes {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > 20 {
		ext = ""
	}
	stem := name[:maxNameBytes-len(ext)]
	return strings.Trim(strings.ToValidUTF8(stem, ""), " .") + ext
}

// unusedName numbers the second file of one name.
func unusedName(files []core.Attachment, name string) string {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 2; ; n++ {
		if !slices.ContainsFunc(files, func(f core.Attachment) bool { return f.Name == name }) {
			return name
		}
		name = fmt.Sprintf("%s (%d)%s", stem, n, ext)
	}
}

// disposition is a Content-Disposition with the name twice: in ASCII for old
// programs and whole by RFC 5987.
func disposition(how, name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf(`%s; filename="%s"; filename*=UTF-8''%s`, how, ascii, strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
}
