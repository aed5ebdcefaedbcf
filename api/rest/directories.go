package rest

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

func directoryRoutes() []*route {
	const one, entries, entry = v1 + "/directories/{name}", v1 + "/directories/{name}/entries", v1 + "/directories/{name}/entries/{id}"
	return []*route{
		{name: "directories.list", method: get, path: v1 + "/directories", op: access.ReadDirectories, serve: (*Server).listDirectories},
		{name: "directories.get", method: get, path: one, op: access.ReadDirectories, serve: (*Server).getDirectory},
		{name: "directories.import", method: post, path: one + "/import", op: access.WriteDirectories, serve: (*Server).importDirectory, streams: true},
		fileRoute("directories.export", one+"/export", access.ReadDirectories, (*Server).exportDirectory),
		{name: "entries.list", method: get, path: entries, op: access.ReadDirectories, serve: (*Server).listEntries},
		{name: "entries.create", method: post, path: entries, op: access.WriteDirectories, serve: (*Server).createEntry, streams: true},
		{name: "entries.get", method: get, path: entry, op: access.ReadDirectories, serve: (*Server).getEntry},
		{name: "entries.update", method: put, path: entry, op: access.WriteDirectories, serve: (*Server).updateEntry, streams: true},
		{name: "entries.delete", method: remove, path: entry, op: access.WriteDirectories, serve: (*Server).deleteEntry},
		{name: "entries.restore", method: post, path: entry + "/restore", op: access.WriteDirectories, serve: (*Server).restoreEntry},
		{name: "entries.uses", method: get, path: entry + "/uses", op: access.ReadDirectories, serve: (*Server).entryUses},
		{name: "entries.history", method: get, path: entry + "/history", op: access.ReadDirectories, serve: (*Server).entryHistory},
		{name: "entries.file", method: get, path: entry + "/files/{hash}", op: access.ReadDirectories, serve: (*Server).entryFile, streams: true},
	}
}

// Directory is a directory as it was declared.
type Directory struct {
	*directory.Type
	Editable bool `json:"editable"` // by who asks
}

// EntryRow is an entry with the labels of what it refers to.
type EntryRow struct {
	*core.Entry
	Names map[string]string `json:"names"` // by id
}

// EntryInput is all of an entry.
type EntryInput struct {
	Organization core.OrganizationID        `json:"organization"`
	Values       map[string]json.RawMessage `json:"values"`
}

// draft adds the files a field may name to what was sent: those that came along,
// and those the entry has.
func (in *EntryInput) draft(sent, had []core.Attachment) (directory.Draft, error) {
	d := directory.Draft{Organization: in.Organization, Values: map[string]any{}, Files: slices.Concat(sent, had)}
	for name, raw := range in.Values {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return d, core.Invalid("request.body", "values", textNotJSON)
		}
		d.Values[name] = v
	}
	return d, nil
}

// readable is the directory of the call, if the caller may read it.
func (s *Server) readable(c *call) (*directory.Type, error) {
	t, err := s.Directories.Type(core.DirectoryName(c.param("name")))
	if err == nil && !t.Readable(c.who.User.Roles) {
		return nil, refuse(core.KindForbidden, "access.forbidden", "у вас нет права на это действие")
	}
	return t, err
}

// editable is the directory of the call, if the caller may change it.
func (s *Server) editable(c *call) (*directory.Type, error) {
	t, err := s.readable(c)
	if err == nil && !t.Editable(c.who.User.Roles) {
		return nil, refuse(core.KindForbidden, "access.forbidden", "у вас нет права на это действие")
	}
	if id := c.param("id"); err == nil && id != "" {
		c.object = entryObject(t.Name, core.EntryID(id))
	}
	return t, err
}

// entryObject is how the audit names an entry: as its address does.
func entryObject(name core.DirectoryName, id core.EntryID) string {
	return "directories/" + string(name) + "/entries/" + string(id)
}

func (s *Server) listDirectories(c *call) (answer, error) {
	out := list[Directory]{Items: []Directory{}}
	types := s.Directories.Types()
	for i := range types {
		if t := &types[i]; t.Readable(c.who.User.Roles) {
			out.Items = append(out.Items, c.shownType(t))
		}
	}
	return ok(out), nil
}

func (c *call) shownType(t *directory.Type) Directory {
	return Directory{t, c.who.Can(access.WriteDirectories) && t.Editable(c.who.User.Roles)}
}

func (s *Server) getDirectory(c *call) (answer, error) {
	t, err := s.readable(c)
	if err != nil {
		return answer{}, err
	}
	return ok(c.shownType(t)), nil
}

// entryQuery reads what lists and exports take.
func entryQuery(q *query, t *directory.Type) directory.Query {
	out := directory.Query{
		Begins: q.text("q"), Order: q.text("order"), Organization: core.OrganizationID(q.text("organization")),
		Where: map[string]any{},
	}
	if out.Order != "" && !t.Sortable(strings.TrimPrefix(out.Order, "-")) {
		q.faults.add("order", textChoice)
	}
	for _, name := range t.Filters {
		param := "filter[" + name + "]"
		text := q.text(param)
		if text == "" {
			continue
		}
		f, _ := t.Field(name)
		v, err := f.FilterValue(text)
		if err != nil {
			q.faults.add(param, textChoice)
			continue
		}
		out.Where[name] = v
	}
	return out
}

// entriesWanted is entryQuery, and what of it the caller sees.
func (c *call) entriesWanted(q *query, t *directory.Type) directory.Query {
	wanted := entryQuery(q, t)
	wanted.Sees, wanted.Deleted = c.who.Scope().Offered, q.flag("deleted")
	return wanted
}

func (s *Server) listEntries(c *call) (answer, error) {
	t, err := s.readable(c)
	if err != nil {
		return answer{}, err
	}
	q := c.query()
	wanted := c.entriesWanted(q, t)
	wanted.After, wanted.Limit = q.text("after"), q.number("limit", 1, 1000, 50)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	out := page[EntryRow]{Items: []EntryRow{}}
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		got, err := s.Directories.List(tx, t.Name, wanted)
		if err != nil {
			return err
		}
		out.Next = got.Next
		for _, e := range got.Items {
			row, err := s.row(tx, e)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, row)
		}
		return nil
	})
	return ok(out), err
}

func (s *Server) row(tx store.Tx, e *core.Entry) (EntryRow, error) {
	names, err := s.Directories.Names(tx, e)
	return EntryRow{e, names}, err
}

func (s *Server) createEntry(c *call) (answer, error) {
	t, err := s.editable(c)
	if err != nil {
		return answer{}, err
	}
	var in EntryInput
	files, err := s.decodeForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	if err := c.within(in.Organization); err != nil {
		return answer{}, err
	}
	draft, err := in.draft(files, nil)
	if err != nil {
		return answer{}, err
	}
	return s.update(c, []any{in, files}, func(tx store.Tx) (answer, error) {
		e, err := s.Directories.Create(tx, t.Name, draft)
		if err != nil {
			return answer{}, err
		}
		c.object = entryObject(t.Name, e.ID)
		row, err := s.row(tx, e)
		return created(v1+"/"+c.object, row, e.Version), err
	})
}

func (s *Server) getEntry(c *call) (answer, error) {
	row, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	return versioned(row, row.Version), nil
}

func (s *Server) entry(c *call) (row EntryRow, err error) {
	t, err := s.readable(c)
	if err != nil {
		return row, err
	}
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		// A deleted one is shown too: what used it still names it.
		e, err := s.Directories.GetAny(tx, t.Name, core.EntryID(c.param("id")))
		if err != nil {
			return err
		}
		if !c.who.Scope().Entry(e) {
			return core.NoRecord("entries")
		}
		row, err = s.row(tx, e)
		return err
	})
	return row, err
}

func (s *Server) updateEntry(c *call) (answer, error) {
	var in EntryInput
	t, version, err := s.changing(c)
	if err != nil {
		return answer{}, err
	}
	files, err := s.decodeForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	if err := c.within(in.Organization); err != nil {
		return answer{}, err
	}
	return s.changeEntry(c, func(tx store.Tx, id core.EntryID) (*core.Entry, error) {
		had, err := s.Directories.Get(tx, t.Name, id)
		if err != nil {
			return nil, err
		}
		draft, err := in.draft(files, had.Files)
		if err != nil {
			return nil, err
		}
		return s.Directories.Update(tx, t.Name, id, version, draft)
	})
}

// changing is the directory and the version that a call changes.
func (s *Server) changing(c *call) (*directory.Type, uint64, error) {
	t, err := s.editable(c)
	if err != nil {
		return nil, 0, err
	}
	version, err := c.version()
	return t, version, err
}

// changeEntry answers with the entry as it became.
func (s *Server) changeEntry(c *call, change func(store.Tx, core.EntryID) (*core.Entry, error)) (answer, error) {
	var row EntryRow
	err := s.write(c, func(tx store.Tx) error {
		if err := c.seesEntry(tx); err != nil {
			return err
		}
		e, err := change(tx, core.EntryID(c.param("id")))
		if err != nil {
			return err
		}
		row, err = s.row(tx, e)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(row, row.Version), nil
}

func (s *Server) deleteEntry(c *call) (answer, error) {
	t, version, err := s.changing(c)
	if err != nil {
		return answer{}, err
	}
	q := c.query()
	known := q.flag("used")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	return done(), s.write(c, func(tx store.Tx) error {
		if err := c.seesEntry(tx); err != nil {
			return err
		}
		return s.Directories.Delete(tx, t.Name, core.EntryID(c.param("id")), version, known)
	})
}

func (s *Server) entryUses(c *call) (answer, error) {
	t, err := s.readable(c)
	if err != nil {
		return answer{}, err
	}
	var out list[directory.Use]
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		if err := c.seesEntry(tx); err != nil {
			return err
		}
		out.Items, err = s.Directories.Uses(tx, t.Name, core.EntryID(c.param("id")))
		return err
	})
	return ok(out), err
}

func (s *Server) restoreEntry(c *call) (answer, error) {
	t, version, err := s.changing(c)
	if err != nil {
		return answer{}, err
	}
	return s.changeEntry(c, func(tx store.Tx, id core.EntryID) (*core.Entry, error) {
		return s.Directories.Restore(tx, t.Name, id, version)
	})
}

func (s *Server) entryHistory(c *call) (answer, error) {
	t, err := s.readable(c)
	if err != nil {
		return answer{}, err
	}
	var out list[store.Entry]
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		if err := c.seesEntry(tx); err != nil {
			return err
		}
		out.Items, err = s.Directories.History(tx, t.Name, core.EntryID(c.param("id")))
		return err
	})
	return ok(out), err
}

func (s *Server) entryFile(c *call) (answer, error) {
	q := c.query()
	inline := q.flag("inline")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	row, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	i := slices.IndexFunc(row.Files, func(f core.Attachment) bool { return f.Hash == c.param("hash") })
	if i < 0 {
		return answer{}, core.NotFound("files.not_found", "у записи нет такого файла")
	}
	return answer{}, s.sendFile(c, row.Files[i], inline)
}

// seesEntry refuses, as if it were not there, an entry the caller does not see.
func (c *call) seesEntry(tx store.Tx) error {
	e, err := store.Entries.GetAny(tx, c.param("id"))
	if core.KindOf(err) == core.KindNotFound {
		return nil // whoever reads it says so
	}
	if err == nil && !c.who.Scope().Entry(e) {
		return core.NoRecord("entries")
	}
	return err
}

var (
	encodings   = []directory.Encoding{directory.UTF8, directory.Windows1251}
	separators  = []string{";", ","}
	importModes = []directory.ImportMode{directory.ImportCheck, directory.ImportAll, directory.ImportGood}
)

// fileForm reads how a file of values is written.
func fileForm(q *query) (form directory.FileForm) {
	form.Encoding = enum(q, "encoding", encodings)
	for _, r := range enum(q, "separator", separators) {
		form.Separator = r
	}
	return form
}

func (s *Server) importDirectory(c *call) (answer, error) {
	t, err := s.editable(c)
	if err != nil {
		return answer{}, err
	}
	q := c.query()
	form, mode := fileForm(q), enum(q, "mode", importModes)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if mode == "" {
		mode = directory.ImportCheck
	}
	c.object = "directories/" + string(t.Name)
	report, err := s.Directories.Import(c.ctx(), s.Store, t.Name, c.r.Body, form, mode)
	return ok(report), err
}

func (s *Server) exportDirectory(c *call) (answer, error) {
	t, err := s.readable(c)
	if err != nil {
		return answer{}, err
	}
	q := c.query()
	wanted, form, as := c.entriesWanted(q, t), fileForm(q), enum(q, "format", fileFormats)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if as == formatXLSX {
		return answer{}, s.sendTable(c, as, safeName(string(t.Name)), func(to report.Sheet) error {
			return s.Directories.Rows(c.ctx(), s.Store, t.Name, wanted, func(row []directory.Cell) error {
				return to.Row(items(row, func(cell directory.Cell) any { return cell.Text }))
			})
		})
	}
	charset := form.Encoding
	if charset == "" {
		charset = directory.UTF8
	}
	w := newPatientWriter(c.w)
	w.Header().Set("Content-Type", "text/csv; charset="+string(charset))
	w.Header().Set("Content-Disposition", disposition("attachment", safeName(string(t.Name)+".csv")))
	return answer{}, s.Directories.Export(c.ctx(), s.Store, t.Name, wanted, form, w)
}
