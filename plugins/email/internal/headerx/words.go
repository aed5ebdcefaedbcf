package headerx

import (
	"bytes"
	"io"
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/charsetx"
	"github.com/uzel-hub/uzel/plugins/email/internal/transfer"
)

// Text decodes an unstructured field or a part of a structured one: encoded
// words of RFC 2047 wherever they stand, raw bytes of any charset between them.
// The hint is the charset the letter declares for its text, or empty. The
// result is one line.
func Text(raw, hint string) string {
	var out strings.Builder
	for len(raw) > 0 {
		plain, run, rest := cutWords(raw)
		out.WriteString(UTF8(plain, hint))
		out.WriteString(decodeRun(run))
		raw = rest
	}
	return oneLine(out.String())
}

// UTF8 decodes bytes that stand in a header without any encoding and leaves
// encoded words as they are. Pure ASCII means itself, whatever the hint.
func UTF8(raw, hint string) string {
	if strings.IndexFunc(raw, func(r rune) bool { return r >= 0x80 }) < 0 {
		hint = ""
	}
	text, _ := charsetx.Decode([]byte(raw), hint)
	return text
}

func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == '\t' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, charsetx.Clean(s)))
}

// word is one encoded word: =?charset?encoding?text?=
type word struct {
	charset string
	base64  bool
	text    string
}

// cutWords splits raw into the text before the first encoded word, the run of
// words that are separated by nothing but white space, and what follows.
func cutWords(raw string) (plain string, run []word, rest string) {
	for from := 0; ; {
		i := strings.Index(raw[from:], "=?")
		if i < 0 {
			return raw, nil, ""
		}
		i += from
		if w, n := parseWord(raw[i:]); n > 0 {
			run, rest = followingWords([]word{w}, raw[i+n:])
			return raw[:i], run, rest
		}
		from = i + 2
	}
}

func followingWords(run []word, rest string) ([]word, string) {
	for {
		next := strings.TrimLeft(rest, " \t\r\n")
		w, n := parseWord(next)
		if n == 0 {
			return run, rest
		}
		run, rest = append(run, w), next[n:]
	}
}

// maxCharsetName bounds what may stand between "=?" and the next "?".
const maxCharsetName = 60

// parseWord reads the encoded word at the beginning of s and returns its length,
// 0 when there is none. A word cut off at the end of the field is read too.
func parseWord(s string) (word, int) {
	if !strings.HasPrefix(s, "=?") {
		return word{}, 0
	}
	head := s[2:min(len(s), 2+maxCharsetName+3)]
	q := strings.IndexByte(head, '?')
	if q < 1 || q+2 >= len(head) || head[q+2] != '?' || strings.ContainsAny(head[:q], " \t\"=") {
		return word{}, 0
	}
	w := word{charset: head[:q]}
	switch head[q+1] {
	case 'B', 'b':
		w.base64 = true
	case 'Q', 'q':
	default:
		return word{}, 0
	}
	start := 2 + q + 3
	n := wordEnd(s[start:], w.base64)
	w.text = s[start : start+n]
	return w, min(len(s), start+n+2)
}

// wordEnd finds the "?=" that ends a word. In a Q word whose "?" was left
// unencoded, "?=3F" is text and not the end. Without an end the word reaches to
// the next white space.
func wordEnd(s string, base64 bool) int {
	end := strings.Index(s, "?=")
	if end >= 0 && !base64 && isHex(s, end+2) {
		stop := blank(s[end:])
		if more := strings.Index(s[end+2:end+stop], "?="); more >= 0 {
			return end + 2 + more
		}
	}
	if end < 0 {
		return blank(s)
	}
	return end
}

func blank(s string) int {
	if i := strings.IndexAny(s, " \t\r\n"); i >= 0 {
		return i
	}
	return len(s)
}

func isHex(s string, i int) bool {
	const digits = "0123456789ABCDEFabcdef"
	return i+1 < len(s) && strings.IndexByte(digits, s[i]) >= 0 && strings.IndexByte(digits, s[i+1]) >= 0
}

// decodeRun joins the bytes of neighbours of one charset before they become
// text: mailers split letters of several bytes between words.
func decodeRun(run []word) string {
	var out strings.Builder
	for len(run) > 0 {
		n := 1
		for n < len(run) && strings.EqualFold(run[n].charset, run[0].charset) {
			n++
		}
		out.WriteString(decodeSame(run[:n]))
		run = run[n:]
	}
	return out.String()
}

func decodeSame(run []word) string {
	charset, _, _ := strings.Cut(run[0].charset, "*")
	text, ok := charsetx.Decode(wordBytes(run), charset)
	if ok || len(run) == 1 || !run[0].base64 {
		return text
	}
	// Some cut one stream of base64 into words at any character.
	if whole, ok := charsetx.Decode(wordBytes([]word{joinWords(run)}), charset); ok {
		return whole
	}
	return text
}

func joinWords(run []word) word {
	w := run[0]
	for _, next := range run[1:] {
		w.text += next.text
	}
	return w
}

func wordBytes(run []word) []byte {
	var b bytes.Buffer
	for _, w := range run {
		b.Write(w.decode())
	}
	return b.Bytes()
}

func (w word) decode() []byte {
	var r io.Reader
	if w.base64 {
		r = transfer.NewBase64(strings.NewReader(w.text))
	} else {
		r = transfer.NewQuoted(strings.NewReader(strings.ReplaceAll(w.text, "_", "=20")))
	}
	b, err := io.ReadAll(r)
	if err != nil { // a string cannot fail to be read
		return []byte(w.text)
	}
	return b
}
