package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Moment is a cell with a time by the office's clock, as exact as it is known.
// In a workbook it is a date that sorts and counts.
type Moment struct {
	at    time.Time
	shown shown
}

// shown says how much of a moment is meant; it is its style in a workbook.
type shown int

const (
	asMinute shown = iota + 1
	asDay
	asMonth
)

// layouts are how a Russian office writes them; formats are the same in the
// words of a workbook.
var (
	layouts = [...]string{asMinute: "02.01.2006 15:04", asDay: "02.01.2006", asMonth: "01.2006"}
	formats = [...]string{asMinute: "dd\\.mm\\.yyyy\\ hh:mm", asDay: "dd\\.mm\\.yyyy", asMonth: "mm\\.yyyy"}
)

// MomentOf is the time to the minute.
func MomentOf(t time.Time) Moment { return Moment{t.In(core.OfficeZone), asMinute} }

// dayCell is a day; what is none stays as it is.
func dayCell(d core.Date) any {
	at, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return Moment{at, asDay}
}

func (m Moment) text() string { return m.at.Format(layouts[m.shown]) }

// epoch is the day 0 of workbooks (ECMA-376 part 1, 18.17.4.1).
var epoch = time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)

// serial is the days from the epoch to what the clock shows.
func (m Moment) serial() float64 {
	clock := time.Date(m.at.Year(), m.at.Month(), m.at.Day(), m.at.Hour(), m.at.Minute(), m.at.Second(), 0, time.UTC)
	return clock.Sub(epoch).Hours() / 24
}

// periodCell is a value of a period as a cell: a month, a day or an hour is a
// moment; a week and an hour of any day stay texts.
func periodCell(name Dimension, value, title string) any {
	parsed := map[Dimension]struct {
		layout string
		shown  shown
	}{Month: {"2006-01", asMonth}, Day: {time.DateOnly, asDay}, Hour: {"2006-01-02 15:00", asMinute}}[name]
	if at, err := time.Parse(parsed.layout, value); err == nil && parsed.shown != 0 {
		return Moment{at, parsed.shown}
	}
	return title
}

// columnWidths leave room for a moment: one that does not fit is shown as ####.
const columnWidths = `<cols><col min="1" max="100" width="18" customWidth="1"/></cols>`

// styles are the looks of cells, by number: as it comes, then every kind of moment.
func styles() string {
	var formatted, cells strings.Builder
	for kind := asMinute; kind <= asMonth; kind++ {
		id := 163 + int(kind) // the first that is no format of the office's own
		fmt.Fprintf(&formatted, `<numFmt numFmtId="%d" formatCode="%s"/>`, id, formats[kind])
		fmt.Fprintf(&cells, `<xf numFmtId="%d" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`, id)
	}
	return `<styleSheet xmlns="` + mainSpace + `"><numFmts count="3">` + formatted.String() + `</numFmts>` +
		`<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` + cells.String() + `</cellXfs></styleSheet>`
}
