package execution

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/routing"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// work is one document being routed.
type work struct {
	*Service
	tx    store.Tx
	doc   *core.Document
	seen  uint64 // its version when the rules looked at it
	rules []core.Rule

	// sets are the changes that were decided, to be made at once; asAppeal: some of
	// them are of an appeal.
	sets     []func(*core.Document)
	asAppeal bool
}

// broken is why an action cannot be done because of its rule: the rule is
// switched off.
type broken struct{ text string }

func (b *broken) Error() string { return b.text }

// carryOut does what the rules decide, records it, and switches failed rules off.
// What changes the document comes first and is one change, so that answers,
// tasks and other systems get it as the rules made it.
func (w *work) carryOut(number uint64, set *routing.Set, facts *routing.Facts) error {
	decided, effects, err := w.decide(set, facts)
	if err != nil {
		return err
	}
	if err := w.save(); err != nil {
		return err
	}
	failed := map[int]string{}
	maps.Copy(failed, decided.Faults)
	if err := w.effects(effects, decided.Planned, false, failed); err != nil {
		return err
	}
	record := &core.Decision{
		Document: w.doc.ID, RuleSet: number, Seen: w.seen, Trace: decided.Trace, Faults: decided.Faults, Effects: effects,
	}
	if err := store.Decisions.Put(w.tx, record); err != nil || len(failed) == 0 {
		return err
	}
	guilty := make(map[core.RuleID]string, len(failed))
	for i, text := range failed {
		guilty[w.rules[i].ID] = text
	}
	return w.switchOff(w.tx, w.doc.ID, guilty)
}

// decide has the rules decide and prepares the changes of the document. Rules
// that prove broken then take nothing from those below: it is decided again
// without them.
func (w *work) decide(set *routing.Set, facts *routing.Facts) (decided routing.Decision, effects []core.Effect, err error) {
	for {
		decided, w.sets, w.asAppeal = set.Decide(facts), nil, false
		effects = make([]core.Effect, len(decided.Planned))
		broken := map[int]string{}
		err = w.effects(effects, decided.Planned, true, broken)
		if err != nil || len(broken) == 0 {
			return decided, effects, err
		}
		set = set.Failing(broken)
	}
}

// effects does the actions that change the document, or the others.
func (w *work) effects(out []core.Effect, planned []routing.Planned, changing bool, failed map[int]string) error {
	do := w.act
	if changing {
		do = w.change
	}
	for i, p := range planned {
		if changes(p.Action.Do) != changing {
			continue
		}
		if err := w.effect(&out[i], p, do, failed); err != nil {
			return err
		}
	}
	return nil
}

// changes tells the actions that change the document itself.
func changes(k core.ActionKind) bool {
	switch k {
	case core.ActSetLine, core.ActSetReason, core.ActAddTags, core.ActSetOperator, core.ActSetTerm:
		return true
	}
	return false
}

// save makes the changes that were decided: those of an appeal by its owner.
func (w *work) save() (err error) {
	sets := w.sets
	w.sets = nil
	set := func(d *core.Document) {
		for _, change := range sets {
			change(d)
		}
	}
	switch {
	case len(sets) == 0:
		return nil
	case w.asAppeal || w.doc.Appeal != nil:
		w.doc, err = w.Appeals.Sort(w.tx, w.doc, set)
		return err
	}
	d := *w.doc
	set(&d)
	if err := store.Documents.Replace(w.tx, w.doc, &d); err != nil {
		return err
	}
	w.doc = &d
	return w.Bus.Publish(w.tx, bus.DocumentUpdated, string(d.ID), bus.AboutDocument(&d))
}

// effect does one action, or notes why it cannot be done. The error is a reason
// to try the document again later.
func (w *work) effect(e *core.Effect, p routing.Planned, do func(*core.Rule, *core.Effect) (string, error), failed map[int]string) error {
	rule := &w.rules[p.Rule]
	*e = core.Effect{Rule: rule.ID, Title: rule.Title, Action: p.Action, Note: p.Note}
	if e.Note != "" {
		return nil
	}
	note, err := do(rule, e)
	if b, ok := errors.AsType[*broken](err); ok {
		failed[p.Rule], note, err = b.text, b.text, nil
	}
	e.Note, e.Done = note, note == "" && err == nil
	return err
}

// act does what goes beyond the document. A note tells why the document does not
// allow it.
func (w *work) act(rule *core.Rule, e *core.Effect) (note string, err error) {
	switch a := &e.Action; a.Do {
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

// change decides on a change of the document.
func (w *work) change(rule *core.Rule, e *core.Effect) (note string, err error) {
	if e.Action.Do != core.ActSetTerm {
		return w.changeAppeal(rule, e)
	}
	if note := over(w.doc); w.doc.Appeal != nil && note != "" {
		return note, nil
	}
	deadline, err := w.deadline(rule, *e.Action.Term)
	if err != nil {
		return "", asBroken(err)
	}
	w.sets = append(w.sets, func(d *core.Document) { d.SetDeadline(deadline) })
	return "", nil
}

// changeAppeal decides on what concerns the appeal.
func (w *work) changeAppeal(rule *core.Rule, e *core.Effect) (note string, err error) {
	if note := over(w.doc); note != "" {
		return note, nil
	}
	a := e.Action
	if err := w.known(&a); err != nil {
		return "", err
	}
	var set func(*core.Appeal)
	switch a.Do {
	case core.ActSetLine:
		set = func(appeal *core.Appeal) { appeal.Line = a.Line }
	case core.ActSetReason:
		set = func(appeal *core.Appeal) { appeal.Reason, appeal.ReasonGroup = a.Reason, a.ReasonGroup }
	case core.ActAddTags:
		set = func(appeal *core.Appeal) { appeal.Tags = append(slices.Clone(appeal.Tags), a.Tags...) }
	case core.ActSetOperator:
		operator, err := w.operator(rule.ID, &a)
		if err != nil {
			return "", err
		}
		e.Operator = operator
		set = func(appeal *core.Appeal) { appeal.Operator = operator }
	}
	w.asAppeal = true
	w.sets = append(w.sets, func(d *core.Document) { set(d.Appeal) })
	return "", nil
}

// over tells why a document cannot be worked on as an appeal; empty: it can.
func over(d *core.Document) string {
	switch {
	case d.Direction != core.Incoming:
		return "обращением бывает только входящий документ"
	case d.Appeal == nil && d.State == core.DocumentClosed, d.Appeal != nil && d.Appeal.State.Ended():
		return "работа уже завершена"
	case d.Appeal != nil && d.Appeal.MergedInto != "":
		return "обращение объединено с другим"
	}
	return ""
}

// known takes the rule for guilty of naming what was deleted since.
func (w *work) known(a *core.Action) error {
	n := &names{Service: w.Service, tx: w.tx}
	if err := n.entries("", a); err != nil {
		return err
	}
	if len(n.faults) > 0 {
		return &broken{"записи справочника, которую называет правило, больше нет"}
	}
	return nil
}

func (w *work) deadline(rule *core.Rule, term core.Term) (*core.Deadline, error) {
	return w.Calendar.Deadline(w.tx, w.doc.Organization, w.tx.Now(), term, "правило «"+rule.Title+"»")
}

func (w *work) createTask(rule *core.Rule, a *core.Action) error {
	task := Task{
		Document: w.doc.ID, Rule: rule.ID, Title: a.Title, Text: a.Text, Performer: a.Performer, Controller: a.Controller,
	}
	if a.Term != nil {
		var err error
		if task.Deadline, err = w.deadline(rule, *a.Term); err != nil {
			return asBroken(err)
		}
	}
	return asBroken(w.Tasks.Create(w.tx, task))
}

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
	if subject, err = w.fill(subject); err != nil {
		return "", err
	}
	if text, err = w.fill(text); err != nil {
		return "", err
	}
	err = w.Reply(w.tx, w.doc.ID, subject, text)
	if e, ok := errors.AsType[*core.Error](err); ok && refused(err) {
		return "ответ не отправлен: " + texts(e), nil
	}
	return "", err
}

// loop tells why an automatic answer could begin a loop.
func (w *work) loop() (note string, err error) {
	set, err := settings.AutorepliesOf(w.tx)
	if err != nil {
		return "", err
	}
	page, err := store.Documents.List(w.tx, store.Query[core.Document]{
		Where: []store.Term{
			{Index: "thread", Value: string(w.doc.Thread)},
			{Index: "mark", Value: string(core.MarkAutomatic)},
			{Index: "direction", Value: string(core.Outgoing)},
		},
		From: core.FirstID("doc", w.tx.Now().Add(-set.Pause())), Limit: 1,
	})
	if err != nil {
		return "", err
	}
	if len(page.Items) > 0 {
		return "в этой переписке автоответ за сутки уже был", nil
	}
	n, err := countOf(w.tx, w.doc, "sender_key", core.FirstID("doc", w.tx.Now().Add(-time.Hour)))
	if err == nil && n >= set.PerHour {
		note = "от этого отправителя слишком много документов за час"
	}
	return note, err
}

func (w *work) fill(text string) (string, error) {
	if w.Fill == nil {
		return text, nil
	}
	return w.Fill(w.tx, w.doc, text)
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
	err = w.Forward(w.tx, w.doc, to)
	if e, ok := errors.AsType[*core.Error](err); ok && e.Kind == core.KindConflict {
		return "не передано: " + texts(e), nil
	}
	return "", asBroken(err)
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
