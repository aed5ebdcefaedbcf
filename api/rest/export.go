package rest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

// column is one of a table that a list is written as.
type column[T any] struct {
	title string // in Russian
	// cell is what the table says of a row: as report.Sheet takes it.
	cell func(*teller, T) any
}

var fileFormats = []format{formatCSV, formatXLSX}

// exported is the handler that writes what a list finds into a file. The list
// itself is asked for it, page by page: its filters, its order and what the
// caller sees of it are those of the file, and no more than a page is in memory.
func exported[T any](name string, list handler, columns ...column[T]) handler {
	return exporter(name, list, report.PageSize, columns)
}

// exportedWhole is exported for a list that is always answered whole.
func exportedWhole[T any](name string, list handler, columns ...column[T]) handler {
	return exporter(name, list, 0, columns)
}

func exporter[T any](name string, list handler, limit int, columns []column[T]) handler {
	return func(s *Server, c *call) (answer, error) {
		q := c.query()
		as := enum(q, "format", fileFormats)
		q.whole()
		if err := q.faults.err("request.query"); err != nil {
			return answer{}, err
		}
		file := listFile[T]{s, c, list, limit, columns, wordsIn(languageOf(c.r)).text}
		return answer{}, s.sendTable(c, as, name, file.write)
	}
}

// whole refuses what asks for a page: a file has them all.
func (q *query) whole() {
	for _, paging := range []string{"after", "limit"} {
		if q.values.Has(paging) {
			q.faults.add(paging, textUnknownParam)
		}
	}
}

// found is a list, or a page of one.
type found[T any] interface{ found() ([]T, string) }

func (p page[T]) found() ([]T, string) { return p.Items, p.Next }
func (l list[T]) found() ([]T, string) { return l.Items, "" }

// listFile is one file that is being written.
type listFile[T any] struct {
	s       *Server
	c       *call
	list    handler
	limit   int // rows of a page; 0: the list has no pages
	columns []column[T]
	say     func(string) string
}

func (f listFile[T]) write(to report.Sheet) error {
	head := make([]any, len(f.columns))
	for i, column := range f.columns {
		head[i] = f.say(column.title)
	}
	err := to.Row(head)
	for next, more := "", true; more && err == nil; more = next != "" {
		var rows [][]any
		if rows, next, err = f.page(next); err != nil {
			return err
		}
		for _, row := range rows {
			if err := to.Row(row); err != nil {
				return err
			}
		}
	}
	return err
}

// page asks the list for a page. Nothing is written meanwhile: a slow reader
// holds no transaction open.
func (f listFile[T]) page(after string) (rows [][]any, next string, err error) {
	asked := f.c.r
	defer func() { f.c.r = asked }()
	f.c.r = pageOf(asked, f.limit, after)
	got, err := f.list(f.s, f.c)
	if err != nil {
		return nil, "", err
	}
	items, next := got.Body.(found[T]).found()
	err = f.s.Store.View(f.c.ctx(), func(tx store.Tx) error {
		rows = make([][]any, 0, len(items))
		tell := &teller{tx: tx, sees: f.c.who.Scope(), say: f.say}
		for _, item := range items {
			row := make([]any, len(f.columns))
			for i, column := range f.columns {
				row[i] = column.cell(tell, item)
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, next, err
}

// pageOf is the request as the list gets it.
func pageOf(r *http.Request, limit int, after string) *http.Request {
	query := maps.Clone(r.URL.Query())
	delete(query, "format")
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if after != "" {
		query.Set("after", after)
	}
	at := *r.URL
	at.RawQuery = url.Values(query).Encode()
	out := r.WithContext(r.Context())
	out.URL = &at
	return out
}

// teller says what people call the things a row refers to. What is gone without
// a trace is called by its id.
type teller struct {
	tx   store.Tx
	sees access.Scope
	say  func(string) string
}

func (t *teller) user(id core.UserID) string {
	if u, err := store.Users.Look(t.tx, string(id)); err == nil {
		return u.Name
	}
	return string(id)
}

func (t *teller) channel(id core.ChannelID) string {
	if ch, err := store.Channels.Look(t.tx, string(id)); err == nil {
		return ch.Title
	}
	return string(id)
}

func (t *teller) journal(id core.JournalID) string {
	if j, err := store.Journals.Look(t.tx, string(id)); err == nil {
		return j.Title
	}
	return string(id)
}

// entry is the title of an entry of a directory that has one.
func (t *teller) entry(id string) string {
	if e, err := store.Entries.Look(t.tx, id); err == nil && e.Text("title") != "" {
		return e.Text("title")
	}
	return id
}

// document is the number of a document, or its subject for want of one; empty if
// the caller does not see it.
func (t *teller) document(id core.DocumentID) string {
	if id == "" {
		return ""
	}
	switch d, err := t.sees.ReadAny(t.tx, string(id)); {
	case err != nil:
		return ""
	case d.Number != nil:
		return d.Number.Text
	default:
		return d.Subject
	}
}

// title is a value as people call it, in the reader's language; the value itself
// where it has none.
func title[T interface {
	~string
	Title() string
}](t *teller, v T,
) string {
	if text := v.Title(); text != "" {
		return t.say(text)
	}
	return string(v)
}

// yes is said of what holds, and nothing of what does not.
func (t *teller) yes(holds bool) any {
	if holds {
		return t.say("да")
	}
	return nil
}

// joined are names with commas between.
func joined[T any](of []T, name func(T) string) string {
	return strings.Join(items(of, name), ", ")
}

// at is a moment by the office's clock.
func at(moment time.Time) any { return when(&moment) }

// when is at for what may not have been.
func when(moment *time.Time) any {
	if moment == nil || moment.IsZero() {
		return nil
	}
	return report.MomentOf(*moment)
}

// told is a column whose cells need nobody's name.
func told[T any](title string, cell func(T) any) column[T] {
	return column[T]{title, func(_ *teller, row T) any { return cell(row) }}
}

// fileRoute gives records away in a file, which is noted before it begins.
func fileRoute(name, path string, op access.Operation, serve handler) *route {
	return &route{name: name, method: get, path: path, op: op, serve: serve, streams: true, outside: true, handsOut: true}
}

// exportRoutes are the lists as files, each with its list's right. They come
// before the routes with ids: `export` is none.
func exportRoutes() []*route {
	return []*route{
		fileRoute("users.export", v1+"/users/export", access.ManageUsers, exported("polzovateli", (*Server).listUsers, userColumns()...)),
		fileRoute("usersessions.export", v1+"/user-sessions/export", access.ManageUsers, exported("seansy", (*Server).listUserSessions, sessionColumns()...)),
		// Not noted before it begins: it would have itself in it.
		{name: "audit.export", method: get, path: v1 + "/audit/export", op: access.ReadAudit, serve: exported("audit", (*Server).listAudit, auditColumns()...), streams: true, handsOut: true},
		fileRoute("documents.export", v1+"/documents/export", access.ReadDocuments, (*Server).exportListedDocuments),
		fileRoute("deliveries.export", v1+"/deliveries/export", access.ReadDeliveries, exported("otpravki", (*Server).listDeliveries, deliveryColumns()...)),
		fileRoute("deadletters.export", v1+"/dead-letters/export", access.ReadDeadLetters, exported("neobrabotannoe", (*Server).listDeadLetters, deadLetterColumns()...)),
		fileRoute("parties.exportall", v1+"/parties/export", access.ReadParties, exported("zayaviteli", (*Server).listParties, partyColumns()...)),
		fileRoute("erasures.export", v1+"/erasures/export", access.ReadParties, exported("akty", (*Server).listErasures, erasureColumns()...)),
		fileRoute("tasks.export", v1+"/tasks/export", access.ReadTasks, exported("porucheniya", (*Server).listTasks, taskColumns()...)),
		fileRoute("drafts.export", v1+"/drafts/export", access.ReadDrafts, exported("proekty", (*Server).listDrafts, draftColumns()...)),
		fileRoute("rules.export", v1+"/rules/versions/export", access.ReadRules, exported("pravila", (*Server).listRuleSets, ruleSetColumns()...)),
		fileRoute("mass.export", v1+"/mass-runs/export", access.ReadDocuments, exported("massovye", (*Server).listMassRuns, massRunColumns()...)),
		fileRoute("mass.exportitems", v1+"/mass-runs/{id}/items/export", access.ReadDocuments, exported("itogi", (*Server).listMassItems, massItemColumns()...)),
		fileRoute("reports.journals", v1+"/reports/journals", access.ReadJournals, exportedWhole("zhurnaly", (*Server).listJournals, journalColumns()...)),
	}
}

// contacts are the addresses of the kinds, with commas between.
func contacts(of []core.Contact, wanted func(core.AddressKind) bool) string {
	var out []string
	for _, c := range of {
		if wanted(c.Kind) {
			out = append(out, c.Value)
		}
	}
	return strings.Join(out, ", ")
}

// channelOf is the channel a dead letter has to do with: of its labels, or of what
// the event tells of.
func channelOf(d *bus.DeadLetter) core.ChannelID {
	var told struct{ Channel core.ChannelID }
	if of := d.Labels["channel"]; of != "" || json.Unmarshal(d.Event.Payload, &told) != nil {
		return core.ChannelID(of)
	}
	return told.Channel
}
