package schedule

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// Who hears of a deadline: warnings go to whoever works on it, breaches to those
// and to the ones who answer for them. Who has left hears nothing.

// mostTold bounds who hears of one deadline: a line may have many operators.
const mostTold = 100

// documentNotice goes to the operator or, as long as nobody has the document, to
// its line; a breach to the supervisors as well.
func documentNotice(tx store.Tx, d *core.Document, broken bool) (bus.NoticeEvent, error) {
	l := listeners{tx: tx, organization: d.Organization}
	if a := d.Appeal; a != nil {
		l.add(a.Operator)
		if a.Operator == "" && a.Line != "" {
			l.all("line", string(a.Line))
		}
	}
	set, err := settings.TermsOf(tx)
	if err != nil {
		return bus.NoticeEvent{}, err
	}
	if broken && set.Supervisors {
		l.all("role", string(core.RoleSupervisor))
	}
	what := "Срок документа"
	if d.Appeal != nil {
		what = "Срок обращения"
	}
	if d.Number != nil {
		what += " № " + d.Number.Text
	}
	return bus.NoticeEvent{Users: l.users, Document: d.ID, Text: what + ending(broken), Notice: kindOf(broken)}, l.err
}

// taskNotice goes to the performers; a breach to the controller, or whoever
// accepts the task, and to its author as well.
func taskNotice(tx store.Tx, t *core.Task, broken bool) (bus.NoticeEvent, error) {
	l := listeners{tx: tx, organization: t.Organization}
	l.add(t.Performer)
	for _, u := range t.CoPerformers {
		l.add(u)
	}
	set, err := settings.TermsOf(tx)
	if err != nil {
		return bus.NoticeEvent{}, err
	}
	if broken && set.TaskAuthors {
		l.add(t.Acceptor())
		l.add(t.Author)
	}
	return bus.NoticeEvent{Users: l.users, Document: t.Document, Task: t.ID, Text: "Срок поручения «" + t.Title + "»" + ending(broken), Notice: kindOf(broken)}, l.err
}

func ending(broken bool) string {
	if broken {
		return " нарушен"
	}
	return " истекает"
}

func kindOf(broken bool) core.Notice {
	if broken {
		return core.NoticeOverdue
	}
	return core.NoticeDueSoon
}

// listeners gathers users, each once.
type listeners struct {
	tx           store.Tx
	organization core.OrganizationID
	users        []core.UserID
	err          error
}

func (l *listeners) add(id core.UserID) {
	if id == "" || l.err != nil {
		return
	}
	u, err := store.Users.Look(l.tx, string(id))
	switch {
	case core.KindOf(err) == core.KindNotFound:
	case err != nil:
		l.err = err
	default:
		l.take(u)
	}
}

// all adds the users an index has under the value, as far as they work for the
// organisation.
func (l *listeners) all(index, value string) {
	for u, err := range store.Users.Find(l.tx, index, value) {
		if err != nil || len(l.users) == mostTold {
			l.err = err
			return
		}
		if l.organization == "" || len(u.Organizations) == 0 || slices.Contains(u.Organizations, l.organization) {
			l.take(u)
		}
	}
}

func (l *listeners) take(u *core.User) {
	if u.MayEnter() && u.DeletedAt == nil && !slices.Contains(l.users, u.ID) {
		l.users = append(l.users, u.ID)
	}
}
