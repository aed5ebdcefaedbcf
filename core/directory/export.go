package directory

import (
	"context"
	"encoding/csv"
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

// Export writes the entries a query lets through as CSV, page by page, each in a
// View of its own: a slow reader holds nothing up. The head names the columns;
// an import takes the file as it is. Signs windows-1251 does not have become
// question marks.
func (s *Service) Export(ctx context.Context, st store.Store, name core.DirectoryName, q Query, form FileForm, w io.Writer) error {
	t, err := s.Type(name)
	if err != nil {
		return err
	}
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
	if err := out.Write(t.head()); err != nil {
		return err
	}
	q.Limit = maxLimit
	for more := true; more; more = q.After != "" {
		var rows [][]string
		err := st.View(ctx, func(tx store.Tx) (err error) {
			rows, q.After, err = s.rows(tx, t, q)
			return err
		})
		if err != nil {
			return err
		}
		if err := out.WriteAll(rows); err != nil { // flushes, too
			return err
		}
	}
	return nil
}

// head names the columns in Russian.
func (t *Type) head() []string {
	head := []string{columnID}
	if t.ByOrganization {
		head = append(head, columnOrganization)
	}
	for _, f := range t.columns() {
		head = append(head, f.Title.RU)
	}
	return head
}

// rows are one page of the file, and where the next begins.
func (s *Service) rows(tx store.Tx, t *Type, q Query) (rows [][]string, next string, err error) {
	page, err := s.List(tx, t.Name, q)
	if err != nil {
		return nil, "", err
	}
	c := &cells{service: s, tx: tx, names: map[string]string{}}
	for _, e := range page.Items {
		row := []string{string(e.ID)}
		if t.ByOrganization {
			row = append(row, string(e.Organization))
		}
		for _, f := range t.columns() {
			cell, err := c.write(f, e.Values[f.Name])
			if err != nil {
				return nil, "", err
			}
			if f.Type != Number { // a number is no formula
				cell = guard(cell)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return rows, page.Next, nil
}
