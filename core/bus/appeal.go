package bus

import "github.com/uzel-hub/uzel/core"

// The topics of appeals. Each change of one is told here, and as
// document.updated as well: an appeal is a part of its document.
const (
	AppealOpened  Topic = "appeal.opened"  // AppealEvent: a document became an appeal
	AppealUpdated Topic = "appeal.updated" // AppealEvent
)

// AppealEvent tells that an appeal was opened or changed. Its key is the
// document.
type AppealEvent struct {
	Document core.DocumentID  `json:"document"`
	State    core.AppealState `json:"state"`
	Number   string           `json:"number,omitempty"`
	Line     core.EntryID     `json:"line,omitempty"`
	Operator core.UserID      `json:"operator,omitempty"`
	Channel  core.ChannelID   `json:"channel,omitempty"`
}

// AboutAppeal is the event of a document's appeal as it is now.
func AboutAppeal(d *core.Document) AppealEvent {
	ev := AppealEvent{
		Document: d.ID, State: d.Appeal.State, Line: d.Appeal.Line, Operator: d.Appeal.Operator, Channel: d.Channel,
	}
	if d.Number != nil {
		ev.Number = d.Number.Text
	}
	return ev
}
