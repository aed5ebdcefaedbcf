package report

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Column is a column of a list of documents: one of the dimensions, or of these.
type Column string

// The columns beside the dimensions.
const (
	ColumnID           Column = "id"
	ColumnNumber       Column = "number"
	ColumnRegistered   Column = "registered"
	ColumnSubject      Column = "subject"
	ColumnSender       Column = "sender"
	ColumnApplicant    Column = "applicant"
	ColumnAccounts     Column = "accounts"
	ColumnAddress      Column = "address"
	ColumnDescription  Column = "description"
	ColumnDue          Column = "due"
	ColumnTaken        Column = "taken"
	ColumnAnswered     Column = "answered"
	ColumnEnded        Column = "ended"
	ColumnSpent        Column = "spent_seconds"
	ColumnTransfers    Column = "transfers"
	ColumnResult       Column = "result"
	ColumnRejectReason Column = "reject_reason"
	ColumnRating       Column = "rating"
)

// DefaultColumns are those of a list nobody chose columns for.
func DefaultColumns() []Column {
	return []Column{
		ColumnNumber, ColumnRegistered, Column(State), ColumnSubject, ColumnSender, ColumnApplicant, ColumnAccounts,
		Column(AppealState), Column(Line), Column(Operator), Column(Reason), ColumnDue, ColumnEnded,
	}
}

// Columns are all there are, sorted.
func Columns() []Column {
	out := slices.Collect(maps.Keys(columns))
	for name := range dimensions {
		out = append(out, Column(name))
	}
	slices.Sort(out)
	return out
}

// column makes a cell: a string, an int64 or a float64, or nil.
type column struct {
	title string
	cell  func(*core.Document) any
}

var columns = map[Column]column{
	ColumnID: {"Идентификатор", func(d *core.Document) any { return string(d.ID) }},
	ColumnNumber: {"Номер", func(d *core.Document) any {
		if d.Number == nil {
			return nil
		}
		return d.Number.Text
	}},
	ColumnRegistered: {"Зарегистрирован", func(d *core.Document) any { return moment(&d.CreatedAt) }},
	ColumnSubject:    {"Тема", func(d *core.Document) any { return d.Subject }},
	ColumnSender:     {"Отправитель", func(d *core.Document) any { return nameOf(d.Sender) }},
	ColumnDue:        {"Срок", func(d *core.Document) any { return moment(d.DueAt) }},

	ColumnApplicant:    appealColumn("Заявитель", func(a *core.Appeal) any { return nameOf(a.Applicant) }),
	ColumnAccounts:     appealColumn("Лицевые счета", func(a *core.Appeal) any { return accountsOf(a) }),
	ColumnAddress:      appealColumn("Адрес", addressOf),
	ColumnDescription:  appealColumn("Описание", func(a *core.Appeal) any { return a.Description }),
	ColumnTaken:        appealColumn("Взято в работу", func(a *core.Appeal) any { return moment(a.TakenAt) }),
	ColumnAnswered:     appealColumn("Дан ответ", func(a *core.Appeal) any { return moment(a.AnsweredAt) }),
	ColumnEnded:        appealColumn("Завершено", func(a *core.Appeal) any { return moment(a.EndedAt) }),
	ColumnSpent:        appealColumn("Затрачено, с", func(a *core.Appeal) any { return a.SpentSeconds }),
	ColumnTransfers:    appealColumn("Переводов", func(a *core.Appeal) any { return int64(a.Transfers) }),
	ColumnResult:       appealColumn("Результат", resultOf),
	ColumnRejectReason: appealColumn("Причина отклонения", func(a *core.Appeal) any { return a.RejectReason }),
	ColumnRating: appealColumn("Оценка", func(a *core.Appeal) any {
		if a.Rating == nil {
			return nil
		}
		return int64(a.Rating.Score)
	}),
}

func appealColumn(title string, cell func(*core.Appeal) any) column {
	return column{title, func(d *core.Document) any {
		if d.Appeal == nil {
			return nil
		}
		return cell(d.Appeal)
	}}
}

// moment is shown by the office's clock.
func moment(t *time.Time) any {
	if t == nil || t.IsZero() {
		return nil
	}
	return MomentOf(*t)
}

func nameOf(c core.Correspondent) string {
	if c.Name != "" || len(c.Addresses) == 0 {
		return c.Name
	}
	return c.Addresses[0].Value
}

func accountsOf(a *core.Appeal) string {
	numbers := make([]string, 0, len(a.Accounts))
	for _, account := range a.Accounts {
		numbers = append(numbers, account.Number)
	}
	return strings.Join(numbers, ", ")
}

func addressOf(a *core.Appeal) any {
	if a.Premises == nil {
		return nil
	}
	return a.Premises.Text
}

func resultOf(a *core.Appeal) any {
	if a.Result == nil {
		return nil
	}
	return a.Result.Text
}

// List writes the documents of the query into the sheet, in its order, one a
// row, under a row of titles. Query.Group is not asked for.
func (s *Service) List(ctx context.Context, q Query, of []Column, to Sheet) error {
	head := make([]any, 0, len(of))
	for _, name := range of {
		title, ok := titleOfColumn(name)
		if !ok {
			return core.Invalid("report.column", "columns", "нет такой колонки")
		}
		head = append(head, q.say(title))
	}
	rows := [][]any{head}
	return s.pages(ctx, q, func(tx store.Tx, d *core.Document) error {
		row, err := rowOf(tx, &q, d, of)
		rows = append(rows, row)
		return err
	}, func() error {
		for _, row := range rows {
			if err := to.Row(row); err != nil {
				return err
			}
		}
		rows = rows[:0]
		return nil
	})
}

func titleOfColumn(name Column) (string, bool) {
	if c, ok := columns[name]; ok {
		return c.title, true
	}
	d, ok := dimensions[Dimension(name)]
	return d.title, ok
}

func rowOf(tx store.Tx, q *Query, d *core.Document, of []Column) ([]any, error) {
	row := make([]any, 0, len(of))
	for _, name := range of {
		if c, ok := columns[name]; ok {
			row = append(row, c.cell(d))
			continue
		}
		values, err := dimensions[Dimension(name)].values(tx, d)
		if err != nil {
			return nil, err
		}
		value := strings.Join(values, "") // of a period there is one
		for i, v := range values {
			values[i] = titleOf(tx, q, Dimension(name), v)
		}
		row = append(row, periodCell(Dimension(name), value, strings.Join(values, ", ")))
	}
	return row, nil
}

// WriteSummary writes a summary into the sheet, with the total at the end.
func WriteSummary(q Query, rows []Row, total Sums, to Sheet) error {
	head := make([]any, 0, len(q.Group)+16)
	for _, name := range q.Group {
		head = append(head, q.say(dimensions[name].title))
	}
	for _, title := range sumTitles {
		head = append(head, q.say(title))
	}
	if err := to.Row(head); err != nil {
		return err
	}
	for _, row := range rows {
		cells := make([]any, 0, len(q.Group)+16)
		for i, key := range row.Keys {
			cells = append(cells, periodCell(q.Group[i], key.Value, key.Title))
		}
		if err := to.Row(append(cells, row.cells()...)); err != nil {
			return err
		}
	}
	last := make([]any, len(q.Group), len(q.Group)+16)
	if len(last) > 0 {
		last[0] = q.say("Итого")
	}
	return to.Row(append(last, total.cells()...))
}

// sumTitles are the heads over cells.
var sumTitles = []string{
	"Документов", "Обращений", "Дан ответ", "Закрыто", "Отклонено", "Открыто повторно", "Переводов", "Передано в системы",
	"В срок", "С опозданием", "Просрочено", "Срок идёт", "Затрачено, с", "До взятия, с", "До завершения, с", "Оценок", "Средняя оценка",
}

func (s Sums) cells() []any {
	return []any{
		s.Documents, s.Appeals, s.Answered, s.Closed, s.Rejected, s.Reopened, s.Transfers, s.Forwarded,
		s.InTime, s.Late, s.Overdue, s.Running, s.SpentSeconds, s.TakenSeconds, s.EndedSeconds, s.Rated, s.Rating,
	}
}
