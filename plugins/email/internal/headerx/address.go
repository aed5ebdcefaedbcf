package headerx

import (
	"strings"
)

// Address is a correspondent as far as the letter names one.
type Address struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"` // "" when no address could be read
}

// IsZero tells that nothing was read.
func (a Address) IsZero() bool { return a == Address{} }

// maxAddresses bounds a list; nobody writes to more by hand.
const maxAddresses = 1000

// Addresses reads an address list. Lists outside RFC 5322 are read as people
// read them: the last <…>, else the first word with "@", else the text as a
// name. The list is split before encoded words are decoded, so that a comma
// inside a word does not tear a name apart. At most 1,000 are read.
func Addresses(raw, hint string) []Address {
	var list []Address
	for _, item := range splitList(raw) {
		if len(list) == maxAddresses {
			break
		}
		if a := parseAddress(item, hint); !a.IsZero() {
			list = append(list, a)
		}
	}
	return list
}

// scanner walks a structured field and knows what is text of a quoted string,
// a comment, an angle address or an encoded word.
type scanner struct {
	quoted  bool
	angle   bool
	comment int
}

// step looks at s[i] and returns how many bytes belong together there.
func (c *scanner) step(s string, i int) int {
	switch ch := s[i]; {
	case ch == '\\' && (c.quoted || c.comment > 0) && i+1 < len(s):
		return 2
	case ch == '"' && c.comment == 0:
		c.quoted = !c.quoted
	case c.quoted:
	case ch == '(':
		c.comment++
	case ch == ')' && c.comment > 0:
		c.comment--
	case c.comment > 0:
	case ch == '<':
		c.angle = true
	case ch == '>':
		c.angle = false
	case ch == '=':
		if _, n := parseWord(s[i:]); n > 0 {
			return n
		}
	}
	return 1
}

func (c *scanner) top() bool { return !c.quoted && !c.angle && c.comment == 0 }

// splitList cuts at commas and semicolons, and at the colon behind the name of
// a group. An unclosed quote, comment or bracket must not swallow the list: then
// it is cut at every comma.
func splitList(raw string) []string {
	items, sound := split(raw, (*scanner).step)
	if !sound {
		items, _ = split(raw, func(*scanner, string, int) int { return 1 })
	}
	return items
}

func split(raw string, step func(*scanner, string, int) int) (items []string, sound bool) {
	var c scanner
	start := 0
	for i := 0; i < len(raw); {
		n := step(&c, raw, i)
		if n == 1 && c.top() {
			switch {
			case raw[i] == ',' || raw[i] == ';':
				items = append(items, raw[start:i])
				start = i + 1
			case raw[i] == ':' && !strings.Contains(raw[start:i], "@") && !strings.EqualFold(strings.TrimSpace(raw[start:i]), "mailto"):
				start = i + 1 // the name of a group
			}
		}
		i += n
	}
	return append(items, raw[start:]), c.top()
}

func parseAddress(item, hint string) Address {
	if name, email, ok := cutAngle(item); ok {
		return bracketed(name, email, hint)
	}
	text, comment := cutComments(item)
	name, email := firstEmail(Text(unquoteAll(text), hint))
	if name == "" {
		name = Text(comment, hint)
	} else if email == "" && comment != "" {
		name += " (" + Text(comment, hint) + ")"
	}
	return Address{Name: trimName(name), Email: email}
}

// bracketed reads what stands before and inside <…>.
func bracketed(name, inner, hint string) Address {
	text, comment := cutComments(name)
	a := Address{Name: trimName(Text(unquoteAll(text), hint))}
	if a.Name == "" {
		a.Name = trimName(Text(comment, hint))
	}
	inner = Text(unquoteKeep(inner), hint)
	if a.Email = CleanEmail(inner); a.Email != "" {
		return a
	}
	switch {
	case a.Name == "":
		a.Name, a.Email = firstEmail(inner)
		a.Name = trimName(a.Name)
	case inner == "":
		if name, email := firstEmail(a.Name); email != "" && name == "" { // "a@b" <>
			a = Address{Email: email}
		}
	default:
		a.Name = trimName(a.Name + " <" + inner + ">")
	}
	return a
}

// cutAngle takes the last <…> outside of quotes and words.
func cutAngle(item string) (name, inner string, ok bool) {
	open, end := -1, -1
	var c scanner
	for i := 0; i < len(item); {
		was := c.angle
		n := c.step(item, i)
		switch {
		case c.angle && item[i] == '<':
			open, end = i, -1
		case was && !c.angle && item[i] == '>':
			end = i
		}
		i += n
	}
	if open < 0 {
		return "", "", false
	}
	if end < 0 {
		end = len(item)
	}
	return item[:open], item[open+1 : end], true
}

// cutComments takes (comments) out of a phrase.
func cutComments(s string) (text, comment string) {
	var c scanner
	var t, m strings.Builder
	for i := 0; i < len(s); {
		was := c.comment
		n := c.step(s, i)
		piece := s[i : i+n]
		switch {
		case was == 0 && c.comment == 0:
			t.WriteString(piece)
		case was == 0 || c.comment == 0: // the brackets themselves
			m.WriteByte(' ')
		default:
			m.WriteString(piece)
		}
		i += n
	}
	if c.comment > 0 || c.quoted { // never closed: no comment at all
		return s, ""
	}
	return t.String(), strings.TrimSpace(m.String())
}

// unquoteAll removes quotes and backslashes of quoted strings.
func unquoteAll(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			out.WriteByte(s[i])
		case s[i] != '"':
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// unquoteKeep removes quotes around a whole address but not those that a local
// part needs.
func unquoteKeep(s string) string {
	s = strings.TrimSpace(s)
	if at := strings.LastIndexByte(s, '@'); at > 0 && s[at-1] == '"' {
		return s
	}
	return strings.Trim(s, `"'`)
}

func trimName(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'' {
		s = s[1 : len(s)-1]
	}
	return strings.Trim(s, `" ,;`)
}

// firstEmail finds the first word that is an address; the rest is the name.
func firstEmail(s string) (name, email string) {
	words := strings.Fields(s)
	for i, w := range words {
		if email = CleanEmail(strings.Trim(w, `<>()[]"',;:`)); email != "" {
			return strings.Join(append(words[:i:i], words[i+1:]...), " "), email
		}
	}
	return s, ""
}

// CleanEmail brings an address to the form local@domain, or returns "" when it
// is none: one "@" outside of quotes, something on both sides, no white space.
// It removes "mailto:", a source route, spaces around the "@" and the dots and
// a dot behind the domain.
func CleanEmail(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.HasPrefix(s, "@") {
		s = s[i+1:]
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return ""
	}
	local, domain := strings.TrimSpace(s[:at]), strings.TrimRight(strings.TrimSpace(s[at+1:]), ".")
	if !localPart(local) || domain == "" || strings.ContainsAny(domain, " \t<>()\",;\\@") {
		return ""
	}
	return local + "@" + domain
}

func localPart(s string) bool {
	if len(s) > 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return !strings.Contains(s[1:len(s)-1], `"`)
	}
	return s != "" && !strings.ContainsAny(s, " \t<>()\",;:\\@")
}
