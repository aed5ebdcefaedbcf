package app

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/approval"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/execution"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/task"
)

// The desk: appeals, tasks, drafts and rules know each other, the directories
// and the calendars by the small interfaces they declare; here they meet.

// openDesk joins what people and rules work with. Directories and catalog are
// open.
func (a *App) openDesk() {
	lists := Lists{a.Directories}
	a.Appeals = &appeal.Service{
		Bus: a.Bus, Outgoing: a.Outgoing, Carries: a.carries,
		Directories: lists, Sources: lists, Calendar: schedule.Offices{}, Fill: a.Directories.Fill,
	}
	a.Outgoing.Answered = a.Appeals.Answered
	a.Tasks = &task.Service{Bus: a.Bus, Origin: a.Outgoing, Calendar: schedule.Offices{}}
	a.Drafts = &approval.Service{Bus: a.Bus, Tasks: a.Tasks, Outbox: a.Outgoing}
	a.Rules = &execution.Service{
		Store: a.Store, Bus: a.Bus, Forward: a.forwardByRule, Reply: a.replyByRule, Appeals: a.Appeals, Calendar: schedule.Offices{},
		Fill: a.Directories.Fill, Tasks: ruleTasks{a.Tasks}, Templates: lists, Entries: lists.Has,
	}
}

// replyByRule answers for a rule.
func (a *App) replyByRule(tx store.Tx, to core.DocumentID, subject, text string) error {
	_, _, err := a.Outgoing.Reply(tx, to, outgoing.Reply{Subject: subject, Text: text, Automatic: true})
	return err
}

// forwardByRule forwards an appeal as its operator would; any other document
// just goes to the channels.
func (a *App) forwardByRule(tx store.Tx, d *core.Document, to []core.ChannelID) error {
	if d.Appeal == nil {
		return a.Outgoing.Forward(tx, d, to)
	}
	_, err := a.Appeals.Forward(tx, appeal.Ref{ID: d.ID}, to)
	return err
}

// ruleTasks makes the tasks that rules want. Nobody accepts one without a
// controller: a rule cannot.
type ruleTasks struct{ tasks *task.Service }

// Create implements execution.Tasks.
func (r ruleTasks) Create(tx store.Tx, t execution.Task) error {
	kind := core.TaskPlain
	if t.Controller != "" {
		kind = core.TaskAssignment
	}
	_, err := r.tasks.Create(tx, core.Acting{Supervisor: true}, task.New{
		Kind: kind, Title: t.Title, Text: t.Text, Document: t.Document, Performer: t.Performer, Controller: t.Controller, Deadline: t.Deadline,
	})
	return err
}

// Lists are the directories as appeals and rules need them.
type Lists struct{ Directories *directory.Service }

var (
	_ appeal.Directories  = Lists{}
	_ appeal.Sources      = Lists{}
	_ execution.Templates = Lists{}
)

// Has implements appeal.Directories. An entry that is not active any more is
// none.
func (l Lists) Has(tx store.Tx, name core.DirectoryName, id core.EntryID) (bool, error) {
	e, err := l.Directories.Get(tx, name, id)
	if core.KindOf(err) == core.KindNotFound {
		return false, nil
	}
	return err == nil && directory.Active(e), err
}

// Result implements appeal.Directories.
func (l Lists) Result(tx store.Tx, template core.EntryID) (text string, works []string, err error) {
	e, err := l.Directories.Get(tx, core.DirResultTemplates, template)
	if err != nil {
		return "", nil, err
	}
	return e.Text("text"), directory.TextsOf(e, "works"), nil
}

// Template implements execution.Templates.
func (l Lists) Template(tx store.Tx, id core.EntryID) (subject, text string, err error) {
	e, err := l.Directories.Get(tx, core.DirMessageTemplates, id)
	if err != nil {
		return "", "", err
	}
	return e.Text("subject"), e.Text("text"), nil
}

// SourceOf implements appeal.Sources: the source that has the name of the
// channel's connector for its code, or else that of chats.
func (l Lists) SourceOf(tx store.Tx, ch *core.Channel, kind core.MessageKind) (core.EntryID, error) {
	codes := []string{ch.Plugin}
	if kind == core.MessageChat {
		codes = append(codes, directory.SourceChat)
	}
	for _, code := range codes {
		e, err := l.Directories.Find(tx, core.DirSources, "code", code)
		if err == nil && directory.Active(e) {
			return e.ID, nil
		}
		if err != nil && core.KindOf(err) != core.KindNotFound {
			return "", err
		}
	}
	return "", nil
}

// Plannable implements appeal.Sources. What a source that was deleted since says
// still counts.
func (l Lists) Plannable(tx store.Tx, source core.EntryID) (bool, error) {
	e, err := l.Directories.GetAny(tx, core.DirSources, source)
	return err == nil && e.Values["planned"] == true, err
}

// Term implements appeal.Sources: the reason's hours for the source, round the
// clock, or else its term.
func (l Lists) Term(tx store.Tx, reason, source core.EntryID) (*core.Term, string, error) {
	if reason == "" {
		return nil, "", nil
	}
	e, err := l.Directories.GetAny(tx, core.DirReasons, reason)
	if err != nil {
		return nil, "", err
	}
	basis := "причина «" + e.Text("title") + "»"
	if hours := directory.HoursOf(e, "hours_by_source", source); hours > 0 {
		return &core.Term{Kind: core.TermHours, Amount: hours}, basis, nil
	}
	term := directory.TermOf(e, "term")
	if term == nil || term.Kind == core.TermOutside {
		return nil, "", nil // the outside system says it with each appeal
	}
	return term, basis, nil
}

// CheckExtra implements appeal.Directories.
func (l Lists) CheckExtra(tx store.Tx, reason core.EntryID, extra map[string]string) ([]core.FieldFault, error) {
	return l.Directories.CheckExtra(tx, reason, extra)
}
