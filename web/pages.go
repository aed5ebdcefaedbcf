package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// assetsDir holds the files whose names change with their contents.
const assetsDir = "assets/"

// policy lets the pages load what the hub serves and nothing else. Styles may
// stand in the page because the component library writes them there; scripts
// may not, so a letter's markup that gets into a page runs nothing.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; frame-src 'self' blob:; manifest-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// encodings are what the build compresses, the smaller first: the name in HTTP
// and the ending of the file.
var encodings = []struct{ name, ending string }{{"br", ".br"}, {"gzip", ".gz"}}

// types are told here and not by the machine's own tables, which differ.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".wasm": "application/wasm",
}

//go:embed absent.html
var absent []byte

// page is one file in all its encodings; "" is the file itself.
type page struct {
	kind      string
	lasting   bool // never another content under this name
	encodings map[string]content
}

type content struct {
	body []byte
	etag string
}

// pages are all that is served, by path without the first slash.
type pages map[string]page

// New serves what a build has left in dir: a file by its name, and index.html
// for whatever else is asked, because the addresses of screens are the
// program's in the browser. All of it is read into memory.
func New(dir fs.FS) (http.Handler, error) {
	out := pages{}
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") || encodingOf(name) != "" {
			return err
		}
		return out.add(dir, name)
	})
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	return out, nil
}

func encodingOf(name string) string {
	for _, e := range encodings {
		if strings.HasSuffix(name, e.ending) {
			return e.name
		}
	}
	return ""
}

func (p pages) add(dir fs.FS, name string) error {
	kind, known := types[path.Ext(name)]
	if !known {
		kind = "application/octet-stream"
	}
	out := page{kind: kind, lasting: strings.HasPrefix(name, assetsDir), encodings: map[string]content{}}
	err := out.read(dir, "", name)
	for _, e := range encodings {
		if missing := out.read(dir, e.name, name+e.ending); !errors.Is(missing, fs.ErrNotExist) {
			err = errors.Join(err, missing)
		}
	}
	p[name] = out
	return err
}

func (p page) read(dir fs.FS, encoding, name string) error {
	raw, err := fs.ReadFile(dir, name)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	p.encodings[encoding] = content{body: raw, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	return nil
}

// ServeHTTP implements http.Handler.
func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "этот метод здесь не поддерживается", http.StatusMethodNotAllowed)
		return
	}
	headers(w.Header())
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	found, ok := p[name]
	if !ok && strings.HasPrefix(name, assetsDir) {
		// A page of an earlier version asks for a part of its own.
		http.Error(w, "такого файла нет", http.StatusNotFound)
		return
	}
	if !ok {
		found, ok = p["index.html"]
	}
	if !ok {
		notBuilt(w)
		return
	}
	found.serve(w, r)
}

// headers are the pages' own rules in place of those of the REST answers.
func headers(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func notBuilt(w http.ResponseWriter) {
	w.Header().Set("Content-Type", types[".html"])
	w.WriteHeader(http.StatusServiceUnavailable)
	w.Write(absent) //nolint:errcheck // the caller has gone
}

func (p page) serve(w http.ResponseWriter, r *http.Request) {
	encoding := p.choose(r.Header.Values("Accept-Encoding"))
	body := p.encodings[encoding]
	h := w.Header()
	h.Set("Content-Type", p.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", body.etag)
	h.Set("Cache-Control", "no-cache")
	if p.lasting {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body.body))
}

// choose takes the smallest encoding that the browser reads (RFC 9110, section
// 12.5.3). Of the weights only that of refusal matters: ours come in one order.
func (p page) choose(accepted []string) string {
	reads := map[string]bool{}
	for one := range strings.SplitSeq(strings.Join(accepted, ","), ",") {
		name, params, _ := strings.Cut(one, ";")
		weight := 1.0
		if q, given := strings.CutPrefix(strings.TrimSpace(params), "q="); given {
			weight, _ = strconv.ParseFloat(q, 64)
		}
		reads[strings.ToLower(strings.TrimSpace(name))] = weight > 0
	}
	for _, e := range encodings {
		if _, kept := p.encodings[e.name]; kept && reads[e.name] {
			return e.name
		}
	}
	return ""
}
