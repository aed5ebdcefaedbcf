package execution

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/routing"
	"github.com/uzel-hub/uzel/core/store"
)

// work is one document being routed.
type work struct {
	*Service
	tx      store.Tx
	old     core.Document // as it was read
	doc     *core.Document
	rules   []core.Rule
	own     bool // doc.Appeal is a copy that may be changed
	changed bool
}

// broken is why an action cannot be done because of its rule: the rule is
// switched off.
type broken struct{ text string }

func (b *broken) Error() string { return b.text }

// carryOut does what was decided, records it, and switches failed rules off.
func (w *work) carryOut(number uint64, decided routing.Decision) error {
	record := &core.Decision{
		Document: w.doc.ID, RuleSet: number, Seen: w.doc.Version, Trace: decided.Trace, Faults: decided.Faults,
		Effects: make([]core.Effect, 0, len(decided.Planned)),
	}
	failed := map[core.RuleID]string{}
	for i, text := range decided.Faults {
		failed[w.rules[i].ID] = text
	}
	for _, p := range decided.Planned {
		effect, err := w.effect(p)
		if b, ok := errors.AsType[*broken](err); ok {
			failed[effect.Rule], err = b.text, nil
		}
		if err != nil {
			return err
		}
		record.Effects = append(record.Effects, effect)
	}
	if err := store.Decisions.Put(w.tx, record); err != nil {
		return err
	}
	if err := w.save(); err != nil || len(failed) == 0 {
		return err
	}
	return w.switchOff(w.tx, w.doc.ID, failed)
}

func (w *work) save() error {
	if !w.changed {
		return nil
	}
	if err := store.Documents.Replace(w.tx, &w.old, w.doc); err != nil {
		return err
	}
	return w.Bus.Publish(w.tx, bus.DocumentUpdated, string(w.doc.ID), bus.AboutDocument(w.doc))
}

// effect does one action. The error is a broken rule, or a reason to try the
// document again later.
func (w *work) effect(p routing.Planned) (core.Effect, error) {
	rule := &w.rules[p.Rule]
	e := core.Effect{Rule: rule.ID, Title: rule.Title, Action: p.Action, Note: p.Note}
	if e.Note != "" {
		return e, nil
	}
	note, err := w.do(rule, &e)
	if b, ok := errors.AsType[*broken](err); ok {
		note = b.text
	}
	e.Note, e.Done = note, note == "" && err == nil
	return e, err
}

// do makes an action true. A note tells why the document does not allow it.
func (w *work) do(rule *core.Rule, e *core.Effect) (note string, err error) {
	switch a := &e.Action; a.Do {
	case core.ActSetLine, core.ActSetReason, core.ActAddTags, core.ActSetOperator:
		return w.change(rule, e)
	case core.ActSetTerm:
		return "", w.setTerm(rule, *a.Term)
	case core.ActCreateTask:
		return "", w.createTask(rule, a)
	case core.ActReply:
		return w.reply(a)
	case core.ActForward:
		return w.forward(a)
	case core.ActNotify:
		return "", w.Bus.Publish(w.tx, bus.NoticeRaised, string(w.doc.ID), bus.NoticeEvent{Users: a.Users, Document: w.doc.ID, Rule: rule.ID, Text: a.Text})
	}
	return "", nil // stop has done its work
}

// change does what concerns the appeal.
func (w *work) change(rule *core.Rule, e *core.Effect) (note string, err error) {
	if w.doc.Direction != core.Incoming {
		return "обращением бывает только входящий документ", nil
	}
	if err := w.ownAppeal(); err != nil {
		return "", err
	}
	appeal := w.doc.Appeal
	switch a := &e.Action; a.Do {
	case core.ActSetLine:
		appeal.Line = a.Line
	case core.ActSetReason:
		appeal.Reason, appeal.ReasonGroup = a.Reason, a.ReasonGroup
	case core.ActAddTags:
		appeal.Tags = append(slices.Clone(appeal.Tags), a.Tags...)
	case core.ActSetOperator:
		if e.Operator, err = w.operator(rule.ID, a); err != nil {
			return "", err
		}
		appeal.Operator = e.Operator
	}
	w.changed = true
	return "", nil
}

// ownAppeal makes the document an appeal, and its appeal a copy.
func (w *work) ownAppeal() error {
	switch {
	case w.own:
		return nil
	case w.doc.Appeal != nil:
		appeal := *w.doc.Appeal
		w.doc.Appeal = &appeal
	case w.Appeal != nil:
		if err := w.Service.Appeal(w.tx, w.doc); err != nil {
			return err
		}
	default:
		w.doc.Appeal = &core.Appeal{State: core.AppealNew, Applicant: w.doc.Sender}
	}
	w.own = true
	return nil
}

func (w *work) setTerm(rule *core.Rule, term core.Term) error {
	deadline, err := w.deadline(rule, term)
	if err != nil {
		return err
	}
	w.doc.DueAt = &deadline.DueAt
	if w.doc.Appeal != nil {
		if err := w.ownAppeal(); err != nil {
			return err
		}
		w.doc.Appeal.Deadline = &deadline
	}
	w.changed = true
	return nil
}

func (w *work) deadline(rule *core.Rule, term core.Term) (core.Deadline, error) {
	return w.calendar().Deadline(w.tx, w.doc.Organization, w.tx.Now(), term, "правило «"+rule.Title+"»")
}

func (w *work) createTask(rule *core.Rule, a *core.Action) error {
	task := Task{
		Document: w.doc.ID, Rule: rule.ID, Title: a.Title, Text: a.Text, Performer: a.Performer, Controller: a.Controller,
	}
	if a.Term != nil {
		deadline, err := w.deadline(rule, *a.Term)
		if err != nil {
			return err
		}
		task.Deadline = &deadline
	}
	return asBroken(w.Tasks.Create(w.tx, task))
}

// Limits of automatic answers: what the marks of a document do not tell about
// machines that answer each other.
const (
	replyPause    = 24 * time.Hour // between two in one matter
	maxLettersIn  = time.Hour
	maxLettersNum = 10 // of one sender in maxLettersIn
)

func (w *work) reply(a *core.Action) (note string, err error) {
	if note, err := w.loop(); note != "" || err != nil {
		return note, err
	}
	subject, text := a.Title, a.Text
	if a.Template != "" {
		if subject, text, err = w.Templates.Template(w.tx, a.Template); err != nil {
			return "", asBroken(err)
		}
	}
	fill := w.placeholders()
	err = w.Reply(w.tx, w.doc.ID, fill.Replace(subject), fill.Replace(text))
	if e, ok := errors.AsType[*core.Error](err); ok && refused(err) {
		return "ответ не отправлен: " + texts(e), nil
	}
	return "", err
}

// loop tells why an automatic answer could begin a loop.
func (w *work) loop() (note string, err error) {
	page, err := store.Documents.List(w.tx, store.Query[core.Document]{
		Where: []store.Term{
			{Index: "thread", Value: string(w.doc.Thread)},
			{Index: "mark", Value: string(core.MarkAutomatic)},
			{Index: "direction", Value: string(core.Outgoing)},
		},
		From: core.FirstID("doc", w.tx.Now().Add(-replyPause)), Limit: 1,
	})
	if err != nil {
		return "", err
	}
	if len(page.Items) > 0 {
		return "в этой переписке автоответ за сутки уже был", nil
	}
	n, err := countOf(w.tx, w.doc, "sender_key", core.FirstID("doc", w.tx.Now().Add(-maxLettersIn)))
	if err == nil && n >= maxLettersNum {
		note = "от этого отправителя слишком много документов за час"
	}
	return note, err
}

// placeholders of texts that are sent.
func (w *work) placeholders() *strings.Replacer {
	number, date := "", ""
	if w.doc.Number != nil {
		number, date = w.doc.Number.Text, string(w.doc.Number.Date)
	}
	return strings.NewReplacer("{number}", number, "{date}", date, "{subject}", w.doc.Subject, "{name}", w.doc.Sender.Name)
}

func (w *work) forward(a *core.Action) (note string, err error) {
	had := map[core.ChannelID]bool{w.doc.Channel: true}
	for dlv, err := range store.Deliveries.Find(w.tx, "document", string(w.doc.ID)) {
		if err != nil {
			return "", err
		}
		had[dlv.Channel] = had[dlv.Channel] || dlv.Purpose == core.PurposeForward
	}
	var to []core.ChannelID
	for _, id := range a.Channels {
		if exists, err := has(w.tx, store.Channels, string(id)); err != nil {
			return "", err
		} else if !exists {
			return "", &broken{"канала " + string(id) + " больше нет"}
		}
		if !had[id] {
			to = append(to, id)
		}
	}
	if len(to) == 0 {
		return "документ пришёл из этого канала или уже передаётся в него", nil
	}
	return "", w.Forward(w.tx, w.doc, to)
}

// has tells whether there is such a record and it was not deleted.
func has[T any](tx store.Tx, table *store.Table[T], id string) (bool, error) {
	_, err := table.Get(tx, id)
	if core.KindOf(err) == core.KindNotFound {
		return false, nil
	}
	return err == nil, err
}

// refused tells an error that trying again will not mend.
func refused(err error) bool {
	switch core.KindOf(err) {
	case core.KindInvalid, core.KindNotFound, core.KindConfig:
		return err != nil
	}
	return false
}

// asBroken takes the rule for guilty of what was refused.
func asBroken(err error) error {
	if e, ok := errors.AsType[*core.Error](err); ok && refused(err) {
		return &broken{texts(e)}
	}
	return err
}

// texts is an error in words for people.
func texts(e *core.Error) string {
	out := []string{}
	if e.Text != "" {
		out = append(out, e.Text)
	}
	for _, f := range e.Faults {
		out = append(out, f.Text)
	}
	if len(out) == 0 {
		out = append(out, e.Code)
	}
	return strings.Join(out, "; ")
}
