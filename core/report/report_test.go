package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

type desk struct {
	*testing.T
	clock *coretest.Clock
	store store.Store
	*report.Service
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	clock := coretest.NewClock() // 2026-11-18 12:00 UTC, 15:00 by the office
	s := coretest.Open(t, clock)
	return &desk{t, clock, s, &report.Service{Store: s, Now: clock.Now}}
}

// register keeps a document made at the clock's moment.
func (d *desk) register(doc core.Document) core.DocumentID {
	d.Helper()
	doc.ID = core.DocumentID(core.NewID("doc", d.clock.Now()))
	if doc.Direction == "" {
		doc.Direction, doc.State = core.Incoming, core.DocumentRegistered
	}
	coretest.Update(d, d.store, func(tx store.Tx) error {
		fresh := doc
		fresh.SetDeadline(doc.Deadline)
		return store.Documents.Put(tx, &fresh)
	})
	d.clock.Add(time.Millisecond)
	return doc.ID
}

func (d *desk) after(hours int) *time.Time {
	t := d.clock.Now().Add(time.Duration(hours) * time.Hour)
	return &t
}

func (d *desk) due(hours int) *core.Deadline { return &core.Deadline{DueAt: *d.after(hours)} }

// week keeps documents of several days and of every fate.
func (d *desk) week() {
	coretest.Update(d, d.store, func(tx store.Tx) error {
		if err := store.Channels.Put(tx, &core.Channel{ID: "gis", Title: "ГИС ЖКХ"}); err != nil {
			return err
		}
		return store.Users.Put(tx, &core.User{ID: "usr_1", Login: "maria", Name: "Мария Петрова"})
	})
	id := d.register(core.Document{Channel: "mail", Appeal: &core.Appeal{
		State: core.AppealClosed, Line: "ent_1", Operator: "usr_1", Tags: []core.EntryID{"ent_a", "ent_b", "ent_a"}, Transfers: 2, Reopened: 1,
		SpentSeconds: 600, TakenAt: d.after(1), AnsweredAt: d.after(2), EndedAt: d.after(4), Rating: &core.Rating{Score: 5},
	}, Deadline: d.due(3)})
	coretest.Update(d, d.store, func(tx store.Tx) error {
		for i, channel := range []core.ChannelID{"gis", "gis", "1c"} {
			state := core.DeliverySent
			if channel == "1c" {
				state = core.DeliveryCancelled
			}
			if err := store.Deliveries.Put(tx, &core.Delivery{ID: core.DeliveryID(fmt.Sprintf("dlv_%d", i)), Document: id, Channel: channel, Purpose: core.PurposeForward, State: state}); err != nil {
				return err
			}
		}
		return nil
	})
	d.register(core.Document{Channel: "mail", Appeal: &core.Appeal{
		State: core.AppealRejected, Line: "ent_1", Operator: "usr_1", TakenAt: d.after(3), EndedAt: d.after(8), Rating: &core.Rating{Score: 2},
	}, Deadline: d.due(3)})
	d.clock.Add(24 * time.Hour)
	d.register(core.Document{Channel: "post", Appeal: &core.Appeal{State: core.AppealNew, Line: "ent_2"}, Deadline: d.due(1)})
	d.register(core.Document{Channel: "post", Appeal: &core.Appeal{State: core.AppealInWork, Line: "ent_2"}, Deadline: d.due(100)})
	d.register(core.Document{Channel: "post", Subject: "Письмо"})
	d.clock.Add(5 * time.Hour) // 20:00 UTC is still that day, by the office
}

func TestASummaryCounts(t *testing.T) {
	d := newDesk(t)
	d.week()
	_, total, err := d.Summary(t.Context(), report.Query{})
	want := report.Sums{
		Documents: 5, Appeals: 4, Answered: 1, Closed: 1, Rejected: 1, Reopened: 1, Transfers: 2, Forwarded: 1,
		InTime: 1, Late: 1, Overdue: 1, Running: 1, SpentSeconds: 600, TakenSeconds: 2 * 3600, EndedSeconds: 6 * 3600, Rated: 2, Rating: 3.5,
	}
	if err != nil || total != want {
		t.Errorf("%+v, %v", total, err)
	}
}

func TestASummaryGroupsByEveryDimension(t *testing.T) {
	d := newDesk(t)
	d.week()
	for _, c := range []struct {
		group []report.Dimension
		where map[report.Dimension]string
		want  string
	}{
		{nil, nil, ""},
		{[]report.Dimension{report.Day}, nil, "2026-11-18=2 2026-11-19=3"},
		{[]report.Dimension{report.Hour}, nil, "2026-11-18 15:00=2 2026-11-19 15:00=3"},
		{[]report.Dimension{report.DayHour}, nil, "15:00=5"},
		{[]report.Dimension{report.Week}, nil, "2026-W47=5"},
		{[]report.Dimension{report.Month}, nil, "2026-11=5"},
		{[]report.Dimension{report.Line}, nil, "=1 ent_1=2 ent_2=2"},
		{[]report.Dimension{report.Tag}, nil, "=4 ent_a=1 ent_b=1"},
		{[]report.Dimension{report.ForwardedTo}, nil, "=4 ГИС ЖКХ=1"},
		{[]report.Dimension{report.Operator}, map[report.Dimension]string{report.Channel: "mail"}, "Мария Петрова=2"},
		{[]report.Dimension{report.Channel, report.AppealState}, nil, "mail/Закрыто=1 mail/Отклонено=1 post/=1 post/В работе=1 post/Новое=1"},
		{[]report.Dimension{report.Day}, map[report.Dimension]string{report.Tag: "ent_b", report.ForwardedTo: "gis"}, "2026-11-18=1"},
	} {
		rows, total, err := d.Summary(t.Context(), report.Query{Group: c.group, Where: c.where})
		var got []string
		for _, r := range rows {
			var keys []string
			for _, k := range r.Keys {
				keys = append(keys, k.Title)
			}
			got = append(got, fmt.Sprintf("%s=%d", strings.Join(keys, "/"), r.Documents))
		}
		slices.Sort(got)
		if err != nil || strings.Join(got, " ") != c.want || c.where == nil && total.Documents != 5 {
			t.Errorf("%v where %v: %v of %d, %v", c.group, c.where, got, total.Documents, err)
		}
	}
}

func TestAReportKeepsToItsPeriod(t *testing.T) {
	d := newDesk(t)
	d.week()
	day := time.Date(2026, 11, 19, 0, 0, 0, 0, core.OfficeZone)
	for want, q := range map[int64]report.Query{2: {To: day}, 3: {From: day}, 5: {}, 0: {From: day.AddDate(0, 0, 1)}} {
		if _, total, err := d.Summary(t.Context(), q); err != nil || total.Documents != want {
			t.Errorf("%v: %d, %v", q, total.Documents, err)
		}
	}
}

func TestAReportCountsOnlyWhatMayBeSeen(t *testing.T) {
	d := newDesk(t)
	d.week()
	sees := func(doc *core.Document) bool { return doc.Channel == "post" }
	if _, total, err := d.Summary(t.Context(), report.Query{Sees: sees}); err != nil || total.Documents != 3 {
		t.Errorf("%d, %v", total.Documents, err)
	}
}

func TestWrongReportsAreRefused(t *testing.T) {
	d := newDesk(t)
	for name, q := range map[string]report.Query{
		"three":   {Group: []report.Dimension{report.Day, report.Line, report.Tag}},
		"twice":   {Group: []report.Dimension{report.Day, report.Day}},
		"unknown": {Group: []report.Dimension{"colour"}},
		"where":   {Where: map[report.Dimension]string{"colour": "red"}},
	} {
		if _, _, err := d.Summary(t.Context(), q); core.KindOf(err) != core.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.List(t.Context(), report.Query{}, []report.Column{"colour"}, nil); core.KindOf(err) != core.KindInvalid {
		t.Error(err)
	}
}

func TestAListIsWrittenAsCSV(t *testing.T) {
	d := newDesk(t)
	d.register(core.Document{
		Subject: "=HYPERLINK(\"x\")", Number: &core.RegNumber{Journal: "incoming", Seq: 1, Text: "Вх-1"},
		Sender: core.Correspondent{Addresses: []core.Address{{Kind: core.AddressPhone, Value: "+7 916 123-45-67"}}},
		Appeal: &core.Appeal{State: core.AppealNew, Accounts: []core.AccountRef{{Number: "0012"}, {Number: "0034"}}, SpentSeconds: 60},
	})
	d.register(core.Document{Subject: "Тема; с \"кавычками\"\nи строкой"})
	var out bytes.Buffer
	sheet, err := report.NewCSV(&out)
	if err != nil {
		t.Fatal(err)
	}
	columns := []report.Column{report.ColumnNumber, report.ColumnRegistered, report.ColumnSubject, report.ColumnSender, report.ColumnAccounts, report.ColumnSpent, report.Column(report.AppealState)}
	if err := d.List(t.Context(), report.Query{}, columns, sheet); err != nil {
		t.Fatal(err)
	}
	if err := sheet.Close(); err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(out.String(), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	got, err := r.ReadAll()
	want := [][]string{
		{"Номер", "Зарегистрирован", "Тема", "Отправитель", "Лицевые счета", "Затрачено, с", "Состояние обращения"},
		{"Вх-1", "18.11.2026 15:00", "'=HYPERLINK(\"x\")", "+7 916 123-45-67", "0012, 0034", "60", "Новое"},
		{"", "18.11.2026 15:00", "Тема; с \"кавычками\"\nи строкой", "", "", "", ""},
	}
	if err != nil || !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestEveryColumnCanBeWritten(t *testing.T) {
	d := newDesk(t)
	d.week()
	var out bytes.Buffer
	sheet, err := report.NewXLSX(&out)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.List(t.Context(), report.Query{}, report.Columns(), sheet); err != nil {
		t.Fatal(err)
	}
	if err := sheet.Close(); err != nil {
		t.Fatal(err)
	}
	rows := workbook(t, out.Bytes())
	if len(rows) != 6 || len(rows[0]) != len(report.Columns()) || slices.Contains(rows[0], "") {
		t.Errorf("%d rows of %d cells: %q", len(rows), len(rows[0]), rows[0])
	}
}

func TestASummaryIsWrittenWithItsTotal(t *testing.T) {
	d := newDesk(t)
	d.week()
	q := report.Query{Group: []report.Dimension{report.Line}}
	rows, total, err := d.Summary(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	sheet, err := report.NewXLSX(&out)
	if err == nil {
		err = report.WriteSummary(q, rows, total, sheet)
	}
	if err == nil {
		err = sheet.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	cells := workbook(t, out.Bytes())
	if len(cells) != 5 || cells[0][0] != "Линия поддержки" || cells[2][0] != "ent_1" || cells[2][1] != "2" || cells[4][0] != "Итого" || cells[4][1] != "5" || cells[4][17] != "3.5" {
		t.Errorf("%q", cells)
	}
}

// workbook reads the cells of a workbook's sheets.
func workbook(t *testing.T, raw []byte) (rows [][]string) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var sheet struct {
			Rows []struct {
				Cells []struct {
					Number string `xml:"v"`
					Text   string `xml:"is>t"`
				} `xml:"c"`
			} `xml:"sheetData>row"`
		}
		if err := xml.NewDecoder(part).Decode(&sheet); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		for _, r := range sheet.Rows {
			var cells []string
			for _, c := range r.Cells {
				cells = append(cells, c.Number+c.Text)
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

func TestATableOfAMillionRowsGoesOnInASecondSheet(t *testing.T) {
	const n = 1_048_576 + 10
	written, grown := writeMany(t, report.NewXLSX, n)
	if written == 0 {
		t.Fatal("nothing was written")
	}
	if grown > 64<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
}

// writeMany writes n rows and returns how many bytes came out and by how much
// the heap in use had grown at its highest.
func writeMany(t *testing.T, open func(io.Writer) (report.Sheet, error), n int) (written, grown uint64) {
	t.Helper()
	out := &counter{}
	sheet, err := open(out)
	if err != nil {
		t.Fatal(err)
	}
	before := heap()
	for i := range n {
		if err := sheet.Row([]any{"Вх-2026", int64(i), "Протечка <кровли>\x01"}); err != nil {
			t.Fatal(err)
		}
		if i%200_000 == 0 {
			if now := heap(); now > before+grown {
				grown = now - before
			}
		}
	}
	if err := sheet.Close(); err != nil {
		t.Fatal(err)
	}
	return out.n, grown
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

type counter struct{ n uint64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += uint64(len(p))
	return len(p), nil
}

func TestALongListIsWrittenWithFlatMemory(t *testing.T) {
	d := newDesk(t)
	const n = 3000
	body := strings.Repeat("Протечка кровли. ", 500) // 16 kB each: 48 MB in all
	for from := 0; from < n; from += 100 {
		coretest.Update(t, d.store, func(tx store.Tx) error {
			for range 100 {
				doc := &core.Document{ID: core.DocumentID(core.NewID("doc", tx.Now())), Direction: core.Incoming, State: core.DocumentRegistered, Text: body}
				if err := store.Documents.Put(tx, doc); err != nil {
					return err
				}
			}
			return nil
		})
	}
	watch := &watcher{before: heap()}
	if err := d.List(t.Context(), report.Query{}, report.DefaultColumns(), watch); err != nil {
		t.Fatal(err)
	}
	if watch.rows != n+1 || watch.grown > 16<<20 {
		t.Errorf("%d rows, memory grew by %d kB", watch.rows, watch.grown>>10)
	}
}

// watcher is a Sheet that looks at the heap.
type watcher struct {
	rows          int
	before, grown uint64
}

func (w *watcher) Row([]any) error {
	if w.rows++; w.rows%500 == 0 {
		if now := heap(); now > w.before+w.grown {
			w.grown = now - w.before
		}
	}
	return nil
}

func (w *watcher) Close() error { return nil }
