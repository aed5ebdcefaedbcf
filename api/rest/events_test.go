package rest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/bus"
)

// stream is an open stream of server-sent events.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

// sent is one event as it came.
type sent struct{ id, event, data string }

func (c *client) stream(query, lastID string) *stream {
	c.hub.t.Helper()
	ctx, cancel := context.WithCancel(c.hub.t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", c.hub.url+query, nil)
	if err != nil {
		c.hub.t.Fatal(err)
	}
	req.Header = c.header.Clone()
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.hub.t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		c.hub.t.Fatalf("%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	s := &stream{t: c.hub.t, lines: bufio.NewScanner(resp.Body), close: func() { cancel(); resp.Body.Close() }}
	c.hub.t.Cleanup(s.close)
	return s
}

// next waits for the next event; ok is false at the end of the stream.
func (s *stream) next() (e sent, ok bool) {
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			e.data = value
		case "":
			if value == "" && e.event != "" {
				return e, true
			}
		}
	}
	return e, false
}

func (s *stream) want(event string) sent {
	s.t.Helper()
	e, ok := s.next()
	if !ok || e.event != event {
		s.t.Fatalf("event %+v, want %s", e, event)
	}
	return e
}

func register(c *client, subject string) core.Document {
	c.hub.t.Helper()
	return read[core.Document](c.post("/api/v1/documents", map[string]any{"direction": "incoming", "subject": subject}).want(201))
}

func TestEventsComeAsTheyHappen(t *testing.T) {
	c := newHub(t).clerk()
	s := c.stream("/api/v1/events", "")
	s.want("ready")
	d := register(c, "Протечка")
	e := s.want("document.registered")
	var ev bus.Event
	if err := json.Unmarshal([]byte(e.data), &ev); err != nil {
		t.Fatal(err)
	}
	if ev.Key != string(d.ID) || ev.Actor.Name != "Мария Петрова" || len(ev.Correlation) != 16 {
		t.Fatalf("%+v", ev)
	}
	if strings.Contains(e.data, "Протечка") {
		t.Fatal("an event carries the text of a letter")
	}
	c.with("If-Match", `"1"`).patch(path(&d), `{"state":"in_work"}`).want(200)
	s.want("document.updated")
}

func TestMissedEventsComeFirstAfterABrokenLine(t *testing.T) {
	c := newHub(t).clerk()
	s := c.stream("/api/v1/events", "")
	s.want("ready")
	register(c, "первое")
	last := s.want("document.registered").id
	s.close()
	second, third := register(c, "второе"), register(c, "третье")
	s = c.stream("/api/v1/events", last)
	s.want("ready")
	for _, d := range []core.Document{second, third} {
		if e := s.want("document.registered"); !strings.Contains(e.data, string(d.ID)) {
			t.Fatalf("%+v", e)
		}
	}
}

func TestNothingIsMissedBetweenTheConnectionAndTheFirstEvent(t *testing.T) {
	c := newHub(t).clerk()
	s := c.stream("/api/v1/events", "")
	first := s.want("ready").id
	s.close()
	register(c, "первое")
	s = c.stream("/api/v1/events", first)
	s.want("ready")
	s.want("document.registered")
}

func TestDamagedPositionTellsToReadTheListsAgain(t *testing.T) {
	c := newHub(t).clerk()
	s := c.stream("/api/v1/events", "nonsense")
	s.want("ready")
	s.want("reset")
}

func TestEventsAreThoseTheCallerMayRead(t *testing.T) {
	h := newHub(t)
	h.mailbox()
	c := h.clerk()
	made := read[rest.NewToken](c.post("/api/v1/tokens", rest.TokenInput{Title: "1С", Scopes: []access.Operation{access.ReadDeliveries}}).want(201))
	token := h.anonymous().with("Authorization", "Bearer "+made.Secret)
	s := token.stream("/api/v1/events", "")
	s.want("ready")
	d := h.letter("Протечка", "ivan@example.org")
	c.post(path(d, "reply"), map[string]any{"text": "Чиним."}).want(201)
	s.want("delivery.requested") // neither document.registered nor document.updated
}

func TestTopicsAreChosen(t *testing.T) {
	h := newHub(t)
	h.mailbox()
	c := h.clerk()
	s := c.stream("/api/v1/events?topics=delivery.requested,delivery.updated", "")
	s.want("ready")
	d := h.letter("Протечка", "ivan@example.org")
	dlv := read[rest.Replied](c.post(path(d, "reply"), map[string]any{"text": "Чиним."}).want(201)).Delivery
	s.want("delivery.requested")
	c.post("/api/v1/deliveries/"+string(dlv.ID)+"/cancel", nil).want(200)
	s.want("delivery.updated")
	c.get("/api/v1/events?topics=gossip").problem(400, "request.query")
}

func TestQuietStreamShowsThatItIsAlive(t *testing.T) {
	h := newHub(t, func(c *rest.Config) { c.Heartbeat = 5 * time.Millisecond })
	s := h.clerk().stream("/api/v1/events", "")
	for s.lines.Scan() {
		if s.lines.Text() == ": alive" {
			return
		}
	}
	t.Fatal("the stream ended")
}

func TestStreamEndsWithTheSession(t *testing.T) {
	h := newHub(t, func(c *rest.Config) { c.Heartbeat = 5 * time.Millisecond })
	for name, end := range map[string]func(c *client){
		"signed out": func(c *client) { c.delete("/api/v1/session").want(204) },
		"expired":    func(*client) { h.pass(13 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			h.in(t)
			c := h.as(strings.ReplaceAll(name, " ", "-"), core.RoleClerk)
			s := c.stream("/api/v1/events", "")
			s.want("ready")
			end(c)
			if e, ok := s.next(); ok {
				t.Fatalf("%+v after the end", e)
			}
		})
	}
}

func TestLiveStreamsHaveNoHead(t *testing.T) {
	newHub(t).clerk().send("HEAD", "/api/v1/events", "", nil).want(405)
}

func TestStreamsEndWithTheServer(t *testing.T) {
	h := newHub(t)
	s := h.clerk().stream("/api/v1/events", "")
	s.want("ready")
	h.server.Close()
	if e, ok := s.next(); ok {
		t.Fatalf("%+v after the end", e)
	}
}
