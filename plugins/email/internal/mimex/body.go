package mimex

import (
	"html"
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/htmlx"
)

// segment is a stretch of the letter's text in one or two forms.
type segment struct {
	text  string // plain, as the sender wrote it
	html  string
	spare bool // used only when there is no other text: that of winmail.dat, that made of HTML too long to show
}

// oneOf joins the forms of multipart/alternative: they say the same, so the
// plain ones make the text and the others the HTML.
func oneOf(body []segment) []segment {
	var one segment
	for _, s := range used(body) {
		one.text = paragraph(one.text, s.text)
		one.html = paragraph(one.html, s.html)
	}
	if one == (segment{}) {
		return nil
	}
	return []segment{one}
}

func paragraph(a, b string) string {
	switch {
	case strings.TrimSpace(a) == "":
		return b
	case strings.TrimSpace(b) == "":
		return a
	}
	return a + "\n\n" + b
}

// used leaves out the spare segments when there are others.
func used(body []segment) []segment {
	var main []segment
	for _, s := range body {
		if !s.spare && !s.empty() {
			main = append(main, s)
		}
	}
	if main == nil {
		return body
	}
	return main
}

func (s segment) empty() bool { return strings.TrimSpace(s.text) == "" && s.html == "" }

func joinText(body []segment) string {
	var text string
	for _, s := range used(body) {
		if strings.TrimSpace(s.text) == "" {
			s.text = htmlx.Text(s.html)
		}
		text = paragraph(text, s.text)
	}
	return text
}

// joinHTML is "" when no segment has HTML; otherwise plain segments are shown
// between the others.
func joinHTML(body []segment) string {
	var parts []string
	rich := false
	for _, s := range used(body) {
		rich = rich || s.html != ""
		switch {
		case s.html != "":
			parts = append(parts, s.html)
		case strings.TrimSpace(s.text) != "":
			parts = append(parts, "<p>"+strings.ReplaceAll(html.EscapeString(s.text), "\n", "<br>\n")+"</p>")
		}
	}
	if !rich {
		return ""
	}
	return strings.Join(parts, "\n<hr>\n")
}
