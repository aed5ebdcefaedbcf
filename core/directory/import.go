package directory

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// ImportMode says what an import takes.
type ImportMode string

// The modes.
const (
	ImportCheck ImportMode = "check" // nothing: it tells what would be
	ImportAll   ImportMode = "all"   // all rows, or none if one is bad
	ImportGood  ImportMode = "good"  // the good rows
)

// RowFault is what is wrong with a cell or, without Field, with a row.
type RowFault struct {
	Line  int    `json:"line"` // of the file, from 1
	Field string `json:"field,omitempty"`
	Text  string `json:"text"` // in Russian
}

// Report tells what an import did or, by Taken, would have done.
type Report struct {
	Taken     bool       `json:"taken"` // it is done
	Rows      int        `json:"rows"`
	Created   int        `json:"created"`
	Updated   int        `json:"updated"`
	Unchanged int        `json:"unchanged"`
	Bad       int        `json:"bad"`
	Faults    []RowFault `json:"faults"` // the first 1000
}

// Bounds of a file: its rows are one transaction.
const (
	MaxImportBytes = 32 << 20
	maxRows        = 10_000
	maxFaults      = 1000
)

// errNotTaken rolls an import back.
var errNotTaken = errors.New("import is not taken")

// Import reads a CSV file with a head of column names, as fields are named or
// titled, in any order. A row with an id, or with a key that is there already,
// changes that entry and leaves alone what the file has no column for; any other
// makes a new one. Rows may refer to rows above them. The whole file is one
// transaction: rows are taken all, or the good ones, or none.
//
// KindInvalid if the file cannot be read at all: too large, more than 10,000
// rows, no head.
func (s *Service) Import(ctx context.Context, st store.Store, name core.DirectoryName, file io.Reader, form FileForm, mode ImportMode) (Report, error) {
	t, err := s.Type(name)
	if err != nil {
		return Report{}, err
	}
	sheet, err := readSheet(t, file, form)
	if err != nil {
		return Report{}, err
	}
	var report Report
	err = st.Update(store.Deferrable(ctx), func(tx store.Tx) error {
		in := &importer{cells: cells{service: s, tx: tx, names: map[string]string{}}, typ: t, sheet: sheet}
		in.report = Report{Rows: len(sheet.rows), Faults: []RowFault{}}
		if err := in.take(); err != nil {
			return err
		}
		report = in.report
		report.Taken = mode == ImportGood && !sheet.broken || mode == ImportAll && report.Bad == 0
		if !report.Taken {
			return errNotTaken
		}
		return nil
	})
	if errors.Is(err, errNotTaken) {
		err = nil
	}
	return report, err
}

// sheet is a file as it was read.
type sheet struct {
	head   []string // names of fields, id, organization
	rows   []row
	broken bool // the last row cannot be read, nor what comes behind it
}

type row struct {
	line  int
	cells []string
	fault string
}

func readSheet(t *Type, file io.Reader, form FileForm) (*sheet, error) {
	raw, err := io.ReadAll(io.LimitReader(file, MaxImportBytes+1))
	if err != nil {
		return nil, &core.Error{Kind: core.KindInvalid, Code: "request.body", Text: "файл не дочитан", Err: err}
	}
	if len(raw) > MaxImportBytes {
		return nil, badFile("файл больше 32 МиБ")
	}
	text, err := decodeText(raw, form.Encoding)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord = -1
	if in.Comma = form.Separator; in.Comma == 0 {
		in.Comma = separator(text)
	}
	return parseSheet(t, in)
}

func badFile(text string) error { return core.Invalid("import.file", "", text) }

// decodeText makes UTF-8 of a file.
func decodeText(raw []byte, enc Encoding) (string, error) {
	if enc == Windows1251 || enc == "" && !utf8.Valid(raw) {
		text, err := charmap.Windows1251.NewDecoder().Bytes(raw)
		return string(text), err
	}
	if !utf8.Valid(raw) {
		return "", badFile("файл не в кодировке UTF-8")
	}
	return string(bytes.TrimPrefix(raw, []byte(byteOrderMark))), nil
}

// separator is the one the head has more of.
func separator(text string) rune {
	head, _, _ := strings.Cut(text, "\n")
	if strings.Count(head, ",") > strings.Count(head, ";") {
		return ','
	}
	return ';'
}

func parseSheet(t *Type, in *csv.Reader) (*sheet, error) {
	head, err := in.Read()
	if err != nil {
		return nil, badFile("в файле нет строки с названиями столбцов")
	}
	s := &sheet{}
	if s.head, err = t.readHead(head); err != nil {
		return nil, err
	}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if len(s.rows) == maxRows {
			return nil, badFile("в файле больше 10 000 строк: разделите его")
		}
		if err != nil {
			s.broken = true
			s.rows = append(s.rows, row{line: brokenLine(err), fault: "кавычки расставлены неверно, строки дальше не прочитаны"})
			return s, nil
		}
		line, _ := in.FieldPos(0)
		s.rows = append(s.rows, row{line: line, cells: cells, fault: when(len(cells) > len(head), "столбцов больше, чем в заголовке")})
	}
}

func brokenLine(err error) int {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return e.StartLine
	}
	return 0
}

// readHead finds the fields of the columns; all faults at once.
func (t *Type) readHead(head []string) ([]string, error) {
	var faults []core.FieldFault
	out := make([]string, len(head))
	seen := map[string]bool{}
	for i, title := range head {
		name, fault := t.columnOf(strings.TrimSpace(title))
		if fault == "" && seen[name] {
			fault = "столбец повторяется"
		}
		if fault != "" {
			faults = append(faults, core.FieldFault{Field: short(title), Text: fault})
		}
		out[i], seen[name] = name, true
	}
	if len(faults) > 0 {
		return nil, &core.Error{Kind: core.KindInvalid, Code: "import.head", Faults: faults}
	}
	return out, nil
}

func (t *Type) columnOf(title string) (name, fault string) {
	if title == columnID || title == columnOrganization && t.ByOrganization {
		return title, ""
	}
	for _, f := range t.Fields {
		if f.Name != title && !strings.EqualFold(f.Title.RU, title) && !strings.EqualFold(f.Title.EN, title) {
			continue
		}
		return f.Name, when(f.Type == File || f.Type == Files, "файлы так не переносятся: уберите столбец")
	}
	return "", "такого столбца нет"
}

// importer takes the rows of a sheet in one transaction.
type importer struct {
	cells
	typ    *Type
	sheet  *sheet
	report Report
	bad    bool // the row at hand
}

func (in *importer) take() error {
	for _, r := range in.sheet.rows {
		in.bad = false
		if err := in.row(r); err != nil {
			return err
		}
		if in.bad {
			in.report.Bad++
		}
	}
	return nil
}

func (in *importer) say(line int, field, text string) {
	in.bad = true
	if len(in.report.Faults) < maxFaults {
		in.report.Faults = append(in.report.Faults, RowFault{line, field, text})
	}
}

func (in *importer) row(r row) error {
	if r.fault != "" {
		in.say(r.line, "", r.fault)
		return nil
	}
	given, id, org, err := in.read(r)
	if err != nil {
		return err
	}
	old, err := in.present(r.line, id, given)
	if err != nil || id != "" && old == nil {
		return err
	}
	d := Draft{Values: given}
	if old != nil {
		d = Draft{old.Organization, maps.Clone(old.Values), old.Files}
		maps.Copy(d.Values, given)
	}
	if org != nil {
		d.Organization = core.OrganizationID(*org)
	}
	return in.save(r.line, old, d)
}

// read reads the cells of a row. A column left empty is nil in given: the value
// goes away.
func (in *importer) read(r row) (given map[string]any, id string, org *string, err error) {
	given = map[string]any{}
	for i, cell := range r.cells {
		cell = unguard(cell)
		switch name := in.sheet.head[i]; name {
		case columnID:
			id = strings.TrimSpace(cell)
		case columnOrganization:
			org = new(strings.TrimSpace(cell))
		default:
			f, _ := in.typ.Field(name)
			value, fault, err := in.cells.read(f, cell)
			if err != nil {
				return nil, "", nil, err
			}
			if fault != "" {
				in.say(r.line, name, fault)
				continue
			}
			given[name] = value
		}
	}
	return given, id, org, nil
}

// present finds the entry a row is about, nil for a new one.
func (in *importer) present(line int, id string, given map[string]any) (*core.Entry, error) {
	var e *core.Entry
	var err error
	key, _ := given[in.typ.Key].(string)
	switch {
	case len(id) > maxID:
		err = notFound()
	case id != "":
		e, err = in.service.Get(in.tx, in.typ.Name, core.EntryID(id))
	case key != "":
		if e, err = in.service.Find(in.tx, in.typ.Name, in.typ.Key, key); core.KindOf(err) == core.KindNotFound {
			return nil, nil
		}
	default:
		return nil, nil
	}
	if core.KindOf(err) == core.KindNotFound {
		in.say(line, columnID, textNoEntry)
		return nil, nil
	}
	return e, err
}

// save writes a row that has no fault yet, and tells those it has.
func (in *importer) save(line int, old *core.Entry, d Draft) error {
	wasBad := in.bad
	e := &core.Entry{ID: newID(in.tx, in.typ.Name), Directory: in.typ.Name}
	if old != nil {
		e = new(*old)
	}
	if err := in.service.apply(in.tx, in.typ, e, d); err != nil {
		fault, ok := errors.AsType[*core.Error](err)
		if !ok || fault.Kind != core.KindInvalid {
			return err
		}
		for _, f := range fault.Faults {
			in.fault(line, strings.TrimPrefix(f.Field, "values."), f.Text)
		}
		return nil
	}
	switch {
	case wasBad:
		return nil
	case old == nil:
		in.report.Created++
		return store.Entries.Put(in.tx, e)
	case sameEntry(old, e):
		in.report.Unchanged++
		return nil
	}
	in.report.Updated++
	return store.Entries.Replace(in.tx, old, e)
}

// fault tells a fault of a field, unless one was told that it has: a value that
// could not be read is missing, too.
func (in *importer) fault(line int, field, text string) {
	for i := len(in.report.Faults) - 1; i >= 0 && in.report.Faults[i].Line == line; i-- {
		if in.report.Faults[i].Field == field {
			return
		}
	}
	in.say(line, field, text)
}
