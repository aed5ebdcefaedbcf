package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
)

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"просто текст":                             "просто текст",
		"давление < 2 и > 1 <- вот":                "давление < 2 и > 1 <- вот",
		"<p>раз</p><p>два<br/>три</p>":             "раз\nдва\nтри",
		"<div style=\"x\">a &lt; b &amp; c</div>":  "a < b & c",
		"<script>alert(1)</script><b>жирный</b>\r": "жирный",
		"\x00управляющие\x07 знаки":                "управляющие знаки",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("<p>a</p>")
	f.Add("a<script><b>x</script>")
	f.Fuzz(func(t *testing.T, in string) {
		out := plain(in)
		if utf8.ValidString(in) && !utf8.ValidString(out) || strings.ContainsAny(out, "\x00\r") {
			t.Errorf("%q became %q", in, out)
		}
	})
}

// FuzzTokens: what the hub gives back may be damaged.
func FuzzTokens(f *testing.F) {
	f.Add(`{"i":"dlv_1","s":"send","a":"22222222-0000-4000-8000-000000000001","w":"x","k":"y"}`)
	f.Add(`{"through":"2026-03-02","appeals":{"x":{"h":"y"}},"waiting":["z"]}`)
	f.Fuzz(func(t *testing.T, raw string) {
		if x, ok := exchangeOf(raw); ok {
			if _, again := exchangeOf(x.token()); !again {
				t.Errorf("%q is no token any more", raw)
			}
			x.reconcile(&appeals.Appeal{Status: appeals.Sent})
		}
		c, err := readCursor([]byte(raw))
		if err != nil {
			return
		}
		c.windows(systemClock().today(), 7)
		if _, err := readCursor(c.bytes()); err != nil {
			t.Errorf("%q is no cursor any more: %v", raw, err)
		}
	})
}
