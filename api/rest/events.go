package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// topicRights is what it takes to follow each topic.
var topicRights = map[bus.Topic]access.Operation{
	bus.MessageReceived:    access.ReadDocuments,
	bus.DocumentRegistered: access.ReadDocuments,
	bus.DocumentUpdated:    access.ReadDocuments,
	bus.AppealOpened:       access.ReadAppeals,
	bus.AppealUpdated:      access.ReadAppeals,
	bus.DeliveryRequested:  access.ReadDeliveries,
	bus.DeliveryUpdated:    access.ReadDeliveries,
	bus.ChannelUpdated:     access.ReadChannels,
	bus.ChannelStatus:      access.ReadChannels,

	bus.DeadlineWarned: access.ReadDocuments,
	bus.DeadlineBroken: access.ReadDocuments,
	bus.MassUpdated:    access.ReadDocuments,
	bus.JobUpdated:     access.ReadJobs,
	bus.RulesUpdated:   access.ReadRules,
	bus.RuleFailed:     access.ReadRules,
	bus.NoticeRaised:   access.ReadDocuments,
	bus.TaskAssigned:   access.ReadTasks,
	bus.TaskUpdated:    access.ReadTasks,
	bus.DraftUpdated:   access.ReadDrafts,

	bus.SignatureUpdated: access.ReadDocuments,
}

// streamEvents sends what happens as server-sent events (the HTML standard,
// section 9.2).
func (s *Server) streamEvents(c *call) (answer, error) {
	topics, err := c.topics()
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.streamContext(c)
	defer cancel()
	tail, err := s.Events.Tail(ctx, topics, c.r.Header.Get("Last-Event-ID"))
	if err != nil {
		return answer{}, err
	}
	defer tail.Close()
	out := newEventStream(c.w)
	// The position at once: whoever loses the line before the first event must
	// not miss it.
	if out.send(message{id: tail.Position(), event: "ready", data: struct{}{}}) == nil {
		s.follow(ctx, c, tail, out)
	}
	return answer{}, nil
}

// topics are those asked for, or all, as far as the caller may read them.
func (c *call) topics() ([]bus.Topic, error) {
	q := c.query()
	asked := q.text("topics")
	all := sortedTopics()
	wanted := all
	if asked != "" {
		wanted = nil
		for name := range strings.SplitSeq(asked, ",") {
			wanted = append(wanted, bus.Topic(name))
			if !slices.Contains(all, bus.Topic(name)) {
				q.faults.add("topics", textChoice)
			}
		}
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(wanted, func(t bus.Topic) bool { return !c.who.Can(topicRights[t]) }), nil
}

func sortedTopics() []bus.Topic {
	out := make([]bus.Topic, 0, len(topicRights))
	for t := range topicRights {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

// streamContext ends with the request and with the server.
func (s *Server) streamContext(c *call) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(c.ctx())
	stop := context.AfterFunc(s.quit, cancel)
	s.Metrics.streams.Inc()
	return ctx, func() {
		stop()
		cancel()
		s.Metrics.streams.Dec()
	}
}

// follow ends when the reader goes, the server stops, or the reader may no
// longer read.
func (s *Server) follow(ctx context.Context, c *call, tail *bus.Tail, out *eventStream) {
	for {
		wait, cancel := context.WithTimeout(ctx, s.Heartbeat)
		item, err := tail.Next(wait)
		cancel()
		switch {
		case err == nil:
			err = s.sendItem(c, item, out)
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			err = s.beat(ctx, c, out)
		}
		if err != nil {
			return
		}
	}
}

func (s *Server) sendItem(c *call, item bus.Item, out *eventStream) error {
	switch {
	case item.Reload:
		return out.send(message{id: item.Position, event: "reset", data: struct{}{}})
	case !c.who.Can(topicRights[item.Event.Topic]):
		return nil
	}
	if seen, err := s.seesEvent(c, item.Event); !seen || err != nil {
		return err
	}
	return out.send(message{id: item.Position, event: string(item.Event.Topic), data: item.Event})
}

// seesEvent tells whether the event is about something the caller sees. Who is
// limited hears of a message when it has become a document.
func (s *Server) seesEvent(c *call, ev bus.Event) (seen bool, err error) {
	if ev.Topic == bus.NoticeRaised {
		return c.hears(ev)
	}
	scope := c.who.Scope()
	switch topicRights[ev.Topic] {
	case access.ReadChannels, access.ReadJobs: // are nobody's rows
		return true, nil
	}
	if scope.Everything() || ev.Topic == bus.RulesUpdated {
		return true, nil
	}
	var about subject
	if err := ev.Decode(&about); err != nil {
		return false, err
	}
	err = s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		seen, err = about.seen(tx, scope)
		return err
	})
	if core.KindOf(err) == core.KindNotFound {
		return false, nil
	}
	return seen, err
}

// hears tells whether a notice is to the caller, and wanted on the desk.
func (c *call) hears(ev bus.Event) (bool, error) {
	var notice bus.NoticeEvent
	if err := ev.Decode(&notice); err != nil {
		return false, err
	}
	return slices.Contains(notice.Users, c.who.User.ID) && c.who.User.Notify.OnDesk(notice.Notice), nil
}

// subject is what the events of all topics say of what they are about.
type subject struct {
	Document string `json:"document"`
	Task     string `json:"task"`
	Draft    string `json:"draft"`
	Run      string `json:"run"`
	Kind     string `json:"kind"` // of ID, in events about deadlines
	ID       string `json:"id"`
}

// seen tells whether the subject is within the limits; what cannot be told is
// not. KindNotFound for one that is no more.
func (s subject) seen(tx store.Tx, scope access.Scope) (bool, error) {
	switch {
	case s.Task != "":
		t, err := store.Tasks.GetAny(tx, s.Task)
		return err == nil && scope.Task(tx, t), err
	case s.Draft != "":
		d, err := store.Drafts.GetAny(tx, s.Draft)
		return err == nil && scope.Draft(tx, d), err
	case s.Run != "":
		r, err := store.MassRuns.GetAny(tx, s.Run)
		return err == nil && scope.Run(r), err
	case s.ID != "" && s.Kind == "document":
		s.Document = s.ID
	case s.ID != "" && s.Kind == "task":
		return subject{Task: s.ID}.seen(tx, scope)
	}
	if s.Document == "" {
		return false, nil
	}
	_, err := scope.Read(tx, s.Document)
	return err == nil, err
}

// beat shows that the line is alive, and looks who is at its end.
func (s *Server) beat(ctx context.Context, c *call, out *eventStream) (err error) {
	if c.who, err = s.Access.Again(ctx, c.who); err != nil {
		return err
	}
	return out.comment("alive")
}

// message is one server-sent event.
type message struct {
	id    string
	event string
	data  any
}

// eventStream writes server-sent events, each at once.
type eventStream struct {
	w     patientWriter
	flush func() error
}

func newEventStream(w *recorder) *eventStream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would keep the events back
	out := &eventStream{w: newPatientWriter(w)}
	out.flush = out.w.control.Flush
	return out
}

func (s *eventStream) send(m message) error {
	raw, err := json.Marshal(m.data) // one line: JSON has no raw line breaks
	if err != nil {
		return err
	}
	var b strings.Builder
	if m.id != "" {
		fmt.Fprintf(&b, "id: %s\n", m.id)
	}
	if m.event != "" {
		fmt.Fprintf(&b, "event: %s\n", m.event)
	}
	fmt.Fprintf(&b, "data: %s\n\n", raw)
	return s.write(b.String())
}

func (s *eventStream) comment(text string) error { return s.write(": " + text + "\n\n") }

func (s *eventStream) write(text string) error {
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return s.flush()
}

var _ http.ResponseWriter = patientWriter{}
