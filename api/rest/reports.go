package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

func reportRoutes() []*route {
	return []*route{
		{name: "reports.summary", method: get, path: v1 + "/reports/summary", op: access.ReadReports, serve: (*Server).summary, streams: true},
		fileRoute("reports.documents", v1+"/reports/documents", access.ReadReports, (*Server).exportDocuments),
		fileRoute("reports.appeals", v1+"/reports/appeals", access.ReadReports, (*Server).exportAppeals),
	}
}

// Summary is a report by groups.
type Summary struct {
	Group []report.Dimension `json:"group"`
	Rows  []report.Row       `json:"rows"`
	Total report.Sums        `json:"total"`
}

// format of a report.
type format string

const (
	formatJSON format = "json"
	formatCSV  format = "csv"
	formatXLSX format = "xlsx"
)

// reportQuery reads what all reports take: the period, and a value for each
// dimension that is no period.
func (c *call) reportQuery(q *query) report.Query {
	wanted := report.Query{Sees: c.sees(), From: q.day("from", 0), To: q.day("to", 1), Where: map[report.Dimension]string{}, Say: wordsIn(languageOf(c.r)).text}
	for _, name := range report.Dimensions() {
		switch name {
		case report.Hour, report.Day, report.Week, report.Month:
			continue
		}
		if v := q.text(string(name)); v != "" {
			wanted.Where[name] = v
		}
	}
	return wanted
}

// names reads a list of names with commas between.
func names[T ~string](q *query, parameter string, of []T, most int) []T {
	var out []T
	text := q.text(parameter)
	if text == "" {
		return nil
	}
	for name := range strings.SplitSeq(text, ",") {
		if !slices.Contains(of, T(name)) || slices.Contains(out, T(name)) {
			q.faults.add(parameter, textChoice)
			return nil
		}
		out = append(out, T(name))
	}
	if len(out) > most {
		q.faults.add(parameter, textTooMany)
	}
	return out
}

func (s *Server) summary(c *call) (answer, error) {
	q := c.query()
	wanted := c.reportQuery(q)
	wanted.Group = names(q, "group", report.Dimensions(), 2)
	as := enum(q, "format", []format{formatJSON, formatCSV, formatXLSX})
	if err := q.err(); err != nil {
		return answer{}, err
	}
	rows, total, err := s.Reports.Summary(c.ctx(), wanted)
	if err != nil {
		return answer{}, err
	}
	if as == "" || as == formatJSON {
		return ok(Summary{items(wanted.Group, itself), rows, total}), nil
	}
	return answer{}, s.sendTable(c, as, "svodka", func(to report.Sheet) error {
		return report.WriteSummary(wanted, rows, total, to)
	})
}

func (s *Server) exportDocuments(c *call) (answer, error) {
	q := c.query()
	wanted := c.reportQuery(q)
	columns, as := listColumns(q)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	return answer{}, s.sendTable(c, as, "dokumenty", func(to report.Sheet) error {
		return s.Reports.List(c.ctx(), wanted, columns, to)
	})
}

// listColumns reads what a list that is a file takes: its columns, those people
// mostly want unless told otherwise, and its format.
func listColumns(q *query) ([]report.Column, format) {
	columns := names(q, "columns", report.Columns(), len(report.Columns()))
	if len(columns) == 0 {
		columns = report.DefaultColumns()
	}
	return columns, enum(q, "format", fileFormats)
}

// exportAppeals writes what a list of appeals finds, in the list's words and order.
func (s *Server) exportAppeals(c *call) (answer, error) {
	q := c.query()
	view, found := appealsWanted(q)
	order := enum(q, "order", appealOrders())
	columns, as := listColumns(q)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	scope := c.who.Scope()
	wanted := report.Query{Say: wordsIn(languageOf(c.r)).text, Pages: func(tx store.Tx, after string) (store.Page[core.Document], error) {
		found.After, found.Limit = after, report.PageSize
		return listOrdered(tx, view, order, found, scope.Document)
	}}
	return answer{}, s.sendTable(c, as, "obrascheniya", func(to report.Sheet) error {
		return s.Reports.List(c.ctx(), wanted, columns, to)
	})
}

// exportListedDocuments writes what a list of documents finds, in the list's order.
func (s *Server) exportListedDocuments(c *call) (answer, error) {
	q := c.query()
	columns, as := listColumns(q)
	q.whole()
	found, err := documentQuery(q)
	if err != nil {
		return answer{}, err
	}
	c.who.Scope().Documents(&found)
	found.Limit = report.PageSize
	wanted := report.Query{Say: wordsIn(languageOf(c.r)).text, Pages: func(tx store.Tx, after string) (store.Page[core.Document], error) {
		found.After = after
		return store.Documents.List(tx, found)
	}}
	return answer{}, s.sendTable(c, as, "dokumenty", func(to report.Sheet) error {
		return s.Reports.List(c.ctx(), wanted, columns, to)
	})
}

// sendTable streams a table as a file; CSV unless told otherwise. A fault that
// comes before the first bytes have gone out is answered like any other.
func (s *Server) sendTable(c *call, as format, name string, fill func(report.Sheet) error) error {
	media, open := "text/csv; charset=utf-8; header=present", report.NewCSV
	if as == formatXLSX {
		media, open = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", report.NewXLSX
	} else {
		as = formatCSV
	}
	out := &lateWriter{w: newPatientWriter(c.w), begin: func(h http.Header) {
		h.Set("Content-Type", media)
		h.Set("Content-Disposition", disposition("attachment", name+"."+string(as)))
	}}
	sheet, err := open(out)
	if err == nil {
		err = fill(sheet)
	}
	if err == nil {
		err = sheet.Close()
	}
	if err == nil {
		err = out.flush()
	}
	if err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// lateWriter holds the first bytes back, so that an early fault can still be
// answered as a problem.
type lateWriter struct {
	w     http.ResponseWriter
	begin func(http.Header)
	held  []byte
	begun bool
}

// heldBytes is how much is held back.
const heldBytes = 32 << 10

// Write implements io.Writer.
func (l *lateWriter) Write(p []byte) (int, error) {
	if !l.begun && len(l.held)+len(p) < heldBytes {
		l.held = append(l.held, p...)
		return len(p), nil
	}
	if err := l.flush(); err != nil {
		return 0, err
	}
	return l.w.Write(p)
}

// flush lets out what is held.
func (l *lateWriter) flush() error {
	if l.begun {
		return nil
	}
	l.begun = true
	l.begin(l.w.Header())
	_, err := l.w.Write(l.held)
	l.held = nil
	return err
}
