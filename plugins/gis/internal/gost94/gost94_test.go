package gost94_test

import (
	"encoding/hex"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/plugins/gis/internal/gost94"
)

func TestKnownHash(t *testing.T) {
	for text, want := range map[string]string{
		"":    "981e5f3ca30c841487830f84fb433e13ac1101569b9c13584ac483234cd656c0",
		"abc": "b285056dbf18d7392d7677369524dd14747459ed8143997e163b2986f92fd42c",
	} {
		h := gost94.New()
		h.Write([]byte(text)) //nolint:errcheck // cannot fail
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// TestAgreesWithOpenSSL compares lengths around the block with OpenSSL's engine,
// written in pieces. (Of an empty file the engine prints another value than the
// standard.)
func TestAgreesWithOpenSSL(t *testing.T) {
	for _, n := range []int{1, 31, 32, 33, 64, 1000, 100_000} {
		body := make([]byte, n)
		for i := range body {
			body[i] = byte(i*7 + 255)
		}
		file := t.TempDir() + "/f"
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("openssl", "dgst", "-engine", "gost", "-md_gost94", "-r", file).Output()
		if err != nil {
			t.Fatal("openssl with its GOST engine:", err)
		}
		h := gost94.New()
		for rest := body; len(rest) > 0; {
			k := min(len(rest), 17)
			h.Write(rest[:k]) //nolint:errcheck // cannot fail
			rest = rest[k:]
		}
		if got := hex.EncodeToString(h.Sum(nil)); !strings.HasPrefix(string(out), got) {
			t.Errorf("%d bytes: %s, OpenSSL: %s", n, got, out)
		}
	}
}
