// Package htmlx makes the HTML of strangers safe to show and easy to search.
package htmlx

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// Version grows when Sanitize changes what it lets through, so that stored
// results can be made anew from the original.
const Version = 1

// RemoteSrc is the attribute into which Sanitize moves the address of a remote
// image: nothing is loaded until a person asks to see the images.
const RemoteSrc = "data-remote-src"

// Sanitizer turns HTML of a letter into HTML that may stand in a page of ours.
// It may be used by many goroutines.
type Sanitizer struct{ policy *bluemonday.Policy }

// NewSanitizer prepares the allow-list: text, headings, lists, tables, links,
// images of the letter itself (cid:) and embedded ones (data:). No styles,
// scripts, forms, frames or remote content.
func NewSanitizer() *Sanitizer {
	p := bluemonday.NewPolicy()
	p.AllowElements("address", "article", "aside", "b", "bdi", "big", "blockquote", "br", "center", "cite", "code", "del", "div", "em",
		"figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "ins", "kbd", "mark", "p", "pre", "q",
		"s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr")
	p.AllowLists()
	p.AllowTables()
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("title").Globally()
	allowLinks(p)
	allowImages(p)
	return &Sanitizer{p}
}

func allowLinks(p *bluemonday.Policy) {
	p.AllowAttrs("href").Matching(regexp.MustCompile(`(?i)^\s*(https?://|mailto:|tel:)`)).OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
}

func allowImages(p *bluemonday.Policy) {
	p.AllowDataURIImages()
	p.AllowAttrs("src").Matching(regexp.MustCompile(`(?i)^(cid:|data:image/(gif|jpeg|png|webp);base64,)`)).OnElements("img")
	p.AllowAttrs(RemoteSrc).Matching(regexp.MustCompile(`^https?://`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.NumberOrPercent).OnElements("img")
}

// Sanitize returns what is allowed of src. Links open in a new page without
// telling where they were met; remote images keep their address in RemoteSrc.
func (s *Sanitizer) Sanitize(src string) string {
	return strings.TrimSpace(s.policy.Sanitize(holdImages(src)))
}

// holdImages moves remote addresses of images out of src before the allow-list
// would drop them. Safety does not depend on it.
func holdImages(src string) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(src))
	for z.Next() != html.ErrorToken {
		raw := string(z.Raw())
		t := z.Token()
		if t.Data == "img" && (t.Type == html.StartTagToken || t.Type == html.SelfClosingTagToken) {
			raw = holdImage(t).String()
		}
		out.WriteString(raw)
	}
	out.Write(z.Raw()) // a tag cut off at the end
	return out.String()
}

func holdImage(t html.Token) html.Token {
	for i, a := range t.Attr {
		if a.Key != "src" {
			continue
		}
		address := strings.TrimSpace(a.Val)
		if strings.HasPrefix(address, "//") {
			address = "https:" + address
		}
		if u, err := url.Parse(address); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			t.Attr[i] = html.Attribute{Key: RemoteSrc, Val: u.String()}
		} else {
			t.Attr[i].Val = address
		}
	}
	return t
}

var cidRef = regexp.MustCompile(`(?i)cid:([^"'\s<>)\\]+)`)

// References returns the Content-IDs (without angle brackets) of the parts that
// src shows inside the text.
func References(src string) map[string]bool {
	ids := map[string]bool{}
	for _, m := range cidRef.FindAllStringSubmatch(src, -1) {
		id := html.UnescapeString(m[1])
		if plain, err := url.PathUnescape(id); err == nil {
			id = plain
		}
		ids[id] = true
	}
	return ids
}

// Charset returns the charset an HTML document declares in its own head, or "".
func Charset(src []byte) string {
	m := metaCharset.FindSubmatch(src[:min(len(src), 2048)])
	if m == nil {
		return ""
	}
	return string(m[1])
}

var metaCharset = regexp.MustCompile(`(?i)<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_:.-]{2,40})`)

// Looks tells by its first bytes that a text is an HTML document, whatever it
// is declared as.
func Looks(head []byte) bool {
	return document.Match(head[:min(len(head), 1024)])
}

var document = regexp.MustCompile(`(?i)^\x{FEFF}?\s*(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*)*(<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])`)
