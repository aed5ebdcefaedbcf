package extract_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/search/extract"
)

// TestMain lets the test program be the child, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "child":
			if err := extract.Serve(os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "deaf":
			select {}
		case "dying":
			panic("as a file made it do")
		}
	}
	os.Exit(m.Run())
}

const enough = 1 << 20

func TestWordsAreReadFromEveryFormat(t *testing.T) {
	windows1251, err := charmap.Windows1251.NewEncoder().String("Протечка кровли")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file, media string
		content     []byte
		want        string
	}{
		"plain text":         {"a.txt", "", []byte("Протечка\u00ad  кровли\r\n\r\nподъезд\x00 3"), "Протечка кровли\nподъезд 3"},
		"text of an old day": {"a.txt", "text/plain", []byte(windows1251), "Протечка кровли"},
		"UTF-16":             {"a.csv", "", []byte("\xff\xfe\x10\x04\x11\x04"), "АБ"},
		"HTML":               {"a.html", "", []byte("<style>p{}</style><p>Про<b>течка</b><br>кровли<script>x=1</script> &laquo;дом&raquo;"), "Протечка\nкровли «дом»"},
		"XML":                {"a.xml", "", []byte("<?xml version='1.0'?><a><b>Протечка</b><c x='1'>кровли</c></a>"), "Протечка\nкровли"},
		"DOCX":               {"a.docx", "", docx("<w:p><w:r><w:t>Протечка</w:t></w:r><w:r><w:t xml:space='preserve'> кровли</w:t></w:r></w:p><w:p><w:r><w:t>дом 5</w:t></w:r></w:p>"), "Протечка кровли\nдом 5"},
		"XLSX": {"a.xlsx", "", archive(map[string]string{
			"xl/sharedStrings.xml":     `<sst xmlns="x"><si><t>Протечка</t></si><si><r><t>кров</t></r><r><t>ли</t></r></si></sst>`,
			"xl/worksheets/sheet1.xml": `<worksheet><row><c t="s"><v>0</v></c><c><v>7701234567</v></c><c t="inlineStr"><is><t>дом</t></is></c></row></worksheet>`,
		}), "Протечка\nкровли\n7701234567 дом"},
		"ODT": {"a.odt", "", archive(map[string]string{
			"content.xml": `<office:document-content xmlns:office="o" xmlns:text="t"><office:body><text:p>Протечка<text:s/>кров<text:span>ли</text:span></text:p><text:p>дом</text:p></office:body></office:document-content>`,
		}), "Протечка кровли\nдом"},
		"PDF": {"a.pdf", "", pdfFile("Leaking roof"), "Leaking roof"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := extract.Text(c.file, c.media, c.content, enough)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestFilesWithoutTextAreLeftAlone(t *testing.T) {
	for name, content := range map[string][]byte{
		"photo.jpg":   []byte("\xff\xd8\xff\xe0"),
		"backup.zip":  archive(map[string]string{"a.txt": "text"}),
		"letter.docx": []byte("\xd0\xcf\x11\xe0"), // encrypted
	} {
		if got, err := extract.Text(name, "application/octet-stream", content, enough); !errors.Is(err, extract.ErrKind) || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestWhatIsTooLongIsCut(t *testing.T) {
	got, err := extract.Text("a.txt", "", []byte(strings.Repeat("слово ", 1000)), 101)
	if err != nil || len(got) > 101 || len(got) < 90 || !utf8.ValidString(got) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestABombUnpacksToItsLimitOnly(t *testing.T) {
	// 40 MB of spaces in 40 kB: no text, so only the limit of unpacking ends it.
	bomb := docx("<w:p><w:r><w:t>" + strings.Repeat(" ", 40<<20) + "</w:t></w:r></w:p>")
	if len(bomb) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	if got, err := extract.Text("a.docx", "", bomb, enough); err == nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestADamagedFileGivesWhatCouldBeRead(t *testing.T) {
	got, err := extract.Text("a.docx", "", docx("<w:p><w:t>Протечка</w:t></w:p><w:p <<<"), enough)
	if err == nil || got != "Протечка" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTheChildReadsFileAfterFile(t *testing.T) {
	r := reader(t, "child")
	for range 3 {
		if got, err := r.Text(t.Context(), "a.pdf", "", pdfFile("Leaking roof"), enough); err != nil || got != "Leaking roof" {
			t.Fatalf("%q, %v", got, err)
		}
		if _, err := r.Text(t.Context(), "a.jpg", "", []byte("\xff\xd8"), enough); !errors.Is(err, extract.ErrKind) {
			t.Fatal(err)
		}
		if got, err := r.Text(t.Context(), "a.docx", "", docx("<w:t>дом</w:t><"), enough); core.KindOf(err) != core.KindInvalid || got != "дом" {
			t.Fatalf("%q, %v", got, err)
		}
		r.Close()
	}
}

func TestAFileCostsNobodyButItself(t *testing.T) {
	for _, how := range []string{"deaf", "dying"} {
		t.Run(how, func(t *testing.T) {
			r := reader(t, how)
			r.Patience = 100 * time.Millisecond
			if how == "dying" {
				r.Patience = time.Minute
			}
			if _, err := r.Text(t.Context(), "a.txt", "", []byte("дом"), enough); core.KindOf(err) != core.KindInvalid {
				t.Fatal(err)
			}
			r.Args, r.Patience = []string{"child"}, time.Minute
			if got, err := r.Text(t.Context(), "a.txt", "", []byte("дом"), enough); err != nil || got != "дом" {
				t.Errorf("the next one: %q, %v", got, err)
			}
		})
	}
}

func TestAMissingChildIsNotTheFilesFault(t *testing.T) {
	r := &extract.Reader{Program: t.TempDir() + "/none"}
	if _, err := r.Text(t.Context(), "a.txt", "", nil, enough); core.KindOf(err) != core.KindUnavailable {
		t.Error(err)
	}
}

func FuzzText(f *testing.F) {
	f.Add("a.pdf", pdfFile("roof"))
	f.Add("a.docx", docx("<w:p><w:t>дом</w:t></w:p>"))
	f.Add("a.xlsx", archive(map[string]string{"xl/sharedStrings.xml": "<sst><si><t>дом</t></si></sst>"}))
	f.Add("a.html", []byte("<p>дом<br>&amp;<script>"))
	f.Add("a.txt", []byte("\xff\xfe\x10"))
	f.Add("a.html", []byte(strings.Repeat("<div>", 1000)+"<!--"))
	f.Add("a.docx", docx("<!DOCTYPE x [<!ENTITY a 'b'>]><w:t>&a;"+strings.Repeat("<w:p>", 1000)))
	f.Add("a.odt", archive(map[string]string{"content.xml": "<text:p>" + strings.Repeat(" ", 1<<16)}))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		const limit = 4096
		if bytes.Contains(content, []byte("%PDF-")) {
			return // read by a library, in the child only
		}
		text, _ := extract.Text(name, "", content, limit)
		if len(text) > limit || !utf8.ValidString(text) {
			t.Errorf("%d bytes of text: %q", len(text), text)
		}
	})
}

func reader(t *testing.T, how string) *extract.Reader {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := &extract.Reader{Program: self, Args: []string{how}, Patience: time.Minute}
	t.Cleanup(r.Close)
	return r
}

func docx(body string) []byte {
	return archive(map[string]string{"word/document.xml": `<w:document xmlns:w="w"><w:body>` + body})
}

// archive packs the parts in the order of their names.
func archive(parts map[string]string) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range []string{"a.txt", "content.xml", "word/document.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"} {
		if body, ok := parts[name]; ok {
			f, err := w.Create(name)
			if err != nil {
				panic(err)
			}
			if _, err := f.Write([]byte(body)); err != nil {
				panic(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// pdfFile is a page with one line.
func pdfFile(line string) []byte {
	content := "BT /F1 12 Tf 72 720 Td (" + line + ") Tj ET"
	var out bytes.Buffer
	var at []int
	out.WriteString("%PDF-1.4\n")
	for i, object := range []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	} {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return out.Bytes()
}
