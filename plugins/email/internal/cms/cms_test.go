package cms_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/uzel-hub/uzel/plugins/email/internal/cms"
)

const signed = "Content-Type: text/plain; charset=utf-8\r\n\r\nДобрый день, подписано.\r\n"

func load(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSignedContentIsTakenOut(t *testing.T) {
	for _, name := range []string{"signed-der.p7m", "signed-ber.p7m"} {
		r, err := cms.Content(iotest.OneByteReader(bytes.NewReader(load(t, name))))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != signed {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestOtherFormatsAreRefused(t *testing.T) {
	for _, raw := range [][]byte{nil, []byte("MIME"), load(t, "detached.p7s"), load(t, "enveloped.p7m"), {0x30, 0x80}} {
		if _, err := cms.Content(bytes.NewReader(raw)); !errors.Is(err, cms.ErrFormat) {
			t.Errorf("%.20q: %v", raw, err)
		}
	}
}

func TestPiecesInPieces(t *testing.T) {
	head := "\x30\x80\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02\xA0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06\x01\x2A\xA0\x80"
	for raw, want := range map[string]string{
		"\x24\x80\x04\x02ab\x24\x05\x04\x01c\x04\x00\x04\x01d\x00\x00": "abcd",
		"\x24\x07\x04\x02ab\x04\x01c":                                  "abc",
		"\x04\x03abc":                                                  "abc",
	} {
		r, err := cms.Content(bytes.NewReader([]byte(head + raw)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != want {
			t.Errorf("%q: %q %v", raw, got, err)
		}
	}
}

func TestCutContentIsReported(t *testing.T) {
	raw := load(t, "signed-ber.p7m")
	r, err := cms.Content(bytes.NewReader(raw[:80]))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix([]byte(signed), got) || len(got) == 0 {
		t.Errorf("%q %v", got, err)
	}
}

func TestReadErrorsAreReported(t *testing.T) {
	broken := errors.New("disk")
	if _, err := cms.Content(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func FuzzContent(f *testing.F) {
	for _, name := range []string{"signed-der.p7m", "signed-ber.p7m", "detached.p7s"} {
		f.Add(load(f, name))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := cms.Content(bytes.NewReader(raw))
		if err != nil {
			return
		}
		got, err := io.ReadAll(r)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || len(got) > len(raw) {
			t.Errorf("%d bytes out of %d, %v", len(got), len(raw), err)
		}
	})
}
