package schedule

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// Subject is something whose deadline is watched.
type Subject struct {
	Kind     string // `document`
	ID       string
	Deadline *core.Deadline
	Appeal   bool // the settings say what its breach brings about, if the deadline does not
	// Save writes the subject with another deadline in the transaction it was read
	// in; Deadline itself must not be changed.
	Save func(*core.Deadline) error
	// Notice is who has to hear of the warning or of the breach, and what.
	Notice func(broken bool) (bus.NoticeEvent, error)
}

// Source finds what somebody has to look at: subjects whose Deadline.NextLook is
// not after until, by an index, earliest first. A subject that was saved may or
// may not come again in the same walk.
type Source func(tx store.Tx, until time.Time) iter.Seq2[Subject, error]

// Effect is what the breach of a term brings about by itself.
type Effect interface {
	Name() string  // as in core.Deadline.Effect
	Title() string // for people, in Russian
	// Apply brings it about. It is called once for a breach, in the transaction
	// that acknowledges deadline.broken; an error is worked by its kind, as of
	// every handler of the bus. It checks itself that the subject still waits.
	Apply(tx store.Tx, ev bus.DeadlineEvent) error
}

// Watcher warns of deadlines that come near and notices those that were broken.
// What it has noticed stands with the deadline, so that it does not repeat
// itself, whatever happens to the program.
type Watcher struct {
	Store   store.Store
	Bus     bus.Publisher
	Sources []Source
	Effects []Effect
}

// watchSet bounds the subjects of one transaction.
const watchSet = 200

// Look works all that is due and tells how many were warned of and broken. It
// may be interrupted and called again at any time.
func (w *Watcher) Look(ctx context.Context) (warned, broken int, err error) {
	for _, source := range w.Sources {
		for more := true; more; {
			var n, b int
			err := w.Store.Update(store.Deferrable(ctx), func(tx store.Tx) error {
				n, b = 0, 0
				return w.portion(tx, source, &n, &b)
			})
			if err != nil {
				return warned, broken, fmt.Errorf("look at deadlines: %w", err)
			}
			warned, broken = warned+n, broken+b
			more = n+b == watchSet
		}
	}
	return warned, broken, nil
}

func (w *Watcher) portion(tx store.Tx, source Source, warned, broken *int) error {
	for subject, err := range source(tx, tx.Now()) {
		if err != nil {
			return err
		}
		if err := w.notice(tx, subject, warned, broken); err != nil {
			return err
		}
		if *warned+*broken == watchSet {
			return nil
		}
	}
	return nil
}

// notice warns, or notes the breach. Who was not warned in time, because the hub
// was down, is not warned of what has already happened.
func (w *Watcher) notice(tx store.Tx, s Subject, warned, broken *int) error {
	now := tx.Now()
	look := s.Deadline.NextLook()
	if look == nil || look.After(now) {
		return nil
	}
	d, topic, effect := *s.Deadline, bus.DeadlineWarned, s.Deadline.Effect
	if d.DueAt.After(now) {
		d.WarnedAt = &now
		*warned++
	} else {
		d.BrokenAt, topic = &now, bus.DeadlineBroken
		*broken++
		if effect == "" && s.Appeal {
			set, err := settings.TermsOf(tx)
			if err != nil {
				return err
			}
			if set.Breach != settings.BreachNothing {
				effect = set.Breach
			}
		}
	}
	if err := s.Save(&d); err != nil {
		return err
	}
	if err := w.Bus.Publish(tx, topic, s.ID, bus.DeadlineEvent{Kind: s.Kind, ID: s.ID, DueAt: d.DueAt, Effect: effect}); err != nil {
		return err
	}
	return w.tell(tx, s, topic == bus.DeadlineBroken)
}

// tell raises a notice if there is anybody who has to hear it.
func (w *Watcher) tell(tx store.Tx, s Subject, broken bool) error {
	notice, err := s.Notice(broken)
	if err != nil || len(notice.Users) == 0 {
		return err
	}
	return w.Bus.Publish(tx, bus.NoticeRaised, s.ID, notice)
}

// OnBroken is the handler of deadline.broken: it applies the effect. KindConfig
// if nobody has registered it: the event waits until a person has.
func (w *Watcher) OnBroken(tx store.Tx, ev bus.DeadlineEvent) error {
	if ev.Effect == "" {
		return nil
	}
	for _, e := range w.Effects {
		if e.Name() == ev.Effect {
			return e.Apply(tx, ev)
		}
	}
	return &core.Error{Kind: core.KindConfig, Code: "deadline.effect", Text: "последствие нарушения срока «" + ev.Effect + "» не известно"}
}

// KindDocument is the kind of subjects that are documents.
const KindDocument = "document"

// Documents is the source of documents that wait for their answer.
func Documents(tx store.Tx, until time.Time) iter.Seq2[Subject, error] {
	return func(yield func(Subject, error) bool) {
		for d, err := range store.Documents.Range(tx, "deadline", "", store.MomentKey(until)+"\x01") {
			if err != nil {
				yield(Subject{}, err)
				return
			}
			if !yield(subjectOf(tx, d), nil) {
				return
			}
		}
	}
}

func subjectOf(tx store.Tx, d *core.Document) Subject {
	return Subject{
		Kind: KindDocument, ID: string(d.ID), Deadline: d.Deadline, Appeal: d.Appeal != nil,
		Save: func(deadline *core.Deadline) error {
			doc := *d
			doc.SetDeadline(deadline)
			return store.Documents.Replace(tx, d, &doc)
		},
		Notice: func(broken bool) (bus.NoticeEvent, error) { return documentNotice(tx, d, broken) },
	}
}

// KindTask is the kind of subjects that are tasks.
const KindTask = "task"

// Tasks is the source of tasks that their performers have yet to report on.
func Tasks(tx store.Tx, until time.Time) iter.Seq2[Subject, error] {
	return func(yield func(Subject, error) bool) {
		for t, err := range store.Tasks.Range(tx, "deadline", "", store.MomentKey(until)+"\x01") {
			if err != nil {
				yield(Subject{}, err)
				return
			}
			if !yield(taskSubject(tx, t), nil) {
				return
			}
		}
	}
}

func taskSubject(tx store.Tx, t *core.Task) Subject {
	return Subject{
		Kind: KindTask, ID: string(t.ID), Deadline: t.Deadline,
		Save: func(deadline *core.Deadline) error {
			task := *t
			task.Deadline = deadline
			return store.Tasks.Replace(tx, t, &task)
		},
		Notice: func(broken bool) (bus.NoticeEvent, error) { return taskNotice(tx, t, broken) },
	}
}
