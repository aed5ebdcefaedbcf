package report

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
)

// Sheet takes the rows of a table one by one and writes them out as they come.
// A cell is a string, an int64, a float64, a Moment, a core.Date or nil.
type Sheet interface {
	Row(cells []any) error
	// Close writes the end of the table. It does not close what is written to.
	Close() error
}

// csvSheet is CSV as a Russian Excel opens it: UTF-8 with its mark, semicolons.
type csvSheet struct{ out *csv.Writer }

// NewCSV begins a table of comma separated values (RFC 4180, with semicolons).
func NewCSV(w io.Writer) (Sheet, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	return csvSheet{out}, nil
}

// Row implements Sheet.
func (s csvSheet) Row(cells []any) error {
	record := make([]string, len(cells))
	for i, cell := range cells {
		record[i] = csvText(cell)
	}
	return s.out.Write(record)
}

func csvText(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case float64:
		return strings.Replace(strconv.FormatFloat(v, 'f', 2, 64), ".", ",", 1)
	case string:
		return harmless(v)
	case Moment:
		return v.text()
	case core.Date:
		return csvText(dayCell(v))
	}
	return fmt.Sprint(cell)
}

// harmless keeps a spreadsheet from taking a stranger's text for a formula.
// What is only a number or a phone stays.
func harmless(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) || strings.Trim(text, "+-() 0123456789.,") == "" {
		return text
	}
	return "'" + text
}

// Close implements Sheet.
func (s csvSheet) Close() error {
	s.out.Flush()
	return s.out.Error()
}

const (
	// maxSheetRows and maxCellRunes are what Excel reads of a sheet and of a cell.
	maxSheetRows = 1_048_576
	maxCellRunes = 32_767
)

// xlsxSheet is an Office Open XML workbook (ECMA-376) with one sheet for every
// million rows.
type xlsxSheet struct {
	archive *zip.Writer
	out     *bufio.Writer // of the sheet that is being written
	sheets  int
	rows    int // of it
}

// NewXLSX begins a workbook.
func NewXLSX(w io.Writer) (Sheet, error) {
	s := &xlsxSheet{archive: zip.NewWriter(w)}
	s.archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	return s, s.begin()
}

func (s *xlsxSheet) begin() error {
	s.sheets, s.rows = s.sheets+1, 0
	part, err := s.archive.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", s.sheets))
	if err != nil {
		return err
	}
	s.out = bufio.NewWriter(part)
	_, err = s.out.WriteString(xml.Header + `<worksheet xmlns="` + mainSpace + `">` + columnWidths + `<sheetData>`)
	return err
}

func (s *xlsxSheet) end() error {
	if _, err := s.out.WriteString("</sheetData></worksheet>"); err != nil {
		return err
	}
	return s.out.Flush()
}

// Row implements Sheet. Faults of writing are sticky in the buffer: the last
// call tells of them.
func (s *xlsxSheet) Row(cells []any) error {
	if s.rows == maxSheetRows {
		if err := s.end(); err != nil {
			return err
		}
		if err := s.begin(); err != nil {
			return err
		}
	}
	s.rows++
	s.out.WriteString("<row>")
	for _, cell := range cells {
		if err := s.cell(cell); err != nil {
			return err
		}
	}
	_, err := s.out.WriteString("</row>")
	return err
}

func (s *xlsxSheet) cell(cell any) error {
	switch v := cell.(type) {
	case nil:
		s.out.WriteString("<c/>")
	case string:
		s.out.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">`)
		if err := xml.EscapeText(s.out, []byte(shortened(v))); err != nil {
			return err
		}
		s.out.WriteString("</t></is></c>")
	case core.Date:
		return s.cell(dayCell(v))
	case Moment:
		fmt.Fprintf(s.out, `<c s="%d"><v>%v</v></c>`, v.shown, v.serial())
	default:
		fmt.Fprintf(s.out, "<c><v>%v</v></c>", v)
	}
	return nil
}

func shortened(text string) string {
	if len(text) <= maxCellRunes || utf8.RuneCountInString(text) <= maxCellRunes {
		return text
	}
	return string([]rune(text)[:maxCellRunes])
}

// Close implements Sheet: it writes the parts that tell how many sheets there
// are.
func (s *xlsxSheet) Close() error {
	if err := s.end(); err != nil {
		return err
	}
	for _, part := range s.frame() {
		w, err := s.archive.Create(part.name)
		if err == nil {
			_, err = io.WriteString(w, xml.Header+part.text)
		}
		if err != nil {
			return err
		}
	}
	return s.archive.Close()
}

// The namespaces of ECMA-376, parts 1 and 2.
const (
	mainSpace     = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	officeSpace   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageSpace  = "http://schemas.openxmlformats.org/package/2006/relationships"
	contentsSpace = "http://schemas.openxmlformats.org/package/2006/content-types"
	mediaType     = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

type part struct{ name, text string }

// frame is all of a workbook but its sheets.
func (s *xlsxSheet) frame() []part {
	var types, sheets, links strings.Builder
	for n := range s.sheets {
		n++
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, n, mediaType)
		fmt.Fprintf(&sheets, `<sheet name="Лист%d" sheetId="%d" r:id="rId%d"/>`, n, n, n)
		fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, officeSpace, n)
	}
	fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, s.sheets+1, officeSpace)
	return []part{
		{"xl/workbook.xml", `<workbook xmlns="` + mainSpace + `" xmlns:r="` + officeSpace + `"><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + packageSpace + `">` + links.String() + `</Relationships>`},
		{"xl/styles.xml", styles()},
		{"_rels/.rels", `<Relationships xmlns="` + packageSpace + `"><Relationship Id="rId1" Type="` + officeSpace + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", `<Types xmlns="` + contentsSpace + `"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + mediaType + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + mediaType + `styles+xml"/>` + types.String() + `</Types>`},
	}
}
