package directory

import (
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Fill puts what is known of a document in the place of the names in braces in
// the text of a template. What is not known is empty; other braces stay.
func (s *Service) Fill(tx store.Tx, d *core.Document, text string) (string, error) {
	f := &filler{tx: tx, doc: d, appeal: d.Appeal}
	if f.appeal == nil {
		f.appeal = &core.Appeal{Applicant: d.Sender}
	}
	var pairs []string
	for name, value := range placeholders {
		if strings.Contains(text, name) {
			pairs = append(pairs, name, value(f))
		}
	}
	return strings.NewReplacer(pairs...).Replace(text), f.err
}

// placeholders are the names a template may have. They are part of what people
// write: none changes.
var placeholders = map[string]func(*filler) string{
	"{number}":       (*filler).number,
	"{date}":         (*filler).date,
	"{subject}":      func(f *filler) string { return f.doc.Subject },
	"{name}":         func(f *filler) string { return f.doc.Sender.Name },
	"{applicant}":    func(f *filler) string { return f.appeal.Applicant.Name },
	"{reason}":       func(f *filler) string { return f.title(f.appeal.Reason) },
	"{operator}":     (*filler).operator,
	"{organization}": func(f *filler) string { return f.title(core.EntryID(f.doc.Organization)) },
	"{due}":          (*filler).due,
	"{result}":       func(f *filler) string { return f.result().Text },
	"{works}":        func(f *filler) string { return strings.Join(f.result().Works, "\n") },
}

// filler looks up what the placeholders stand for.
type filler struct {
	tx     store.Tx
	doc    *core.Document
	appeal *core.Appeal
	err    error
}

func (f *filler) number() string {
	if f.doc.Number == nil {
		return ""
	}
	return f.doc.Number.Text
}

// date of the registration, as people write it.
func (f *filler) date() string {
	if f.doc.Number == nil {
		return ""
	}
	day, err := time.Parse(time.DateOnly, string(f.doc.Number.Date))
	if err != nil {
		return string(f.doc.Number.Date)
	}
	return day.Format("02.01.2006")
}

func (f *filler) due() string {
	if f.doc.DueAt == nil {
		return ""
	}
	return f.doc.DueAt.In(core.OfficeZone).Format("02.01.2006 15:04")
}

func (f *filler) result() core.AppealResult {
	if f.appeal.Result == nil {
		return core.AppealResult{}
	}
	return *f.appeal.Result
}

// title of an entry; those that were deleted since keep theirs.
func (f *filler) title(id core.EntryID) string {
	if id == "" {
		return ""
	}
	e, err := store.Entries.GetAny(f.tx, string(id))
	if err != nil {
		f.note(err)
		return ""
	}
	return e.Text("title")
}

func (f *filler) operator() string {
	if f.appeal.Operator == "" {
		return ""
	}
	u, err := store.Users.GetAny(f.tx, string(f.appeal.Operator))
	if err != nil {
		f.note(err)
		return ""
	}
	return u.Name
}

func (f *filler) note(err error) {
	if core.KindOf(err) != core.KindNotFound {
		f.err = err
	}
}
