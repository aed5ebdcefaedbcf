package core_test

import (
	"testing"

	"github.com/uzel-hub/uzel/core"
)

func TestTypeIsFoundByContentFirst(t *testing.T) {
	for _, c := range []struct{ name, head, want string }{
		{"page.txt", "<html><body>", "text/html; charset=utf-8"},
		{"picture.txt", "\x89PNG\x0d\x0a\x1a\x0a", "image/png"},
		{"contract.docx", "PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"letter.eml", "From: a", "message/rfc822"},
		{"x.p7s", "\x30\x82", "application/pkcs7-signature"},
		{"fake.pdf", "MZ\x00\x03", "application/octet-stream"},
		{"plain", "text", "text/plain; charset=utf-8"},
		{"drawing.svg", "<?xml version=\"1.0\"?><svg>", "image/svg+xml"},
	} {
		if got := core.MediaType(c.name, []byte(c.head)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
