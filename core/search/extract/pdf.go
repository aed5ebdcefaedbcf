package extract

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/ledongthuc/pdf"
)

// maxPages bounds the pages of a PDF file that are read.
const maxPages = 500

// readPDF reads page by page. The library panics at what it does not expect:
// what was read before that stays.
func readPDF(raw []byte, out *writer) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = errors.New("damaged PDF file")
		}
	}()
	r, err := pdf.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return fmt.Errorf("open PDF file: %w", err)
	}
	for n := 1; n <= min(r.NumPage(), maxPages); n++ {
		if err := readPage(r.Page(n), out); err != nil {
			return err
		}
	}
	return nil
}

func readPage(page pdf.Page, out *writer) error {
	if page.V.IsNull() {
		return nil
	}
	text, err := page.GetPlainText(pageFonts(page))
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	out.line()
	return out.text(text)
}

func pageFonts(page pdf.Page) map[string]*pdf.Font {
	fonts := map[string]*pdf.Font{}
	for _, name := range page.Fonts() {
		f := page.Font(name)
		fonts[name] = &f
	}
	return fonts
}
