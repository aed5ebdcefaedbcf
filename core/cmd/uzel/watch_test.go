package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// watcher follows the hub's events as a browser does: after a broken line it
// goes on behind the last event it has seen.
type watcher struct {
	hub  *hub
	stop context.CancelFunc
	done chan struct{}

	mu     sync.Mutex
	states map[string][]string // by document or delivery, in the order of the events
}

// watch follows the topics from their beginning on.
func watch(h *hub, topics ...string) *watcher {
	ctx, cancel := context.WithCancel(h.Context())
	w := &watcher{hub: h, stop: cancel, done: make(chan struct{}), states: map[string][]string{}}
	h.Cleanup(w.end)
	go w.follow(ctx, topics, strings.Join(topics, "=0,")+"=0")
	return w
}

func (w *watcher) end() {
	w.stop()
	<-w.done
}

// of are the states an object went through, as the events say.
func (w *watcher) of(id string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.states[id])
}

func (w *watcher) follow(ctx context.Context, topics []string, last string) {
	defer close(w.done)
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://hub/api/v1/events?topics="+strings.Join(topics, ","), nil)
		if err != nil {
			w.hub.Error(err)
			return
		}
		req.Header.Set("Last-Event-ID", last)
		if res, err := w.hub.client.Do(req); err == nil {
			last = w.read(bufio.NewScanner(res.Body), last)
			_ = res.Body.Close() // only read
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond): // the hub was killed
		}
	}
}

// read takes events until the line breaks and gives the id of the last whole one.
func (w *watcher) read(lines *bufio.Scanner, last string) string {
	var id, event, data string
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name { // a comment has none
		case "id":
			id = value
		case "event":
			event = value
		case "data":
			data = value
		}
		if lines.Text() == "" && event != "" {
			w.note(event, data)
			last, event = id, ""
		}
	}
	return last
}

func (w *watcher) note(event, data string) {
	var e struct {
		Payload struct{ Document, Delivery, State string }
	}
	switch {
	case event == "ready":
		return
	case event == "reset":
		w.hub.Error("events were missed")
		return
	}
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		w.hub.Errorf("event %s: %v", data, err)
		return
	}
	key := e.Payload.Delivery
	if key == "" {
		key = e.Payload.Document
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states[key] = append(w.states[key], e.Payload.State)
}
