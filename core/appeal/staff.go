package appeal

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// Tell handles notice.raised: users who want such a notice by e-mail get it, by
// the channel that sends notices by e-mail. Without such a channel, or without an
// address, the desk's own page is all they hear it on. A notice about what is no
// document, or no longer one, goes by no e-mail.
func (s *Service) Tell(tx store.Tx, notice bus.NoticeEvent) error {
	if notice.Notice == "" || notice.Document == "" {
		return nil
	}
	if set, err := settings.NoticesOf(tx); err != nil || !set.Email {
		return err
	}
	about, err := store.Documents.Get(tx, string(notice.Document))
	if err != nil {
		return unlessMissing(err)
	}
	for _, id := range notice.Users {
		if err := s.tell(tx, about, id, notice); err != nil {
			return err
		}
	}
	return nil
}

// TellPerformer handles task.assigned: the performer hears of it by e-mail, if he
// wants to.
func (s *Service) TellPerformer(tx store.Tx, about bus.TaskEvent) error {
	if about.Performer == "" || about.Document == "" {
		return nil
	}
	t, err := store.Tasks.Get(tx, string(about.Task))
	if err != nil {
		return unlessMissing(err)
	}
	if t.Performer != about.Performer || t.Author == t.Performer {
		return nil // given on since, or his own
	}
	return s.Tell(tx, bus.NoticeEvent{
		Users: []core.UserID{t.Performer}, Document: t.Document, Task: t.ID, Notice: core.NoticeAssigned, Text: "Вам поручено: «" + t.Title + "»",
	})
}

func (s *Service) tell(tx store.Tx, about *core.Document, id core.UserID, notice bus.NoticeEvent) error {
	u, err := store.Users.Look(tx, string(id))
	if err != nil {
		return unlessMissing(err)
	}
	if u.Email == "" || u.DeletedAt != nil || !u.MayEnter() || !u.Notify.ByEmail(notice.Notice) {
		return nil
	}
	to := core.Address{Kind: core.AddressEmail, Value: u.Email}
	channel, err := s.noticeChannel(tx, about, core.NotifyEmail, to)
	if core.KindOf(err) == core.KindInvalid {
		return nil // nothing sends e-mail here
	}
	if err != nil {
		return err
	}
	return s.Outgoing.Tell(tx, about, channel, core.Correspondent{Name: u.Name, Addresses: []core.Address{to}}, notice.Text)
}
