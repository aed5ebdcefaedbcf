// Package appeal works on appeals (обращения): the part a document has when a
// resident wrote it. It opens them, takes them through their states, counts the
// work on them, links them and tells the applicant and the channel they came
// through.
//
// Every operation runs in the caller's transaction and publishes its events
// there: appeal.opened or appeal.updated, and document.updated beside them.
package appeal

import (
	"reflect"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Outgoing takes to the outside what has to go there; outgoing.Service does.
type Outgoing interface {
	// Forward queues the document for the channels (передать в систему).
	Forward(tx store.Tx, d *core.Document, to []core.ChannelID) error
	// Report tells the channel the document came through about it.
	Report(tx store.Tx, d *core.Document, p core.Purpose) error
	// Notice sends the applicant a text of the hub's own through the channel.
	Notice(tx store.Tx, about *core.Document, channel core.ChannelID, to core.Correspondent, text string) error
	// Tell sends a user of the hub a text about the document through the channel.
	Tell(tx store.Tx, about *core.Document, channel core.ChannelID, to core.Correspondent, text string) error
}

// Directories are the reference lists an appeal refers to.
type Directories interface {
	// Has tells whether the directory has the entry.
	Has(tx store.Tx, directory core.DirectoryName, id core.EntryID) (bool, error)
	// CheckExtra tells what is wrong with the extra fields of a reason; the faults
	// name the field alone.
	CheckExtra(tx store.Tx, reason core.EntryID, extra map[string]string) ([]core.FieldFault, error)
	// Result is what a template of results says: its text and the list of works.
	Result(tx store.Tx, template core.EntryID) (text string, works []string, err error)
}

// Settings are the administrator's.
type Settings struct {
	// RejectReason makes it obligatory to say why an appeal is rejected.
	RejectReason bool
	// Idle is the longest silence of an operator that still counts as work.
	Idle time.Duration
}

// Service owns the appeals. It has no state of its own.
type Service struct {
	Bus      bus.Publisher
	Outgoing Outgoing
	// Carries tells whether the connector of the channel delivers for the purpose.
	// It must not wait for anything.
	Carries     func(ch *core.Channel, p core.Purpose) bool
	Directories Directories // nil: nothing is checked and templates are empty
	Sources     Sources     // nil: none is known, and reasons have no terms
	Calendar    Calendar    // needed with Sources
	// Fill puts what is known of a document in the place of the names in braces in
	// a template's text; nil: texts stay as they are.
	Fill     func(tx store.Tx, d *core.Document, text string) (string, error)
	Settings Settings
}

// Ref names an appeal by its document. With a Version the operation is refused
// with KindConflict if the document has another one; 0 is whichever it has.
type Ref struct {
	ID      core.DocumentID
	Version uint64
}

// maxLinked bounds the appeals related to one and those merged into one: what
// ends together ends in one transaction.
const maxLinked = 100

// read finds the appeal. KindNotFound if the document is none.
func read(tx store.Tx, ref Ref) (*core.Document, error) {
	d, err := store.Documents.Get(tx, string(ref.ID))
	if err != nil {
		return nil, err
	}
	if d.Appeal == nil {
		return nil, core.NotFound("appeals.not_found", "документ не является обращением")
	}
	if ref.Version != 0 && ref.Version != d.Version {
		return nil, stale(tx, d, ref.Version)
	}
	return d, nil
}

// own is a copy of which everything may be replaced; what lists, maps and
// further pointers hold is shared and must not be changed.
func own(d *core.Document) *core.Document {
	out, a := *d, *d.Appeal
	out.Appeal = &a
	return &out
}

// change reads the appeal, has it changed, and saves it if it then differs.
func (s *Service) change(tx store.Tx, ref Ref, do func(d *core.Document) error) (*core.Document, error) {
	old, err := read(tx, ref)
	if err != nil {
		return nil, err
	}
	return s.changed(tx, old, do)
}

// changed is change of an appeal that was read in tx.
func (s *Service) changed(tx store.Tx, old *core.Document, do func(d *core.Document) error) (*core.Document, error) {
	d := own(old)
	if err := do(d); err != nil {
		return nil, err
	}
	return d, s.save(tx, old, d)
}

// work is change of what must not be merged into another appeal: that is where
// the work goes on.
func (s *Service) work(tx store.Tx, ref Ref, do func(d *core.Document) error) (*core.Document, error) {
	return s.change(tx, ref, unmerged(do))
}

// open is work on what has not ended.
func (s *Service) open(tx store.Tx, ref Ref, do func(d *core.Document) error) (*core.Document, error) {
	return s.work(tx, ref, unended(do))
}

// unmerged is do for appeals that are not merged into another.
func unmerged(do func(*core.Document) error) func(*core.Document) error {
	return func(d *core.Document) error {
		if d.Appeal.MergedInto != "" {
			return core.Conflict("appeal.merged", "обращение объединено с другим: работа идёт там")
		}
		return do(d)
	}
}

// unended is do for appeals that have not ended.
func unended(do func(*core.Document) error) func(*core.Document) error {
	return func(d *core.Document) error {
		if d.Appeal.State.Ended() {
			return core.Conflict("appeal.ended", "обращение завершено: сначала откройте его снова")
		}
		return do(d)
	}
}

// save writes a changed appeal, tells about it and stops the clock of an
// operator who no longer has it.
func (s *Service) save(tx store.Tx, old, d *core.Document) error {
	if reflect.DeepEqual(old, d) {
		return nil
	}
	if d.Appeal.State != core.AppealWaiting {
		d.Appeal.PlannedAt = nil
	}
	if err := s.settleTerm(tx, old.Appeal, d); err != nil {
		return err
	}
	if err := s.stopClock(tx, old, d); err != nil {
		return err
	}
	if err := store.Documents.Replace(tx, old, d); err != nil {
		return err
	}
	if err := s.updated(tx, d); err != nil {
		return err
	}
	return s.tellOrigin(tx, old, d)
}

func (s *Service) updated(tx store.Tx, d *core.Document) error {
	if err := s.Bus.Publish(tx, bus.DocumentUpdated, string(d.ID), bus.AboutDocument(d)); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.AppealUpdated, string(d.ID), bus.AboutAppeal(d))
}

// tellOrigin has the channel the appeal came through hear who works on it and
// what became of it, as far as its connector carries that. An answer is told by
// being delivered, and machines are told nothing.
func (s *Service) tellOrigin(tx store.Tx, old, d *core.Document) error {
	if d.Channel == "" || automatic(d) {
		return nil
	}
	var purposes []core.Purpose
	if d.Appeal.Operator != old.Appeal.Operator && d.Appeal.Operator != "" {
		purposes = append(purposes, core.PurposePerformer)
	}
	if d.State != old.State && d.State != core.DocumentAnswered {
		purposes = append(purposes, core.PurposeStatus)
	}
	if len(purposes) == 0 {
		return nil
	}
	ch, err := store.Channels.Look(tx, string(d.Channel))
	if err != nil || ch.DeletedAt != nil {
		return unlessMissing(err)
	}
	for _, p := range purposes {
		if !s.Carries(ch, p) {
			continue
		}
		if err := s.Outgoing.Report(tx, d, p); err != nil {
			return err
		}
	}
	return nil
}

// automatic tells that a machine wrote the document.
func automatic(d *core.Document) bool {
	return slices.ContainsFunc(d.Marks, func(m core.Mark) bool {
		return m.Kind == core.MarkAutomatic || m.Kind == core.MarkBounce
	})
}

// unlessMissing drops the error that says there is no such record.
func unlessMissing(err error) error {
	if core.KindOf(err) == core.KindNotFound {
		return nil
	}
	return err
}

// userOf is the person who does it; empty for the hub, a channel or the command
// line.
func userOf(a core.Actor) core.UserID {
	if a.Kind != core.ActorUser {
		return ""
	}
	return core.UserID(a.ID)
}
