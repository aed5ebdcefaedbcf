package rest

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

func letterRoutes() []*route {
	return []*route{
		{name: "documents.page", method: get, path: v1 + "/documents/{id}/page", op: access.ReadDocuments, serve: (*Server).letterPage},
	}
}

const (
	letterHead = `<!doctype html><html lang="ru"><meta charset="utf-8"><title>Письмо</title><style>` +
		`body{margin:8px;font:14px/1.5 "Segoe UI Variable Text","Segoe UI","PT Sans","Noto Sans","Liberation Sans",system-ui,sans-serif;color:#1c2524;background:#fff;overflow-wrap:anywhere}img{max-width:100%;height:auto}` +
		`table{max-width:100%}blockquote{margin:8px 0 8px 8px;padding-left:8px;border-left:2px solid #c5cbc8}pre{white-space:pre-wrap}</style><body>`

	// A letter runs nothing, sends nothing and leads nowhere but to new windows.
	// It keeps the hub's origin, so that its own images come with the reader's
	// session and the page around it can measure it.
	letterPolicy = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'self'; img-src 'self' data:"
	remoteImages = " https: http:"

	remoteSource = "data-remote-src" // where sanitising leaves the address of a remote image
)

// letterPage is the formatted text of a document as a page of its own, for a
// frame. Images in it are the letter's own; those of other servers, which would
// tell them that the letter is being read, come only when asked for.
func (s *Server) letterPage(c *call) (answer, error) {
	q := c.query()
	remote := q.flag("remote_images")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	d, err := s.document(c)
	if err != nil {
		return answer{}, err
	}
	if d.HTML == "" {
		return answer{}, core.NotFound("documents.no_html", "у документа нет текста с разметкой")
	}
	h, policy := c.w.Header(), letterPolicy
	if remote {
		policy += remoteImages
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	fmt.Fprint(c.w, letterHead, dressLetter(s.html.Sanitize(d.HTML), imagesOf(d), remote)) //nolint:errcheck // the reader has gone
	return answer{}, nil
}

// imagesOf are the addresses of the document's own images by their content id.
func imagesOf(d *core.Document) map[string]string {
	out := map[string]string{}
	for _, f := range d.Files {
		if f.ContentID != "" && slices.Contains(shownInline, f.MediaType) {
			out[strings.Trim(f.ContentID, "<>")] = fmt.Sprintf("%s/documents/%s/files/%s?inline=true", v1, d.ID, f.Hash)
		}
	}
	return out
}

// dressLetter gives the images of sanitised HTML their addresses.
func dressLetter(clean string, own map[string]string, remote bool) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(clean))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			token := z.Token()
			if token.Data != "img" {
				out.WriteString(raw)
				continue
			}
			token.Attr = imageAttributes(token.Attr, own, remote)
			out.WriteString(token.String())
		default:
			out.Write(z.Raw())
		}
	}
}

func imageAttributes(had []html.Attribute, own map[string]string, remote bool) []html.Attribute {
	var out []html.Attribute
	for _, a := range had {
		switch {
		case a.Key == "src" && strings.HasPrefix(strings.ToLower(a.Val), "cid:"):
			a.Val = own[a.Val[len("cid:"):]]
		case a.Key == remoteSource && remote:
			a.Key = "src"
		}
		if a.Val != "" {
			out = append(out, a)
		}
	}
	return append(out, html.Attribute{Key: "referrerpolicy", Val: "no-referrer"})
}
