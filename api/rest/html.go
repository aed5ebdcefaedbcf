package rest

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"

	"github.com/uzel-hub/uzel/core"
)

// Connectors hand over sanitised HTML, but they are programs of others: what
// goes out to a browser is sanitised again.

var (
	safeLink   = regexp.MustCompile(`(?i)^(https?://|mailto:|tel:)`)
	ownImage   = regexp.MustCompile(`(?i)^(cid:|data:image/(gif|jpeg|png|webp);base64,)`)
	remoteLink = regexp.MustCompile(`^https?://`)
)

// htmlPolicy lets text, tables, links and the letter's own images through. A
// remote image keeps its address in data-remote-src and loads nothing.
func htmlPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("address", "b", "bdi", "big", "blockquote", "br", "center", "cite", "code", "del", "div", "em", "h1", "h2",
		"h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "mark", "p", "pre", "q", "s", "samp", "section", "small", "span",
		"strike", "strong", "sub", "sup", "tt", "u", "var", "wbr", "article", "aside", "figure", "figcaption", "footer", "header")
	p.AllowLists()
	p.AllowTables()
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("title").Globally()
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowAttrs("href").Matching(safeLink).OnElements("a")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.AllowDataURIImages()
	p.AllowAttrs("src").Matching(ownImage).OnElements("img")
	p.AllowAttrs("data-remote-src").Matching(remoteLink).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.NumberOrPercent).OnElements("img")
	return p
}

// shown is the document as it may go out.
func (s *Server) shown(d *core.Document) *core.Document {
	out := *d
	out.HTML = s.html.Sanitize(d.HTML)
	return &out
}
