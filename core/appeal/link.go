package appeal

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Question is what the applicant asks beside («другой вопрос»).
type Question struct {
	Subject     string
	Text        string
	Description string
	ReasonGroup core.EntryID
	Reason      core.EntryID
	Extra       map[string]string
	Journal     core.JournalID // empty: the one of the appeal before
}

// Other closes the appeal and opens the next of the same applicant and accounts,
// in the hands of the same operator; both know of each other.
func (s *Service) Other(tx store.Tx, ref Ref, r Result, q Question) (closed, next *core.Document, err error) {
	if closed, err = s.Close(tx, ref, r); err != nil {
		return nil, nil, err
	}
	next = following(closed)
	next.Subject, next.Text = q.Subject, q.Text
	a := next.Appeal
	a.Description, a.ReasonGroup, a.Reason, a.Extra = q.Description, q.ReasonGroup, q.Reason, q.Extra
	operator := closed.Appeal.Operator
	if operator == "" {
		operator = userOf(tx.Actor())
	}
	closed, err = s.openBeside(tx, closed, next, q.Journal, operator)
	return closed, next, err
}

// Split opens a copy beside the appeal, for a letter about two matters; nothing
// is taken out of the first. What of q is empty is as it is there.
func (s *Service) Split(tx store.Tx, ref Ref, q Question) (first, copied *core.Document, err error) {
	if first, err = s.open(tx, ref, func(*core.Document) error { return nil }); err != nil {
		return nil, nil, err
	}
	copied = following(first)
	copied.HTML, copied.Files, copied.Fields = first.HTML, first.Files, first.Fields
	copied.SetDeadline(first.Deadline)
	copied.Subject, copied.Text = or(q.Subject, first.Subject), or(q.Text, first.Text)
	if q.Text != "" {
		copied.HTML = ""
	}
	was, a := first.Appeal, copied.Appeal
	a.Description, a.Comment, a.Tags = or(q.Description, was.Description), was.Comment, was.Tags
	a.ReasonGroup, a.Reason, a.Extra = was.ReasonGroup, was.Reason, was.Extra
	if q.Reason != "" || q.ReasonGroup != "" {
		a.ReasonGroup, a.Reason, a.Extra = q.ReasonGroup, q.Reason, q.Extra
	}
	first, err = s.openBeside(tx, first, copied, q.Journal, "")
	return first, copied, err
}

func or(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}

// following is a new appeal of the same matter and applicant. It goes by the
// names the first is known by outside, so that an answer finds its way.
func following(d *core.Document) *core.Document {
	names := slices.Clone(d.KnownAs)
	if len(names) == 0 && d.ExternalID != "" {
		names = []string{d.ExternalID}
	}
	return &core.Document{
		Organization: d.Organization, Kind: d.Kind, Sender: d.Sender, Thread: d.Thread,
		Channel: d.Channel, KnownAs: names, ExternalThread: d.ExternalThread,
		Appeal: &core.Appeal{
			State: core.AppealNew, Applicant: d.Appeal.Applicant, Accounts: d.Appeal.Accounts, Premises: d.Appeal.Premises,
			Source: d.Appeal.Source, Line: d.Appeal.Line, Notify: d.Appeal.Notify,
		},
	}
}

// openBeside numbers next and relates the two to each other.
func (s *Service) openBeside(tx store.Tx, d, next *core.Document, journal core.JournalID, operator core.UserID) (*core.Document, error) {
	if len(d.Appeal.Related) >= maxLinked {
		return nil, core.Conflict("appeal.related", "у обращения слишком много связанных")
	}
	if journal == "" && d.Number != nil {
		journal = d.Number.Journal
	}
	next.Appeal.Related = []core.DocumentID{d.ID}
	if err := s.check(tx, d.Appeal, next); err != nil {
		return nil, err
	}
	if err := s.create(tx, next, journal, operator); err != nil {
		return nil, err
	}
	return s.change(tx, Ref{ID: d.ID}, func(d *core.Document) error {
		d.Appeal.Related = append(slices.Clone(d.Appeal.Related), next.ID)
		return nil
	})
}

// Merge links the appeal to another about the same thing: it is worked on there
// and ends with it. Nothing moves; Unmerge undoes it.
func (s *Service) Merge(tx store.Tx, ref Ref, into core.DocumentID) (*core.Document, error) {
	return s.open(tx, ref, func(d *core.Document) error {
		switch {
		case into == d.ID:
			return core.Invalid("appeal.invalid", "into", "обращение нельзя объединить с самим собой")
		case d.Appeal.State == core.AppealAnswered:
			return core.Conflict("appeal.transition", "на обращение уже ответили: объединять его незачем")
		}
		target, err := read(tx, Ref{ID: into})
		switch {
		case core.KindOf(err) == core.KindNotFound:
			return core.Invalid("appeal.invalid", "into", "такого обращения нет")
		case err != nil:
			return err
		case target.Appeal.MergedInto != "":
			return core.Conflict("appeal.merged", "то обращение само объединено с другим")
		case target.Appeal.State.Ended():
			return core.Conflict("appeal.ended", "то обращение завершено")
		}
		if err := roomForMerge(tx, d.ID, into); err != nil {
			return err
		}
		d.Appeal.MergedInto = into
		return nil
	})
}

// roomForMerge keeps merges one step long and few enough to end together.
func roomForMerge(tx store.Tx, id, into core.DocumentID) error {
	if own, err := mergedInto(tx, id); err != nil || len(own) > 0 {
		return orElse(err, core.Conflict("appeal.merged", "с этим обращением объединены другие: сначала разъедините их"))
	}
	if there, err := mergedInto(tx, into); err != nil || len(there) >= maxLinked {
		return orElse(err, core.Conflict("appeal.related", "с тем обращением объединено слишком много других"))
	}
	return nil
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// Unmerge undoes Merge. What ended meanwhile stays ended.
func (s *Service) Unmerge(tx store.Tx, ref Ref) (*core.Document, error) {
	return s.change(tx, ref, func(d *core.Document) error {
		if d.Appeal.MergedInto == "" {
			return core.Conflict("appeal.transition", "обращение ни с чем не объединено")
		}
		d.Appeal.MergedInto = ""
		return nil
	})
}
