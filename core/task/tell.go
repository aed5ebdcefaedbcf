package task

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// tell has the user hear what became of the task, unless it is his own doing.
func (s *Service) tell(tx store.Tx, by core.Acting, t *core.Task, user core.UserID, text string) error {
	if user == "" || user == by.User {
		return nil
	}
	return s.Bus.Publish(tx, bus.NoticeRaised, string(t.ID), bus.NoticeEvent{
		Users: []core.UserID{user}, Document: t.Document, Organization: t.Organization, Task: t.ID,
		Text: text, Notice: core.NoticeControl,
	})
}
