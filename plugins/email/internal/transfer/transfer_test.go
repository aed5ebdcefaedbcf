package transfer_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/uzel-hub/uzel/plugins/email/internal/transfer"
)

func decode(t *testing.T, encoding, body string) (string, bool) {
	t.Helper()
	r, _ := transfer.New(iotest.OneByteReader(strings.NewReader(body)), encoding)
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), r.Faulty()
}

func TestDecodesWhatIsSound(t *testing.T) {
	for _, c := range []struct{ encoding, body, want string }{
		{"base64", "0J/RgNC40LLQ\r\ntdGCIQ==\r\n", "Привет!"},
		{" Base64 (comment)", "YQ==", "a"},
		{"base64", "", ""},
		{"quoted-printable", "=D0=9F=d1=80 =\r\n x  \r\nb=3D", "Пр  x\r\nb="},
		{"quoted-printable", "конец=", "конец"},
		{"x-uuencode", "text\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\nmore\r\n", "Cat"},
		{"8bit", "\xCF\xF0", "\xCF\xF0"},
	} {
		got, faulty := decode(t, c.encoding, c.body)
		if got != c.want || faulty {
			t.Errorf("%s: got %q, faulty %v; want %q", c.encoding, got, faulty, c.want)
		}
	}
}

func TestDecodesWhatIsDamaged(t *testing.T) {
	for _, c := range []struct{ name, encoding, body, want string }{
		{"stray bytes", "base64", "0J/R\x00gNC!40L\r\n*LQtdGC", "Привет"},
		{"no padding", "base64", "YWI", "ab"},
		{"two texts", "base64", "YQ==\r\nYg==\r\n", "ab"},
		{"footer behind the end", "base64", "YWI=\r\n____________\r\nSent by list\r\n", "ab"},
		{"plain text under the label", "base64", "Добрый день, коллеги! Всё хорошо.", "Добрый день, коллеги! Всё хорошо."},
		{"equals sign alone", "quoted-printable", "a=b =ZZ 1=", "a=b =ZZ 1"},
		{"end is missing", "x-uuencode", "begin 644 a\n#0V%T\n", "Cat"},
		{"begin is missing", "x-uuencode", "#0V%T\n", ""},
	} {
		got, faulty := decode(t, c.encoding, c.body)
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if c.name != "two texts" && !faulty {
			t.Errorf("%s: not reported as faulty", c.name)
		}
	}
}

func TestUnknownEncodingIsPassedThrough(t *testing.T) {
	for _, encoding := range []string{"UTF-8", "8 bit", "none"} {
		r, known := transfer.New(strings.NewReader("x=41"), encoding)
		out, err := io.ReadAll(r)
		if err != nil || known || string(out) != "x=41" {
			t.Errorf("%s: %q known %v err %v", encoding, out, known, err)
		}
	}
}

func TestFlowed(t *testing.T) {
	for _, c := range []struct {
		text, want string
		delSp      bool
	}{
		{"one \ntwo\nthree", "one two\nthree", false},
		{"очень длин \nное", "очень длинное", true},
		{"> a \n> b\n>> c", "> a b\n>> c", false},
		{"> a \nb", "> a \nb", false},
		{" From x\n >y", "From x\n>y", false},
		{"text \n-- \nИван", "text \n-- \nИван", false},
	} {
		if got := transfer.Flowed(c.text, c.delSp); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestUULine(t *testing.T) {
	if data, ok := transfer.UULine("#0V%T"); !ok || string(data) != "Cat" {
		t.Errorf("%q %v", data, ok)
	}
	if data, ok := transfer.UULine("`"); !ok || len(data) != 0 {
		t.Errorf("%q %v", data, ok)
	}
	for _, line := range []string{"", "Добрый день", "this is a line of a letter", "\x01"} {
		if _, ok := transfer.UULine(line); ok {
			t.Errorf("%q taken for data", line)
		}
	}
	if name, ok := transfer.UUBegin("begin 644 отчёт за май.xls\r\n"); !ok || name != "отчёт за май.xls" {
		t.Errorf("%q %v", name, ok)
	}
	if _, ok := transfer.UUBegin("begin to read"); ok {
		t.Error("prose taken for uuencode")
	}
}

// FuzzTransfer holds the tolerant decoders to the strict ones of the standard
// library wherever those accept the input.
func FuzzTransfer(f *testing.F) {
	f.Add([]byte("0J/RgNC40LLQ\r\ntdGCIQ=="), 0)
	f.Add([]byte("=D0=9F=\r\n x"), 1)
	f.Add([]byte("begin 644 a\n#0V%T\n`\nend\n"), 2)
	f.Fuzz(func(t *testing.T, body []byte, which int) {
		encoding := []string{"base64", "quoted-printable", "x-uuencode"}[uint(which)%3]
		r, _ := transfer.New(bytes.NewReader(body), encoding)
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		most := len(body)
		if encoding == "x-uuencode" { // a line may have lost its trailing spaces: what it says it holds, at most 63 bytes, comes back
			most = 63 * (1 + bytes.Count(body, []byte("\n")))
		}
		if len(got) > most {
			t.Errorf("%d bytes out of %d", len(got), len(body))
		}
		if want, err := strict(encoding, body); err == nil && !r.Faulty() && squeeze(got) != squeeze(want) {
			t.Errorf("%s: got %q, want %q", encoding, got, want)
		}
	})
}

// squeeze removes what the two decoders may treat differently at line ends.
func squeeze(b []byte) string {
	return strings.NewReplacer("\r", "", " ", "", "\t", "").Replace(string(b))
}

func strict(encoding string, body []byte) ([]byte, error) {
	switch encoding {
	case "base64":
		return io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body)))
	case "quoted-printable":
		return io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
	}
	return nil, io.EOF
}
