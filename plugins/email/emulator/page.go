package emulator

import (
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"
)

// Shown is a letter as Page shows it to a person without a mail program.
type Shown struct {
	Box       string   `json:"box"`
	Folder    string   `json:"folder"`
	From      string   `json:"from"`
	To        string   `json:"to"`
	Subject   string   `json:"subject"`
	InReplyTo string   `json:"in_reply_to,omitempty"`
	Text      string   `json:"text"` // the first part that is plain text
	Files     []string `json:"files,omitempty"`
}

// Page shows the letters of all mailboxes: / is for a browser, /letters is JSON
// of Shown. It is for a demonstration: no password is asked.
func (w *World) Page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(rw, w.shown()) // the browser has gone
	})
	mux.HandleFunc("GET /letters", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(w.shown()) // as above
	})
	return mux
}

// shown are the letters by mailbox and folder, oldest first.
func (w *World) shown() []Shown {
	w.mu.Lock()
	boxes := slices.Sorted(maps.Keys(w.accounts))
	w.mu.Unlock()
	out := []Shown{}
	for _, box := range boxes {
		for _, folder := range []string{"INBOX", "Sent"} {
			for _, raw := range w.Letters(box, folder) {
				s := read(raw)
				s.Box, s.Folder = box, folder
				out = append(out, s)
			}
		}
	}
	return out
}

// read takes a letter apart as far as it can be.
func read(raw []byte) Shown {
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return Shown{Subject: "письмо не читается"}
	}
	s := Shown{
		From: words(m.Header.Get("From")), To: words(m.Header.Get("To")), Subject: words(m.Header.Get("Subject")),
		InReplyTo: m.Header.Get("In-Reply-To"),
	}
	s.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Disposition"), m.Header.Get("Content-Transfer-Encoding"), m.Body, 0)
	return s
}

// words decodes RFC 2047, in any character set.
func words(text string) string {
	d := mime.WordDecoder{CharsetReader: func(name string, in io.Reader) (io.Reader, error) { return charset.NewReaderLabel(name, in) }}
	if decoded, err := d.DecodeHeader(text); err == nil {
		return decoded
	}
	return text
}

// maxDepth bounds letters inside letters.
const maxDepth = 5

// part notes the text or the file's name of a part and of those inside it.
func (s *Shown) part(kind, disposition, encoding string, body io.Reader, depth int) {
	media, params, _ := mime.ParseMediaType(kind)
	_, place, _ := mime.ParseMediaType(disposition)
	if strings.HasPrefix(media, "multipart/") && depth < maxDepth {
		r := multipart.NewReader(body, params["boundary"])
		for p, err := r.NextRawPart(); err == nil; p, err = r.NextRawPart() {
			s.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Disposition"), p.Header.Get("Content-Transfer-Encoding"), p, depth+1)
		}
		return
	}
	if name := place["filename"]; name != "" {
		s.Files = append(s.Files, words(name))
		return
	}
	if s.Text != "" || media != "text/plain" && media != "" {
		return
	}
	text, err := charset.NewReaderLabel(params["charset"], decoded(encoding, body))
	if err != nil {
		text = decoded(encoding, body)
	}
	all, _ := io.ReadAll(io.LimitReader(text, 64<<10)) // what could be read is shown
	s.Text = strings.ReplaceAll(string(all), "\r\n", "\n")
}

func decoded(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

var page = template.Must(template.New("letters").Parse(`<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><title>Почта демонстрации</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:1rem auto;padding:0 1rem}article{border-top:1px solid #999;margin-top:1rem}pre{white-space:pre-wrap;font:inherit}</style>
</head><body><h1>Почта демонстрации</h1>
{{range .}}<article><h2>{{.Subject}}</h2><p>Ящик <b>{{.Box}}</b>, папка {{.Folder}}<br>От: {{.From}}<br>Кому: {{.To}}</p><pre>{{.Text}}</pre>
{{if .Files}}<p>Файлы: {{range .Files}}<span>{{.}}</span> {{end}}</p>{{end}}</article>
{{else}}<p>Писем пока нет.</p>{{end}}</body></html>`))
