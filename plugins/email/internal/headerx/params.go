package headerx

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/charsetx"
)

// Value is a field with parameters: Content-Type, Content-Disposition.
type Value struct {
	Value  string            // in lower case, without parameters
	Params map[string]string // names in lower case, values decoded
}

// ParseValue reads a field with parameters. It accepts what RFC 2231 says in
// any charset, encoded words, raw bytes (guessed, with hint as in Text),
// unquoted values with spaces, quotes inside quotes and rubbish between
// parameters. Of parameters with one name the first wins.
func ParseValue(raw, hint string) Value {
	value, rest, _ := strings.Cut(raw, ";")
	v := Value{Value: token(value), Params: map[string]string{}}
	extended := map[string]pieces{}
	for rest != "" {
		var name, val string
		name, val, rest = cutParam(rest)
		if name == "" {
			continue
		}
		if base, index, coded, ok := splitName(name); ok {
			extended[base] = extended[base].add(index, coded, val)
		} else if _, twice := v.Params[name]; !twice {
			v.Params[name] = plainParam(val, hint)
		}
	}
	for base, p := range extended {
		if s := p.decode(hint); s != "" {
			v.Params[base] = s
		}
	}
	return v
}

// token is the value itself: one word without comment and quotes.
func token(s string) string {
	s, _, _ = strings.Cut(s, "(")
	s = strings.Trim(strings.TrimSpace(s), `"'`)
	if i := strings.IndexAny(s, " \t,"); i >= 0 {
		s = s[:i]
	}
	return oneLine(strings.ToLower(s))
}

// cutParam takes one "name=value" from the beginning of s.
func cutParam(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, "; \t\r\n")
	i := strings.IndexAny(s, "=;")
	if i < 0 {
		return "", "", ""
	}
	if s[i] == ';' {
		return "", "", s[i:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:i]))
	if j := strings.LastIndexAny(name, " \t"); j >= 0 { // rubbish before the name
		name = name[j+1:]
	}
	s = strings.TrimLeft(s[i+1:], " \t\r\n")
	if strings.HasPrefix(s, `"`) {
		value, rest = quoted(s[1:])
	} else {
		value, rest = unquoted(s, isFileName(name))
	}
	return oneLine(name), value, rest
}

func isFileName(name string) bool {
	return strings.HasPrefix(name, "filename") || strings.HasPrefix(name, "name")
}

// quoted reads up to the closing quote. A quote that is not followed by ";" or
// the end belongs to the name (ООО "Ромашка".pdf); a value that is never closed
// ends at the next ";".
func quoted(s string) (value, rest string) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		case s[i] == '"':
			if after := strings.TrimLeft(s[i+1:], " \t\r\n"); closes(after) {
				return out.String(), after
			}
		}
		out.WriteByte(s[i])
	}
	value, rest, _ = strings.Cut(s, ";")
	return strings.TrimRight(value, "\" \t"), rest
}

// closes tells by what follows a quote that it is the closing one: the next
// parameter, the end or a comment in which no quote is left.
func closes(after string) bool {
	if after == "" || after[0] == ';' {
		return true
	}
	segment, _, _ := strings.Cut(after, ";")
	return after[0] == '(' && !strings.Contains(segment, `"`)
}

// unquoted reads up to ";", stepping over encoded words; a value that is no
// file name ends at white space or a comment too.
func unquoted(s string, spaces bool) (value, rest string) {
	end := 0
	for end < len(s) && s[end] != ';' {
		if !spaces && strings.IndexByte(" \t\r\n(", s[end]) >= 0 {
			break
		}
		_, n := parseWord(s[end:])
		end += max(n, 1)
	}
	value = strings.TrimSpace(s[:end])
	_, rest, _ = strings.Cut(s[end:], ";")
	return value, rest
}

var (
	pieceName   = regexp.MustCompile(`^([^*]+)(?:\*(\d{1,3}))?(\*)?$`)
	quotedTwice = regexp.MustCompile(`^[A-Za-z0-9_-]{2,20}'[A-Za-z-]*'[^ ]*%[0-9A-Fa-f]{2}`)
)

// splitName takes apart name*, name*0 and name*0* (RFC 2231).
func splitName(name string) (base string, index int, coded, ok bool) {
	m := pieceName.FindStringSubmatch(name)
	if m == nil || m[2] == "" && m[3] == "" {
		return "", 0, false, false
	}
	index, _ = strconv.Atoi(m[2]) // at most three digits, or none: 0
	return m[1], index, m[3] == "*", true
}

func plainParam(val, hint string) string {
	if quotedTwice.MatchString(val) { // the form of name* under the plain name
		return pieces{0: {coded: true, raw: val}}.decode(hint)
	}
	return Text(val, hint)
}

// pieces are the parts of one parameter by their number.
type pieces map[int]piece

type piece struct {
	coded bool
	raw   string
}

func (p pieces) add(index int, coded bool, raw string) pieces {
	if p == nil {
		p = pieces{}
	}
	if _, twice := p[index]; !twice {
		p[index] = piece{coded, raw}
	}
	return p
}

// decode joins the bytes of all pieces before they become text: a letter may be
// split between two of them.
func (p pieces) decode(hint string) string {
	var out []byte
	charset, coded := "", false
	for i, index := range slices.Sorted(maps.Keys(p)) {
		raw := p[index].raw
		if i == 0 && p[index].coded {
			charset, raw = cutCharset(raw)
		}
		if p[index].coded {
			coded = true
			out = append(out, percent(raw)...)
		} else {
			out = append(out, raw...)
		}
	}
	if !coded {
		return Text(string(out), hint)
	}
	text, _ := charsetx.Decode(out, charset)
	return oneLine(text)
}

// cutCharset takes charset'language' from the first piece.
func cutCharset(raw string) (charset, rest string) {
	charset, rest, ok := strings.Cut(raw, "'")
	if !ok {
		return "", raw
	}
	if _, after, ok := strings.Cut(rest, "'"); ok {
		rest = after
	}
	return charset, rest
}

// percent undoes %XX; a percent sign that begins nothing stays.
func percent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && isHex(s, i+1) {
			b, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}
