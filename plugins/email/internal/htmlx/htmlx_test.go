package htmlx_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/uzel-hub/uzel/plugins/email/internal/htmlx"
)

func TestSanitize(t *testing.T) {
	s := htmlx.NewSanitizer()
	for _, c := range []struct{ name, src, want string }{
		{"text stays", `<p>Добрый <b>день</b></p>`, `<p>Добрый <b>день</b></p>`},
		{"script goes", `a<script>alert(1)</script>b`, `ab`},
		{"style goes", `<style>p{color:red}</style><p style="position:fixed" class=x id=y onclick=z()>a</p>`, `<p>a</p>`},
		{"forms go", `<form action="http://x.test"><input name=a><button>b</button></form>`, `b`},
		{"remote image is held", `<img src="http://x.test/t.gif?id=1&amp;b=2" width=1 onerror=x>`, `<img data-remote-src="http://x.test/t.gif?id=1&amp;b=2" width="1">`},
		{"address without scheme", `<IMG SRC=//x.test/a.png alt="Логотип">`, `<img data-remote-src="https://x.test/a.png" alt="Логотип">`},
		{"own image stays", `<img src="cid:img1@x.test">`, `<img src="cid:img1@x.test">`},
		{"embedded image stays", `<img src="data:image/png;base64,iVBORw0KGgo=">`, `<img src="data:image/png;base64,iVBORw0KGgo=">`},
		{"embedded svg goes", `<img src="data:image/svg+xml;base64,PHN2Zz4=" alt="x">`, `<img alt="x">`},
		{"relative image goes", `<img src="/api/x" alt="x">`, `<img alt="x">`},
		{"link", `<a href="https://x.test/">x</a>`, `<a href="https://x.test/" rel="nofollow noreferrer noopener" target="_blank">x</a>`},
		{"script link", `<a href="javascript:alert(1)">x</a>`, `x`},
		{"remote background", `<table background="http://x.test/a.png"><tr><td style="background:url(http://x.test)">a</td></tr></table>`, `<table><tr><td>a</td></tr></table>`},
		{"frames and svg", `<iframe src="http://x.test"></iframe><svg onload=x><a>q</a></svg><object data=x>o</object>`, `q`},
		{"forged placeholder", `<img data-remote-src="javascript:x" alt="x">`, `<img alt="x">`},
		{"tag cut off", `<p>a</p><img src="http://x.te`, `<p>a</p>`},
	} {
		if got := s.Sanitize(c.src); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"paragraphs", "<html><head><title>t</title></head><body><p>Добрый\n день!</p><p>Прошу <b>помочь</b>.</p></body></html>", "Добрый день!\n\nПрошу помочь."},
		{"inline does not tear words", "8<span>495</span><b>123</b>", "8495123"},
		{"breaks", "a<br>b<br/><br>c", "a\nb\n\nc"},
		{"list", "<ul><li>один<li>два</ul>", "- один\n- два"},
		{"quote", "<p>ответ</p><blockquote>вопрос<br>ещё</blockquote>конец", "ответ\n\n> вопрос\n> ещё\nконец"},
		{"table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
		{"link", `<a href="https://x.test/a">сюда</a> и <a href="https://x.test">https://x.test</a>, <a href="mailto:i@x.test">почта</a>`, "сюда (https://x.test/a) и https://x.test, почта (i@x.test)"},
		{"entities", "&laquo;a&raquo;&nbsp;&lt;b&gt; &amp;amp;", "«a»\u00A0<b> &amp;"},
		{"pre", "<pre>a\n  b</pre>c", "a\n  b\nc"},
		{"hidden", "<style>x</style>a<script>b</script><!-- c -->d", "ad"},
		{"image", `<img alt="Схема" src=x>`, "[Схема]"},
		{"nothing", "  <p> </p> ", ""},
	} {
		if got := htmlx.Text(c.src); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReferences(t *testing.T) {
	ids := htmlx.References(`<img src="cid:a@b"> <IMG SRC='CID:c%40d&amp;e'> url(cid:f)`)
	for _, id := range []string{"a@b", "c@d&e", "f"} {
		if !ids[id] {
			t.Errorf("%s not found in %v", id, ids)
		}
	}
}

func TestLooks(t *testing.T) {
	for src, want := range map[string]bool{
		"<html><body>x": true, "\n <!DOCTYPE html>": true, "<!-- x -->\n<HTML lang=ru>": true, "\xEF\xBB\xBF<body>": true,
		"Привет <html>": false, "<b>жирно</b>": false, "": false,
	} {
		if htmlx.Looks([]byte(src)) != want {
			t.Errorf("%q: %v", src, !want)
		}
	}
	if got := htmlx.Charset([]byte(`<META http-equiv="Content-Type" content="text/html; charset=koi8-r">`)); got != "koi8-r" {
		t.Errorf("charset %q", got)
	}
}

// Deep nesting must not cost more than its length: the result of a letter of
// 60,000 open elements is built in one pass and stays in proportion.
func TestDeepNestingStaysInProportion(t *testing.T) {
	src := strings.Repeat("<div><blockquote><b>", 20_000) + "x"
	if got := htmlx.Text(src); !strings.HasSuffix(got, "> x") || len(got) > 100 {
		t.Errorf("%d bytes", len(got))
	}
	if got := htmlx.NewSanitizer().Sanitize(src); len(got) > len(src)+100 {
		t.Errorf("%d bytes out of %d", len(got), len(src))
	}
}

func FuzzSanitize(f *testing.F) {
	s := htmlx.NewSanitizer()
	f.Add(`<p>a<img src="http://x.test/a.png"><a href="javascript:x">b</a><script>c</script>`)
	f.Add(`<svg><style><img src=x onerror=alert(1)></style></svg><math><mi>`)
	f.Fuzz(func(t *testing.T, src string) {
		htmlx.Text(src)
		z := html.NewTokenizer(strings.NewReader(s.Sanitize(src)))
		for z.Next() != html.ErrorToken {
			checkToken(t, z.Token())
		}
	})
}

func checkToken(t *testing.T, tok html.Token) {
	t.Helper()
	if tok.Type != html.StartTagToken && tok.Type != html.SelfClosingTagToken {
		return
	}
	switch tok.Data {
	case "script", "style", "iframe", "object", "embed", "form", "input", "link", "meta", "base", "svg", "math":
		t.Errorf("element %s", tok.Data)
	}
	for _, a := range tok.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
			t.Errorf("attribute %s", a.Key)
		}
		low := strings.ToLower(a.Val)
		if (a.Key == "src" || a.Key == "href") && (strings.Contains(low, "script:") && !strings.Contains(low, "//") || a.Key == "src" && strings.HasPrefix(low, "http")) {
			t.Errorf("%s=%q", a.Key, a.Val)
		}
	}
}
