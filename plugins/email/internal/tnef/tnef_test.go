package tnef_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
	"github.com/uzel-hub/uzel/plugins/email/internal/tnef"
)

// stream builds TNEF streams for the tests.
type stream struct{ bytes.Buffer }

func newStream() *stream {
	s := &stream{}
	s.WriteString(tnef.Signature + "\x01\x00")
	s.attr(1, 0x00089006, u32(0x00010000)) // attTnefVersion
	s.attr(1, 0x00069007, append(u32(1251), u32(0)...))
	return s
}

func (s *stream) attr(level byte, id uint32, data []byte) {
	var sum uint16
	for _, c := range data {
		sum += uint16(c)
	}
	s.WriteByte(level)
	s.Write(u32(id))
	s.Write(u32(uint32(len(data))))
	s.Write(data)
	s.Write(binary.LittleEndian.AppendUint16(nil, sum))
}

func (s *stream) file(title string, body []byte, properties ...[]byte) {
	s.attr(2, 0x00069002, make([]byte, 14))
	s.attr(2, 0x00018010, cp1251(title+"\x00"))
	if body != nil {
		s.attr(2, 0x0006800F, body)
	}
	if len(properties) > 0 {
		s.attr(2, 0x00069005, props(properties...))
	}
}

func u32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

func cp1251(s string) []byte {
	out, err := charmap.Windows1251.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return []byte(out)
}

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

func props(list ...[]byte) []byte {
	return append(u32(uint32(len(list))), bytes.Join(list, nil)...)
}

func prop(tag uint32, value []byte) []byte {
	out := append(u32(tag), u32(1)...)
	out = append(append(out, u32(uint32(len(value)))...), value...)
	return append(out, make([]byte, (4-len(value)%4)%4)...)
}

func named(tag uint32, name string, value []byte) []byte {
	out := append(u32(tag), make([]byte, 16)...)
	if name == "" {
		out = append(append(out, u32(0)...), u32(0x8501)...)
	} else {
		n := utf16le(name)
		out = append(append(append(out, u32(1)...), u32(uint32(len(n)))...), n...)
		out = append(out, make([]byte, (4-len(n)%4)%4)...)
	}
	return append(out, value...)
}

// rtfExample is the example of MS-OXRTFCP 4.1.1.
const rtfExample = "2d0000002b0000004c5a4675f1c5c7a703000a0072637067313235423 20af32068656c0900206277 05b06c647d0a800fa0"

func example(t testing.TB) []byte {
	raw, err := hex.DecodeString(strings.ReplaceAll(rtfExample, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	s := newStream()
	s.attr(1, 0x00018004, cp1251("Тема письма\x00"))
	s.attr(1, 0x00069003, props(
		append(u32(0x00170003), u32(1)...),                             // a number
		named(0x80010003, "", u32(7)),                                  // named by a number
		named(0x8002001F, "Ключ", prop(0, utf16le("x"))[4:]),           // named by a string
		append(u32(0x00390040), make([]byte, 8)...),                    // a time
		append(append(u32(0x3FDE0003), u32(65001)...), nil...),         // charset of the HTML
		prop(0x1000001E, cp1251("Добрый день!\x00")),                   // text
		prop(0x10130102, []byte("<p>Добрый день!</p>")),                // HTML
		prop(0x10090102, raw),                                          // RTF
		append(u32(0x0E0B1003), append(u32(2), make([]byte, 8)...)...), // several numbers
	))
	s.file("DOGOVO~1.PDF", []byte("%PDF-1.4 body"),
		prop(0x3707001F, utf16le("Договор аренды.pdf")), prop(0x370E001E, []byte("application/pdf\x00")), prop(0x3712001F, utf16le("img@x")))
	s.file("Акт.txt", []byte("акт"))
	s.file("x", nil, prop(0x3707001E, cp1251("В свойствах.bin\x00")), prop(0x37010102, []byte{1, 2, 3, 4, 5}))
	inner := newStream()
	inner.attr(1, 0x00018004, cp1251("Вложенное\x00"))
	iid := "\x07\x03\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"
	s.file("Письмо", nil, prop(0x3701000D, append([]byte(iid), inner.Bytes()...)))
	return s.Bytes()
}

func read(t testing.TB, raw []byte) (*tnef.Message, error) {
	store := spool.New(spool.Options{Dir: t.TempDir()})
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return tnef.Read(iotest.HalfReader(bytes.NewReader(raw)), store.Keep)
}

func body(t testing.TB, f tnef.File) string {
	r, err := f.Body.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReadsMessageAndFiles(t *testing.T) {
	m, err := read(t, example(t))
	if err != nil || m.Damaged {
		t.Fatalf("err %v damaged %v", err, m.Damaged)
	}
	if m.Subject != "Тема письма" || m.Body != "Добрый день!" || m.HTML != "<p>Добрый день!</p>" {
		t.Errorf("subject %q body %q html %q", m.Subject, m.Body, m.HTML)
	}
	if string(m.RTF) != "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n" {
		t.Errorf("rtf %q", m.RTF)
	}
	want := []struct{ name, body string }{
		{"Договор аренды.pdf", "%PDF-1.4 body"}, {"Акт.txt", "акт"}, {"В свойствах.bin", "\x01\x02\x03\x04\x05"},
	}
	if len(m.Files) != 4 {
		t.Fatalf("%d files", len(m.Files))
	}
	for i, w := range want {
		if m.Files[i].Name != w.name || body(t, m.Files[i]) != w.body {
			t.Errorf("file %d: %q %q", i, m.Files[i].Name, body(t, m.Files[i]))
		}
	}
	if f := m.Files[0]; f.MediaType != "application/pdf" || f.ContentID != "img@x" {
		t.Errorf("%+v", f)
	}
	inner, err := read(t, []byte(body(t, m.Files[3])))
	if err != nil || !m.Files[3].Embedded || inner.Subject != "Вложенное" {
		t.Errorf("embedded: %v %+v", err, inner)
	}
}

// A stream cut at any byte gives what stands before the cut, and says so.
func TestCutAnywhere(t *testing.T) {
	raw := example(t)
	whole := 0
	for n := range raw {
		m, err := read(t, raw[:n])
		if n < 6 {
			if !errors.Is(err, tnef.ErrFormat) {
				t.Errorf("%d bytes: %v", n, err)
			}
			continue
		}
		if err != nil || len(m.Files) > 4 {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if !m.Damaged {
			whole++ // cut exactly between two attributes
		}
	}
	// The stream has 4 attributes of the message and 4+3+3+3 of the files; it
	// may end before each of them.
	if whole != 17 {
		t.Errorf("%d cuts went unnoticed", whole)
	}
}

func TestForeignInputIsRefused(t *testing.T) {
	for _, raw := range []string{"", "PK\x03\x04 something else", "\x78\x9F\x3E"} {
		if _, err := read(t, []byte(raw)); !errors.Is(err, tnef.ErrFormat) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestReadErrorsAreReported(t *testing.T) {
	broken := errors.New("disk")
	keep := func(io.Reader) (spool.Blob, error) { return spool.Blob{}, broken }
	if _, err := tnef.Read(bytes.NewReader(example(t)), keep); !errors.Is(err, broken) {
		t.Errorf("keep: %v", err)
	}
	keep = spool.New(spool.Options{Dir: t.TempDir()}).Keep
	r := io.MultiReader(bytes.NewReader(example(t)[:300]), iotest.ErrReader(broken))
	if _, err := tnef.Read(r, keep); !errors.Is(err, broken) {
		t.Errorf("reader: %v", err)
	}
}

func TestWrongChecksumIsNoticed(t *testing.T) {
	raw := example(t)
	raw[len(raw)-1] ^= 1
	if m, err := read(t, raw); err != nil || !m.Damaged || len(m.Files) != 4 {
		t.Errorf("%v %+v", err, m)
	}
}

func FuzzTNEF(f *testing.F) {
	f.Add(example(f))
	s := newStream()
	s.attr(2, 0x00069005, props(append(u32(0x37011102), u32(1<<31)...)))
	f.Add(s.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		kept := int64(0)
		store := spool.New(spool.Options{})
		m, err := tnef.Read(bytes.NewReader(raw), func(r io.Reader) (spool.Blob, error) {
			b, err := store.Keep(r)
			kept += b.Size()
			return b, err
		})
		if err != nil && !errors.Is(err, tnef.ErrFormat) {
			t.Fatal(err)
		}
		if kept > int64(len(raw)) {
			t.Errorf("%d bytes kept of %d", kept, len(raw))
		}
		if err == nil && strings.ContainsRune(m.Subject+m.Body+m.HTML, 0) {
			t.Error("NUL in a text")
		}
	})
}
