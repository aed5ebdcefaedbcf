package core

import (
	"encoding/json"
	"fmt"
	"time"
)

// MassID begins with `mas_`.
type MassID string

// MassState is where a mass operation is in its life.
type MassState string

const (
	MassRunning   MassState = "running"   // documents are being chosen and worked
	MassDone      MassState = "done"      // every document has been tried
	MassCancelled MassState = "cancelled" // a person stopped it; what was done stays done
	MassUndoing   MassState = "undoing"
	MassUndone    MassState = "undone" // every document that was done has been tried to be put back
)

// MassRun (массовая операция) is one operation over many documents.
type MassRun struct {
	Meta
	ID        MassID          `json:"id"`
	Operation string          `json:"operation"`
	Title     string          `json:"title"`
	Args      json.RawMessage `json:"args,omitempty"`
	Filter    *MassFilter     `json:"filter,omitempty"` // nil: the documents were named
	By        Actor           `json:"by"`
	UndoneBy  *Actor          `json:"undone_by,omitempty"` // who had it undone
	State     MassState       `json:"state"`
	// CancelAsked stops it after the group being worked.
	CancelAsked bool `json:"cancel_asked,omitempty"`

	Total  int `json:"total"` // documents chosen so far; all of them once Chosen
	Done   int `json:"done"`
	Failed int `json:"failed"`
	Undone int `json:"undone"`
	// Chosen tells that Total will not grow any more.
	Chosen   bool       `json:"chosen"`
	Undoable bool       `json:"undoable"`
	EndedAt  *time.Time `json:"ended_at,omitempty"`

	// After, Groups and Next are how far it has come: the mark of the list of
	// documents, the groups there are, and the group to be worked next.
	After  string `json:"after,omitempty"`
	Groups int    `json:"groups"`
	Next   int    `json:"next"`
}

// RecordKey implements Record.
func (r *MassRun) RecordKey() string { return string(r.ID) }

// Active tells that there is work to do.
func (r *MassRun) Active() bool { return r.State == MassRunning || r.State == MassUndoing }

// MassFilter chooses documents; all that is given must hold. Documents that
// were registered after the run began are not chosen.
type MassFilter struct {
	Direction   Direction     `json:"direction,omitempty"`
	State       DocumentState `json:"state,omitempty"`
	Channel     ChannelID     `json:"channel,omitempty"`
	Thread      ThreadID      `json:"thread,omitempty"`
	From        Date          `json:"from,omitempty"` // registered on this day or later
	To          Date          `json:"to,omitempty"`   // on this day or earlier
	AppealState AppealState   `json:"appeal_state,omitempty"`
	Line        EntryID       `json:"line,omitempty"`
	Operator    UserID        `json:"operator,omitempty"`
	ReasonGroup EntryID       `json:"reason_group,omitempty"`
	Reason      EntryID       `json:"reason,omitempty"`
	Source      EntryID       `json:"source,omitempty"`
	Tag         EntryID       `json:"tag,omitempty"`
	View        string        `json:"view,omitempty"` // of appeals: all, open, not_in_work
	Mark        MarkKind      `json:"mark,omitempty"`
}

// MassOutcome is what became of one document.
type MassOutcome string

const (
	MassItemWaiting MassOutcome = "waiting"
	MassItemDone    MassOutcome = "done"
	MassItemFailed  MassOutcome = "failed" // refused; Code and Text say why
	MassItemUndone  MassOutcome = "undone"
	MassItemStuck   MassOutcome = "stuck" // done, and could not be put back
)

// MassItem is one document of a mass operation.
type MassItem struct {
	Document DocumentID  `json:"document"`
	Outcome  MassOutcome `json:"outcome"`
	Code     string      `json:"code,omitempty"`
	Text     string      `json:"text,omitempty"`
	// Saved is what the operation needs to be undone.
	Saved json.RawMessage `json:"saved,omitempty"`
}

// MassGroup is what is worked in one transaction, and what became of it.
type MassGroup struct {
	Meta
	Run   MassID     `json:"run"`
	Index int        `json:"index"`
	Items []MassItem `json:"items"`
}

// RecordKey implements Record.
func (g *MassGroup) RecordKey() string { return MassGroupKey(g.Run, g.Index) }

// MassGroupKey sorts the groups of a run by their number.
func MassGroupKey(run MassID, index int) string { return fmt.Sprintf("%s/%08d", run, index) }
