package store

import (
	"cmp"
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// The whole schema. A new noun gets its table here; an index is added together
// with the list or the look-up that needs it.
var (
	Messages = Define("messages",
		Index[core.Message]{Name: "external", Unique: true, Keys: func(m *core.Message) []string {
			return []string{ExternalKey(m.Channel, m.ExternalID)}
		}},
	).WithoutHistory()

	Documents = Define("documents",
		Index[core.Document]{Name: "number", Unique: true, Keys: documentNumber},
		Index[core.Document]{Name: "direction", Keys: func(d *core.Document) []string { return []string{string(d.Direction)} }},
		Index[core.Document]{Name: "state", Keys: func(d *core.Document) []string { return []string{string(d.State)} }},
		Index[core.Document]{Name: "channel", Keys: func(d *core.Document) []string { return some(string(d.Channel)) }},
		Index[core.Document]{Name: "thread", Keys: func(d *core.Document) []string { return some(string(d.Thread)) }},
		Index[core.Document]{Name: "external", Keys: documentExternal},
		Index[core.Document]{Name: "external_thread", Keys: documentExternalThread},
		Index[core.Document]{Name: "text_number", Keys: documentTextNumber},
		Index[core.Document]{Name: "sender_key", Keys: func(d *core.Document) []string { return addressKeys(d.Sender.Addresses) }},
		Index[core.Document]{Name: "party", Keys: documentParties},
		Index[core.Document]{Name: "mark", Keys: documentMarks},
		Index[core.Document]{Name: "deadline", Keys: documentDeadline},
		Index[core.Document]{Name: "operator_open", Keys: documentOperatorOpen},
		Index[core.Document]{Name: "sender_open", Keys: documentSenderOpen},
		Index[core.Document]{Name: "appeal", Keys: appealFacets},
		Index[core.Document]{Name: "appeal_thread", Keys: appealThread},
		Index[core.Document]{Name: "appeal_due", Keys: appealDue},
		Index[core.Document]{Name: "appeal_planned", Keys: appealPlanned},
	)

	Deliveries = Define("deliveries",
		Index[core.Delivery]{Name: "document", Keys: func(d *core.Delivery) []string { return []string{string(d.Document)} }},
		Index[core.Delivery]{Name: "channel", Keys: func(d *core.Delivery) []string { return []string{string(d.Channel)} }},
		Index[core.Delivery]{Name: "state", Keys: func(d *core.Delivery) []string { return []string{string(d.State)} }},
		// queue is what a channel still has to do now, in order; due is what it has
		// to do later, by time. A delivery is in one of them at most.
		Index[core.Delivery]{Name: "queue", Keys: deliveryQueue},
		Index[core.Delivery]{Name: "due", Keys: deliveryDue},
		Index[core.Delivery]{Name: "external", Keys: func(d *core.Delivery) []string {
			if d.ExternalID == "" {
				return nil
			}
			return []string{ExternalKey(d.Channel, d.ExternalID)}
		}},
		Index[core.Delivery]{Name: "token", Keys: func(d *core.Delivery) []string {
			if d.Token == "" {
				return nil
			}
			return []string{ExternalKey(d.Channel, d.Token)}
		}},
	)

	Journals = Define("journals",
		Index[core.Journal]{Name: "direction", Keys: func(j *core.Journal) []string { return []string{string(j.Direction)} }},
	)
	Counters = Define[core.Counter]("counters").WithoutHistory()
	Channels = Define[core.Channel]("channels")
	Cursors  = Define[core.Cursor]("cursors").WithoutHistory()

	Users = Define("users",
		Index[core.User]{Name: "login", Unique: true, Keys: func(u *core.User) []string { return []string{u.Login} }},
		Index[core.User]{Name: "subject", Unique: true, Keys: func(u *core.User) []string { return some(u.Subject) }},
		Index[core.User]{Name: "extension", Unique: true, Keys: func(u *core.User) []string { return some(u.Extension) }},
		Index[core.User]{Name: "standing", Keys: func(u *core.User) []string { return []string{cmp.Or(string(u.State), string(core.UserActive))} }},
		Index[core.User]{Name: "role", Keys: func(u *core.User) []string { return texts(u.Roles) }},
		Index[core.User]{Name: "organization", Keys: func(u *core.User) []string { return texts(u.Organizations) }},
		Index[core.User]{Name: "line", Keys: func(u *core.User) []string { return texts(u.Lines) }},
	).Older(userWithoutState)
	Sessions = Define("sessions",
		Index[core.Session]{Name: "user", Keys: func(s *core.Session) []string { return []string{string(s.User)} }},
	).WithoutHistory()
	Tokens = Define("tokens",
		Index[core.Token]{Name: "hash", Unique: true, Keys: func(t *core.Token) []string { return []string{t.Hash} }},
		Index[core.Token]{Name: "user", Keys: func(t *core.Token) []string { return []string{string(t.User)} }},
	)

	Audit = Define("audit",
		// Who entered as another user is found too.
		Index[core.AuditEntry]{Name: "actor", Keys: func(e *core.AuditEntry) []string { return append([]string{e.Actor.ID}, some(e.Actor.Behind)...) }},
		Index[core.AuditEntry]{Name: "operation", Keys: func(e *core.AuditEntry) []string { return []string{e.Operation} }},
		Index[core.AuditEntry]{Name: "object", Keys: func(e *core.AuditEntry) []string { return some(e.Object) }},
		Index[core.AuditEntry]{Name: "outcome", Keys: func(e *core.AuditEntry) []string { return []string{e.Outcome} }},
		Index[core.AuditEntry]{Name: "request", Keys: func(e *core.AuditEntry) []string { return some(e.Request) }},
	).WithoutHistory()
	SavedAnswers = Define[core.SavedAnswer]("saved_answers").WithoutHistory()
)

// tables are all of them, for CheckTables.
func tables() []table {
	return []table{
		Messages, Documents, Deliveries, Parties, Journals, Counters,
		Channels, Cursors, Users, Sessions, Tokens, Audit, SavedAnswers,
		Filters,
		Entries,
		Tasks, TaskComments, Drafts, DraftVersions,
		Erasures,
		Calendars, CalendarYears, Jobs, JobStates, MassRuns, MassGroups,
		RuleSets, RuleHeads, Decisions, Turns,
		WorkClocks,
		Signatures,
		Settings,
	}
}

// ExternalKey is the value under which the indexes "external" and "token" hold
// an outside id of a channel: outside ids are unique within their channel only.
func ExternalKey(channel core.ChannelID, id string) string {
	return string(channel) + "\x1f" + id
}

// NumberKey is the value of the index "number".
func NumberKey(n core.RegNumber) string {
	return string(n.Journal) + "\x1f" + strconv.Itoa(n.Year) + "\x1f" + strconv.FormatUint(n.Seq, 10)
}

// QueueKey is the value of the index "queue" of a channel's deliveries in the
// state.
func QueueKey(channel core.ChannelID, state core.DeliveryState) string {
	return string(channel) + "\x1f" + string(state)
}

// DueKey is the value of the index "due"; values of one channel and state sort
// by time.
func DueKey(channel core.ChannelID, state core.DeliveryState, at time.Time) string {
	return QueueKey(channel, state) + "\x1f" + at.UTC().Format(dueLayout)
}

// dueLayout has a fixed width, so that text sorts as time does.
const dueLayout = "2006-01-02T15:04:05.000000000Z"

func documentNumber(d *core.Document) []string {
	if d.Number == nil {
		return nil
	}
	return []string{NumberKey(*d.Number)}
}

func documentTextNumber(d *core.Document) []string {
	if d.Number == nil {
		return nil
	}
	return []string{d.Number.Text}
}

func documentExternal(d *core.Document) []string {
	var out []string
	for _, id := range append([]string{d.ExternalID}, d.KnownAs...) {
		if id != "" {
			out = append(out, ExternalKey(d.Channel, id))
		}
	}
	return out
}

func documentExternalThread(d *core.Document) []string {
	if d.ExternalThread == "" {
		return nil
	}
	return []string{ExternalKey(d.Channel, d.ExternalThread)}
}

func documentMarks(d *core.Document) []string {
	out := make([]string, 0, len(d.Marks))
	for _, m := range d.Marks {
		out = append(out, string(m.Kind))
	}
	return out
}

func deliveryQueue(d *core.Delivery) []string {
	if d.NextAt != nil || !waiting(d.State) {
		return nil
	}
	return []string{QueueKey(d.Channel, d.State)}
}

func deliveryDue(d *core.Delivery) []string {
	if d.NextAt == nil || !waiting(d.State) {
		return nil
	}
	return []string{DueKey(d.Channel, d.State, *d.NextAt)}
}

// waiting tells that a delivery in the state still needs its channel.
func waiting(s core.DeliveryState) bool {
	switch s {
	case core.DeliveryQueued, core.DeliverySending, core.DeliverySubmitted, core.DeliveryUnknown:
		return true
	}
	return false
}

func addressKeys(addresses []core.Address) []string {
	out := make([]string, 0, len(addresses))
	for _, a := range addresses {
		out = append(out, a.Key())
	}
	return out
}

func texts[T ~string](values []T) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

func some(v string) []string {
	if v == "" {
		return nil
	}
	return []string{v}
}
