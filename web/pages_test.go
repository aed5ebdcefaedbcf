package web_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/uzel-hub/uzel/web"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>desk")}, "index.html.gz": {Data: []byte("gz of index")},
		"assets/desk-1a2b.js": {Data: []byte("desk()")}, "assets/desk-1a2b.js.gz": {Data: []byte("gz of desk")}, "assets/desk-1a2b.js.br": {Data: []byte("br of desk")},
		"assets/logo-3c4d.svg": {Data: []byte("<svg/>")}, "assets/odd.thing": {Data: []byte("?")},
		".keep": {},
	}
}

type asked struct {
	method, path string
	header       map[string]string
}

func ask(t *testing.T, dir fstest.MapFS, a asked) (*http.Response, string) {
	t.Helper()
	pages, err := web.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a.method == "" {
		a.method = "GET"
	}
	r := httptest.NewRequest(a.method, a.path, nil)
	for name, value := range a.header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestEveryAddressThatIsNoFileIsTheProgramInTheBrowser(t *testing.T) {
	for path, want := range map[string]struct {
		status     int
		body, kind string
	}{
		"/":                           {200, "<!doctype html>desk", "text/html; charset=utf-8"},
		"/index.html":                 {200, "<!doctype html>desk", "text/html; charset=utf-8"},
		"/appeals/doc_01ABC":          {200, "<!doctype html>desk", "text/html; charset=utf-8"},
		"/plugins/email/1.0.0":        {200, "<!doctype html>desk", "text/html; charset=utf-8"},
		"/appeals?tab=overdue":        {200, "<!doctype html>desk", "text/html; charset=utf-8"},
		"/.keep":                      {200, "<!doctype html>desk", "text/html; charset=utf-8"},
		"/assets/desk-1a2b.js.gz":     {404, "такого файла нет\n", "text/plain; charset=utf-8"},
		"/assets/../index.html":       {200, "<!doctype html>desk", "text/html; charset=utf-8"},
		"/assets/desk-1a2b.js":        {200, "desk()", "text/javascript; charset=utf-8"},
		"/assets/logo-3c4d.svg":       {200, "<svg/>", "image/svg+xml"},
		"/assets/odd.thing":           {200, "?", "application/octet-stream"},
		"/assets/of-yesterday-99.js":  {404, "такого файла нет\n", "text/plain; charset=utf-8"},
		"/assets/%2e%2e/%2e%2e/x.txt": {200, "<!doctype html>desk", "text/html; charset=utf-8"},
	} {
		r, body := ask(t, built(), asked{path: path})
		if r.StatusCode != want.status || body != want.body || r.Header.Get("Content-Type") != want.kind {
			t.Errorf("%s: %d %q %s", path, r.StatusCode, body, r.Header.Get("Content-Type"))
		}
	}
}

func TestTheSmallestEncodingTheBrowserReadsIsSent(t *testing.T) {
	for accepted, want := range map[string]struct{ encoding, body string }{
		"":                          {"", "desk()"},
		"gzip, deflate, br, zstd":   {"br", "br of desk"},
		"gzip":                      {"gzip", "gz of desk"},
		"GZIP ; q=0.5":              {"gzip", "gz of desk"},
		"br;q=0, gzip;q=0.001":      {"gzip", "gz of desk"},
		"br;q=0.0, gzip;q=nonsense": {"", "desk()"},
		"identity, zstd":            {"", "desk()"},
	} {
		r, body := ask(t, built(), asked{path: "/assets/desk-1a2b.js", header: map[string]string{"Accept-Encoding": accepted}})
		if r.Header.Get("Content-Encoding") != want.encoding || body != want.body || r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %q %q", accepted, r.Header.Get("Content-Encoding"), body)
		}
	}
	if r, body := ask(t, built(), asked{path: "/", header: map[string]string{"Accept-Encoding": "br"}}); r.Header.Get("Content-Encoding") != "" || body == "" {
		t.Errorf("the page has no br: %v %q", r.Header, body)
	}
}

func TestNamedByContentIsKeptForEverAndThePageIsAskedForAgain(t *testing.T) {
	for path, want := range map[string]string{
		"/assets/desk-1a2b.js": "public, max-age=31536000, immutable", "/": "no-cache", "/appeals": "no-cache", "/assets/none.js": "no-store",
	} {
		if r, _ := ask(t, built(), asked{path: path}); r.Header.Get("Cache-Control") != want {
			t.Errorf("%s: %s", path, r.Header.Get("Cache-Control"))
		}
	}
	first, _ := ask(t, built(), asked{path: "/"})
	tag := first.Header.Get("ETag")
	again := map[string]string{"If-None-Match": tag}
	if r, body := ask(t, built(), asked{path: "/tasks", header: again}); r.StatusCode != 304 || body != "" || tag == "" {
		t.Errorf("the same page: %d %q, ETag %s", r.StatusCode, body, tag)
	}
	changed := built()
	changed["index.html"] = &fstest.MapFile{Data: []byte("<!doctype html>desk 2")}
	if r, _ := ask(t, changed, asked{path: "/", header: again}); r.StatusCode != 200 {
		t.Errorf("another page: %d", r.StatusCode)
	}
	again["Accept-Encoding"] = "gzip"
	if r, _ := ask(t, built(), asked{path: "/", header: again}); r.StatusCode != 200 {
		t.Errorf("another encoding of it: %d", r.StatusCode)
	}
}

func TestHeadTellsWhatGetWouldAndNothingIsWritten(t *testing.T) {
	r, body := ask(t, built(), asked{method: "HEAD", path: "/assets/desk-1a2b.js"})
	if r.StatusCode != 200 || body != "" || r.Header.Get("Content-Length") != "6" || r.Header.Get("ETag") == "" {
		t.Errorf("%d %q %v", r.StatusCode, body, r.Header)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		r, _ := ask(t, built(), asked{method: method, path: "/"})
		if r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d %v", method, r.StatusCode, r.Header)
		}
	}
}

func TestPagesRunOnlyTheHubsOwnScriptsAndStandInNoFrame(t *testing.T) {
	for _, path := range []string{"/", "/assets/desk-1a2b.js", "/assets/none.js"} {
		r, _ := ask(t, built(), asked{path: path})
		policy := map[string]string{}
		for rule := range strings.SplitSeq(r.Header.Get("Content-Security-Policy"), "; ") {
			name, sources, _ := strings.Cut(rule, " ")
			policy[name] = sources
		}
		want := map[string]string{
			"default-src": "'none'", "script-src": "'self'", "connect-src": "'self'", "base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'",
		}
		maps.DeleteFunc(policy, func(name, _ string) bool { return want[name] == "" })
		if !maps.Equal(policy, want) {
			t.Errorf("%s: %v", path, policy)
		}
		for name, value := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if r.Header.Get(name) != value {
				t.Errorf("%s: %s: %q", path, name, r.Header.Get(name))
			}
		}
	}
}

func TestWithoutABuildOnePageTellsHowToMakeIt(t *testing.T) {
	r, body := ask(t, fstest.MapFS{".keep": {}}, asked{path: "/appeals"})
	if r.StatusCode != 503 || !strings.Contains(body, "Интерфейс не собран: make build") || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %q %v", r.StatusCode, body, r.Header)
	}
}

func TestThePagesInTheProgramAreServed(t *testing.T) {
	pages, err := web.Handler()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(w.Body.String(), "<title>Узел</title>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
