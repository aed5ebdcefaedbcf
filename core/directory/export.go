package directory

import (
	"context"
	"encoding/csv"
	"errors"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Encoding of a file.
type Encoding string

// The encodings. An empty one in an import is found out.
const (
	UTF8        Encoding = "utf-8"
	Windows1251 Encoding = "windows-1251"
)

// FileForm is how a file of values is written.
type FileForm struct {
	Encoding  Encoding // empty: UTF-8 with a byte order mark, which table programs want
	Separator rune     // ; or , – zero: ;
}

// Names of the columns that are no fields.
const (
	columnID           = "id"
	columnOrganization = "organization"
)

const byteOrderMark = "\ufeff"

// Export writes the entries a query lets through as CSV. The head names the
// columns; an import takes the file as it is. Signs windows-1251 does not have
// become question marks.
func (s *Service) Export(ctx context.Context, st store.Store, name core.DirectoryName, q Query, form FileForm, w io.Writer) error {
	if form.Encoding == Windows1251 {
		w = encoding.ReplaceUnsupported(charmap.Windows1251.NewEncoder()).Writer(w)
	} else if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if out.Comma = form.Separator; out.Comma == 0 {
		out.Comma = ';'
	}
	err := s.Rows(ctx, st, name, q, func(row []Cell) error {
		record := make([]string, len(row))
		for i, cell := range row {
			record[i] = cell.guarded()
		}
		return out.Write(record)
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

// Cell is a value as a file has it.
type Cell struct {
	Text   string
	Number bool // it is one, so no formula
}

func (c Cell) guarded() string {
	if c.Number {
		return c.Text
	}
	return guard(c.Text)
}

// Rows hands out a table of the entries a query lets through, titles first, page
// by page, each read in a View of its own: a slow reader holds nothing up.
func (s *Service) Rows(ctx context.Context, st store.Store, name core.DirectoryName, q Query, each func(row []Cell) error) error {
	t, err := s.Type(name)
	if err != nil {
		return err
	}
	if err := each(t.head()); err != nil {
		return err
	}
	q.Limit = maxLimit
	for more := true; more; more = q.After != "" {
		var rows [][]Cell
		err := st.View(ctx, func(tx store.Tx) (err error) {
			rows, q.After, err = s.rows(tx, t, q)
			return err
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := each(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// head names the columns in Russian.
func (t *Type) head() []Cell {
	head := []Cell{{Text: columnID}}
	if t.ByOrganization {
		head = append(head, Cell{Text: columnOrganization})
	}
	for _, f := range t.columns() {
		head = append(head, Cell{Text: f.Title.RU})
	}
	return head
}

// rows are one page of the file, and where the next begins.
func (s *Service) rows(tx store.Tx, t *Type, q Query) (rows [][]Cell, next string, err error) {
	page, err := s.List(tx, t.Name, q)
	if err != nil {
		return nil, "", err
	}
	c := &cells{service: s, tx: tx, names: map[string]string{}}
	for _, e := range page.Items {
		row := []Cell{{Text: string(e.ID)}}
		if t.ByOrganization {
			row = append(row, Cell{Text: string(e.Organization)})
		}
		for _, f := range t.columns() {
			cell, err := c.write(f, e.Values[f.Name])
			if err != nil {
				return nil, "", err
			}
			row = append(row, Cell{cell, f.Type == Number})
		}
		rows = append(rows, row)
	}
	return rows, page.Next, nil
}
