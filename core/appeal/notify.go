package appeal

import (
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// notify tells the applicant that d has ended, in the way d says: an operator
// calls, or a notice goes out. KindInvalid on notify with the reason if it
// cannot be done.
func (s *Service) notify(tx store.Tx, d *core.Document) error {
	way := d.Appeal.Notify
	kind, ok := reachedBy[way]
	if !ok {
		return nil
	}
	address, ok := addressOf(d.Appeal.Applicant, kind)
	if !ok {
		return cannot(noAddress[way])
	}
	if way == core.NotifyPhone {
		mark(d)
		return nil
	}
	ch, err := s.noticeChannel(tx, d, way, address)
	if err != nil {
		return err
	}
	to := d.Appeal.Applicant
	to.Addresses = []core.Address{address}
	return s.Outgoing.Notice(tx, d, ch, to, noticeText(d))
}

// reachedBy is the address each way needs.
var reachedBy = map[core.NotifyWay]core.AddressKind{
	core.NotifyPhone: core.AddressPhone,
	core.NotifySMS:   core.AddressPhone,
	core.NotifyEmail: core.AddressEmail,
	core.NotifyChat:  core.AddressChat,
}

var noAddress = map[core.NotifyWay]string{
	core.NotifyPhone: "у заявителя нет номера телефона",
	core.NotifySMS:   "у заявителя нет номера телефона",
	core.NotifyEmail: "у заявителя нет адреса электронной почты",
	core.NotifyChat:  "у заявителя нет чата",
}

var noChannel = map[core.NotifyWay]string{
	core.NotifySMS:   "нет канала, который отправляет уведомления по СМС",
	core.NotifyEmail: "нет канала, который отправляет уведомления по электронной почте",
	core.NotifyChat:  "канал чата не отправляет уведомления",
}

func cannot(text string) error { return core.Invalid("appeal.notify", "notify", text) }

func addressOf(c core.Correspondent, kind core.AddressKind) (core.Address, bool) {
	i := slices.IndexFunc(c.Addresses, func(a core.Address) bool { return a.Kind == kind })
	if i < 0 {
		return core.Address{}, false
	}
	return c.Addresses[i], true
}

// noticeChannel is the channel that can take the notice: for a chat the one the
// chat is in, otherwise one set up for it, best of the same organisation.
func (s *Service) noticeChannel(tx store.Tx, d *core.Document, way core.NotifyWay, to core.Address) (core.ChannelID, error) {
	if way == core.NotifyChat {
		id := to.Channel
		if id == "" {
			id = d.Channel
		}
		ch, err := store.Channels.Look(tx, string(id))
		if err == nil && s.gives(ch) {
			return ch.ID, nil
		}
		if unlessMissing(err) != nil {
			return "", err
		}
		return "", cannot(noChannel[way])
	}
	var found *core.Channel
	for ch, err := range store.Channels.All(tx) {
		if err != nil {
			return "", err
		}
		if !slices.Contains(ch.Notices, way) || !s.gives(ch) {
			continue
		}
		if found == nil || ch.Organization == d.Organization && found.Organization != d.Organization {
			found = ch
		}
	}
	if found == nil {
		return "", cannot(noChannel[way])
	}
	return found.ID, nil
}

// gives tells that the channel is there to send notices.
func (s *Service) gives(ch *core.Channel) bool {
	return ch.DeletedAt == nil && ch.Enabled && s.Carries(ch, core.PurposeNotice)
}

// noticeText is what the applicant reads.
func noticeText(d *core.Document) string {
	var out strings.Builder
	out.WriteString("Ваше обращение")
	if d.Number != nil {
		out.WriteString(" № " + d.Number.Text)
	}
	if d.Appeal.State == core.AppealRejected {
		out.WriteString(" отклонено.")
		if d.Appeal.RejectReason != "" {
			out.WriteString("\nПричина: " + d.Appeal.RejectReason)
		}
		return out.String()
	}
	out.WriteString(" закрыто.")
	if r := d.Appeal.Result; r != nil {
		out.WriteString("\nРезультат: " + r.Text)
		for _, work := range r.Works {
			out.WriteString("\n— " + work)
		}
	}
	return out.String()
}
