package charsetx

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// utf7 decodes RFC 2152: runs of base64 of UTF-16 between "+" and a character
// that is not base64. ok is false when the bytes are not of this form.
func utf7(b []byte) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(b); {
		if b[i] >= 0x80 {
			return "", false
		}
		if b[i] != '+' {
			out.WriteByte(b[i])
			i++
			continue
		}
		end := i + 1
		for end < len(b) && isBase64(b[end]) {
			end++
		}
		if !shifted(&out, b[i+1:end]) {
			return "", false
		}
		if end < len(b) && b[end] == '-' {
			if end == i+1 {
				out.WriteByte('+')
			}
			end++
		}
		i = end
	}
	return out.String(), true
}

func shifted(out *strings.Builder, run []byte) bool {
	raw, err := base64.RawStdEncoding.DecodeString(string(run))
	if err != nil {
		return false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	out.WriteString(string(utf16.Decode(units)))
	return true
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}
