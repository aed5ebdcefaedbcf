// Package charsetx turns bytes of an uncertain charset into valid UTF-8. Mail
// in Russian arrives in five single-byte charsets, under right names, wrong
// names and none; the package believes the bytes first, the label second and
// the letters of the language third.
package charsetx

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// kind says how far a label may be believed.
type kind int

const (
	unknown kind = iota // no such charset: guess
	ascii               // us-ascii, latin-1 and their kin: what broken mailers write by default
	single              // a single-byte or multi-byte charset with bytes over 0x7F
	seven               // bytes of ASCII that mean something else: UTF-7, ISO-2022, HZ, UTF-16
	utf8Label
)

// charset is what a label means.
type charset struct {
	kind kind
	enc  encoding.Encoding // nil for utf-7 and utf-8
	wide bool              // several bytes for every character
}

// lookup finds the charset of a label as it stands in a letter.
func lookup(label string) charset {
	name := canonical(label)
	switch name {
	case "":
		return charset{}
	case "utf-8":
		return charset{kind: utf8Label}
	case "utf-7":
		return charset{kind: seven}
	case "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252":
		return charset{kind: ascii, enc: charmap.Windows1252}
	case "hz-gb-2312":
		return charset{kind: seven, enc: simplifiedchinese.HZGB2312}
	case "utf-16":
		return charset{kind: seven, wide: true, enc: unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)}
	case "macintosh-cyrillic":
		return charset{kind: single, enc: charmap.MacintoshCyrillic}
	}
	return indexed(name)
}

func indexed(name string) charset {
	enc, err := htmlindex.Get(name)
	if err != nil || enc == encoding.Replacement {
		enc, err = ianaindex.IANA.Encoding(name)
	}
	switch {
	case err != nil || enc == nil || enc == encoding.Replacement:
		return charset{}
	case strings.HasPrefix(name, "iso-2022"):
		return charset{kind: seven, enc: enc}
	case strings.HasPrefix(name, "utf-16"), strings.HasPrefix(name, "utf-32"):
		return charset{kind: seven, wide: true, enc: enc}
	}
	return charset{kind: single, enc: enc}
}

// canonical brings the names seen in mail to the ones the index knows.
func canonical(label string) string {
	s := strings.ToLower(strings.Trim(label, " \t\r\n\"'<>;"))
	if i := strings.IndexByte(s, '*'); i >= 0 { // RFC 2231: charset*language
		s = s[:i]
	}
	s = strings.ReplaceAll(s, "_", "-")
	if a, ok := alias(s); ok {
		return a
	}
	return s
}

// alias names what the standard indexes do not know.
func alias(s string) (string, bool) {
	switch strings.ReplaceAll(strings.TrimPrefix(s, "x-"), "-", "") {
	case "utf8", "utf8mb4", "unicode11utf8", "unicode20utf8":
		return "utf-8", true
	case "utf7", "unicode11utf7", "unicode20utf7":
		return "utf-7", true
	case "utf16", "unicode", "ucs2", "iso10646ucs2":
		return "utf-16", true
	case "ascii", "usascii", "ansix3.41968", "iso646us", "646", "7bit":
		return "us-ascii", true
	case "latin1", "iso88591", "8859-1", "88591", "l1":
		return "iso-8859-1", true
	case "latin9", "iso885915":
		return "iso-8859-15", true
	case "cp1252", "windows1252", "win1252", "1252":
		return "windows-1252", true
	case "cp1251", "windows1251", "win1251", "wincp1251", "windowscp1251", "1251", "ansi1251", "cswindows1251", "ansicyrillic":
		return "windows-1251", true
	case "koi8r", "koi8", "cskoi8r", "koi8rus":
		return "koi8-r", true
	case "koi8u", "koi8ru":
		return "koi8-u", true
	case "cp866", "ibm866", "dos866", "866", "csibm866", "alt", "cpalt", "oem866":
		return "ibm866", true
	case "iso88595", "88595", "cyrillic":
		return "iso-8859-5", true
	case "maccyrillic", "cp10007", "macintoshcyrillic", "macukrainian":
		return "macintosh-cyrillic", true
	case "gb2312", "isogb2312", "gb231280", "cngb", "cp936", "936", "euccn":
		return "gb18030", true
	case "hzgb2312", "hz":
		return "hz-gb-2312", true
	case "ksc56011987", "ksc5601", "cp949", "949":
		return "euc-kr", true
	case "sjis", "shiftjis", "cp932", "mskanji":
		return "shift_jis", true
	case "cp950", "950", "big5hkscs":
		return "big5", true
	}
	return "", false
}
