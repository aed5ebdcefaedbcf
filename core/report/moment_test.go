package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/report"
)

// A day, an hour and a month of a report are written as a Russian office writes
// them; in a workbook they are dates with that look, so that they sort.
func TestMomentsAreWrittenAsAnOfficeWritesThem(t *testing.T) {
	q := report.Query{Group: []report.Dimension{report.Day, report.Hour}}
	rows := []report.Row{{Keys: []report.Key{{Value: "2026-11-21", Title: "2026-11-21"}, {Value: "2026-11-21 18:00", Title: "2026-11-21 18:00"}}}}
	months := report.Query{Group: []report.Dimension{report.Month, report.Week}}
	later := []report.Row{{Keys: []report.Key{{Value: "2026-11", Title: "2026-11"}, {Value: "2026-W47", Title: "2026-W47"}}}}
	write := func(to report.Sheet) error {
		if err := report.WriteSummary(q, rows, report.Sums{}, to); err != nil {
			return err
		}
		if err := report.WriteSummary(months, later, report.Sums{}, to); err != nil {
			return err
		}
		if err := to.Row([]any{core.Date("2026-03-01"), core.Date("")}); err != nil {
			return err
		}
		return to.Row([]any{report.MomentOf(time.Date(2026, 11, 18, 12, 30, 0, 0, time.UTC))})
	}
	csv := string(written(t, report.NewCSV, write))
	for _, line := range []string{"21.11.2026;21.11.2026 18:00;0;", "11.2026;2026-W47;0;", "01.03.2026;\r\n", "18.11.2026 15:30\r\n"} {
		if !strings.Contains(csv, line) {
			t.Errorf("no %q in %q", line, csv)
		}
	}
	book := written(t, report.NewXLSX, write)
	want := [][2]string{
		{"46347", `dd\.mm\.yyyy`}, {"46347.75", `dd\.mm\.yyyy\ hh:mm`}, {"46327", `mm\.yyyy`}, {"46082", `dd\.mm\.yyyy`}, {"46344.645833333336", `dd\.mm\.yyyy\ hh:mm`},
	}
	got := dates(t, book)
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %q, want %q", i, got[i], want[i])
		}
	}
}

func written(t *testing.T, open func(io.Writer) (report.Sheet, error), write func(report.Sheet) error) []byte {
	t.Helper()
	var out bytes.Buffer
	sheet, err := open(&out)
	if err == nil {
		err = write(sheet)
	}
	if err == nil {
		err = sheet.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// dates are the cells of a workbook that have a look, with it.
func dates(t *testing.T, book []byte) (out [][2]string) {
	t.Helper()
	var styles struct {
		Formats []struct {
			ID   string `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Looks []struct {
			Format string `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	var sheet struct {
		Cells []struct {
			Look  int    `xml:"s,attr"`
			Value string `xml:"v"`
		} `xml:"sheetData>row>c"`
	}
	read(t, book, "xl/styles.xml", &styles)
	read(t, book, "xl/worksheets/sheet1.xml", &sheet)
	code := map[string]string{}
	for _, f := range styles.Formats {
		code[f.ID] = f.Code
	}
	for _, c := range sheet.Cells {
		if c.Look > 0 {
			out = append(out, [2]string{c.Value, code[styles.Looks[c.Look].Format]})
		}
	}
	return out
}

func read(t *testing.T, book []byte, name string, into any) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	part, err := archive.Open(name)
	if err == nil {
		err = xml.NewDecoder(part).Decode(into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
