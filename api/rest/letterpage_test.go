package rest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
)

const pixel = "https://example.org/pixel.png"

func hostileLetter(t *testing.T, h *hub) string {
	t.Helper()
	hostile, err := os.ReadFile("testdata/hostile.html")
	if err != nil {
		t.Fatal(err)
	}
	return path(h.letter("HTML", "ivan@example.org", func(d *core.Document) {
		d.HTML = string(hostile)
		d.Files = []core.Attachment{
			{Hash: strings.Repeat("a", 64), Name: "logo.png", MediaType: "image/png", Role: core.FileInline, ContentID: "<logo>"},
			{Hash: strings.Repeat("b", 64), Name: "evil.svg", MediaType: "image/svg+xml", Role: core.FileInline, ContentID: "evil"},
		}
	}), "page")
}

func TestAFramedLetterRunsNothingAndLoadsItsOwnImagesOnly(t *testing.T) {
	h := newHub(t)
	letter, c := hostileLetter(t, h), h.clerk()
	for address, remote := range map[string]bool{letter: false, letter + "?remote_images=true": true} {
		r := c.get(address).want(200)
		policy, body := r.header.Get("Content-Security-Policy"), string(r.body)
		for _, bad := range []string{"<script", "onerror", "javascript:", "<iframe", "<form", "<svg", "<base", "evil.svg", "cid:"} {
			if strings.Contains(strings.ToLower(body), bad) {
				t.Errorf("%s: %s is left in %s", address, bad, body)
			}
		}
		if !strings.Contains(body, `/files/`+strings.Repeat("a", 64)+`?inline=true"`) || !strings.Contains(body, "<b>жирный</b>") {
			t.Errorf("%s: the letter's own is lost from %s", address, body)
		}
		if strings.Contains(body, ` src="`+pixel) != remote || strings.Contains(policy, "https:") != remote {
			t.Errorf("%s: remote images: %s\n%s", address, policy, body)
		}
		for _, rule := range []string{"default-src 'none'", "sandbox allow-same-origin allow-popups", "frame-ancestors 'self'", "form-action 'none'"} {
			if !strings.Contains(policy, rule) || strings.Contains(policy, "allow-scripts") {
				t.Errorf("%s: %s", address, policy)
			}
		}
		if r.header.Get("X-Frame-Options") != "SAMEORIGIN" || r.header.Get("Content-Type") != "text/html; charset=utf-8" || r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", address, r.header)
		}
	}
}

func TestOnlyWhoSeesADocumentWithFormattedTextGetsItsPage(t *testing.T) {
	h := newHub(t)
	plain := path(h.letter("Без разметки", "ivan@example.org"), "page")
	h.clerk().get(plain).problem(404, "documents.no_html")
	h.anonymous().get(plain).problem(401, "access.none")
	hostile := hostileLetter(t, h)
	h.as("olga", core.RoleAuditor).get(hostile).want(200)
	h.as("oleg", core.RoleAuditor).get(hostile+"?remote_images=ja").problem(400, "request.query")
}
