package extract_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/search/extract"
)

// deep is how deep hostile files nest.
const deep = 200_000

func TestDeepNestingIsReadToItsEnd(t *testing.T) {
	nested := func(tag string) string {
		return strings.Repeat("<"+tag+">", deep) + "дом" + strings.Repeat("</"+tag+">", deep)
	}
	for name, content := range map[string][]byte{
		"a.html": []byte(nested("div")),
		"a.xml":  []byte(nested("x")),
		"a.docx": docx("<w:t>" + nested("w:p") + "</w:t>"),
		"a.odt":  archive(map[string]string{"content.xml": nested("text:p")}),
		"a.xlsx": archive(map[string]string{"xl/sharedStrings.xml": nested("t")}),
	} {
		if got, err := extract.Text(name, "", content, enough); err != nil || got != "дом" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestEntitiesOfAFileAreNotUnfolded(t *testing.T) {
	laughs := `<!DOCTYPE x [<!ENTITY a "дом"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><w:t>`
	for _, entity := range []string{"&b;", "&c;"} {
		if got, err := extract.Text("a.docx", "", docx(laughs+entity+"</w:t>"), enough); err == nil || got != "" {
			t.Errorf("%s: %q, %v", entity, got, err)
		}
	}
}

func TestManyPartsUnpackToTheLimitOfAll(t *testing.T) {
	parts := map[string]string{}
	for _, name := range []string{"content.xml", "word/document.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"} {
		parts[name] = "<t>" + strings.Repeat(" ", 12<<20) + "</t>"
	}
	if _, err := extract.Text("a.docx", "", archive(parts), enough); err == nil {
		t.Error("48 MB were unpacked")
	}
}

// TestAHostilePDFEndsInTheChild: the library reads by recursion, so that a file
// can end it; the next file is read.
func TestAHostilePDFEndsInTheChild(t *testing.T) {
	r := reader(t, "child")
	hostile := map[string][]byte{
		"nested arrays":       bytes.Replace(pdfFile("roof"), []byte("/MediaBox [0 0 612 792]"), []byte("/MediaBox "+strings.Repeat("[", deep*10)), 1),
		"nested dictionaries": bytes.Replace(pdfFile("roof"), []byte("/Type /Catalog"), []byte("/A "+strings.Repeat("<</A ", deep*10)), 1),
		"a page of itself":    bytes.Replace(pdfFile("roof"), []byte("/Kids [3 0 R]"), []byte("/Kids [2 0 R]"), 1),
		"endless trailers":    append(pdfFile("roof"), []byte("\nxref\n0 0\ntrailer\n<< /Prev 0 >>\nstartxref\n0\n%%EOF")...),
	}
	r.Patience = 5 * time.Second
	for name, content := range hostile {
		if got, err := r.Text(t.Context(), "a.pdf", "", content, enough); err != nil && core.KindOf(err) != core.KindInvalid && !errors.Is(err, extract.ErrKind) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	r.Patience = time.Minute
	if got, err := r.Text(t.Context(), "a.pdf", "", pdfFile("Leaking roof"), enough); err != nil || got != "Leaking roof" {
		t.Errorf("the next one: %q, %v", got, err)
	}
}

// FuzzPDF has the child read what it may, within its time.
func FuzzPDF(f *testing.F) {
	f.Add(pdfFile("roof"))
	f.Add([]byte("%PDF-1.7\ntrailer << /Root 1 0 R >>"))
	f.Fuzz(func(t *testing.T, content []byte) {
		r := reader(t, "child")
		r.Patience = 10 * time.Second
		const limit = 4096
		text, err := r.Text(t.Context(), "a.pdf", "", append([]byte("%PDF-1.4\n"), content...), limit)
		if len(text) > limit || !utf8.ValidString(text) {
			t.Errorf("%d bytes of text: %q", len(text), text)
		}
		if err != nil && core.KindOf(err) != core.KindInvalid && !errors.Is(err, extract.ErrKind) {
			t.Error(err)
		}
	})
}
