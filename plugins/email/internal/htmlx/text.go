package htmlx

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text renders HTML as plain text for searching and for people who read
// without HTML: paragraphs, list items, quotations ("> "), cells, addresses of
// links behind their text. It works through the tokens once, so its work grows
// with the length of the input and not with the depth of its nesting.
func Text(src string) string {
	w := textWriter{}
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.String()
		case html.TextToken:
			w.text(html.UnescapeString(string(z.Raw())))
		case html.StartTagToken, html.SelfClosingTagToken:
			w.open(z.Token())
		case html.EndTagToken:
			w.shut(z.Token())
		}
	}
}

// maxQuote bounds the marks before a quoted line.
const maxQuote = 10

// textWriter keeps line ends and spaces back until a word follows them.
type textWriter struct {
	out    strings.Builder
	breaks int  // line ends to write before the next word
	space  bool // a space is due before the next word
	quote  int
	pre    int
	hidden atom.Atom // element whose text is not shown
	href   string    // address of the link being read
	link   int       // where its text begins in out
}

func (w *textWriter) String() string { return strings.TrimSpace(w.out.String()) }

func (w *textWriter) text(s string) {
	switch {
	case w.hidden != 0:
	case w.pre > 0:
		w.preformatted(s)
	default:
		w.words(s)
	}
}

func (w *textWriter) preformatted(s string) {
	for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		if i > 0 {
			w.breaks++
		}
		if line != "" {
			w.put(line)
		}
	}
}

func (w *textWriter) words(s string) {
	fields := strings.FieldsFunc(s, isBlank)
	if len(fields) == 0 {
		w.space = w.space || s != ""
		return
	}
	w.space = w.space || isBlank(rune(s[0]))
	for i, f := range fields {
		w.space = w.space || i > 0
		w.put(f)
	}
	w.space = isBlank(rune(s[len(s)-1]))
}

func isBlank(r rune) bool { return r == ' ' || r == '\n' || r == '\r' || r == '\t' || r == '\f' }

// put writes one word or line with the line ends and spaces that are due.
func (w *textWriter) put(s string) {
	switch {
	case w.out.Len() == 0:
		w.mark()
	case w.breaks > 0:
		for range min(w.breaks, 2) {
			w.out.WriteByte('\n')
		}
		w.mark()
	case w.space:
		w.out.WriteByte(' ')
	}
	w.breaks, w.space = 0, false
	w.out.WriteString(s)
}

func (w *textWriter) mark() {
	if w.quote > 0 {
		w.out.WriteString(strings.Repeat(">", min(w.quote, maxQuote)) + " ")
	}
}

func (w *textWriter) block(n int) { w.breaks = max(w.breaks, n) }

func (w *textWriter) open(t html.Token) {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Title, atom.Template, atom.Object:
		if w.hidden == 0 && t.Type == html.StartTagToken {
			w.hidden = t.DataAtom
		}
	case atom.Br:
		w.breaks++
	case atom.Hr:
		w.block(1)
		w.put("----------")
		w.block(1)
	case atom.Li:
		w.block(1)
		w.put("- ")
	case atom.Td, atom.Th:
		w.space = true
	case atom.Img:
		if alt := attr(t, "alt"); alt != "" {
			w.put("[" + alt + "]")
		}
	case atom.A:
		w.href, w.link = attr(t, "href"), w.out.Len()
	case atom.Blockquote:
		w.block(1)
		w.quote++
	case atom.Pre:
		w.block(1)
		w.pre++
	default:
		w.block(gap(t.DataAtom))
	}
}

func (w *textWriter) shut(t html.Token) {
	switch t.DataAtom {
	case w.hidden:
		w.hidden = 0
	case atom.A:
		w.closeLink()
	case atom.Blockquote:
		w.quote = max(0, w.quote-1)
		w.block(1)
	case atom.Pre:
		w.pre = max(0, w.pre-1)
		w.block(1)
	default:
		w.block(gap(t.DataAtom))
	}
}

// closeLink adds the address of a link unless its text already says it.
func (w *textWriter) closeLink() {
	href := strings.TrimPrefix(strings.TrimSpace(w.href), "mailto:")
	shown := w.out.String()[w.link:]
	if strings.Contains(href, "://") || w.href != href {
		if !strings.Contains(shown, strings.TrimSuffix(href, "/")) && strings.TrimSpace(shown) != "" {
			w.space = true
			w.put("(" + href + ")")
		}
	}
	w.href = ""
}

// gap says how many line ends stand around an element.
func gap(a atom.Atom) int {
	switch a {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Ul, atom.Ol, atom.Dl:
		return 2
	case atom.Div, atom.Tr, atom.Li, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Address,
		atom.Body, atom.Head, atom.Center, atom.Form, atom.Caption:
		return 1
	}
	return 0
}

func attr(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}
