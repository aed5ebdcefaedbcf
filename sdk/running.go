package sdk

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// running is one configured channel and all that is under way on it. It is
// retired once: receivers are told to end, the rest may finish, then everything
// is cancelled and the channel closed.
type running struct {
	Channel
	Env Env
	end context.CancelFunc // ends the context New got

	mu      sync.Mutex
	users   sync.WaitGroup
	why     error // why it is retired; nil while it is not
	soft    map[int]context.CancelCauseFunc
	hard    map[int]context.CancelCauseFunc
	next    int
	retired bool // the time to finish is over
}

func newRunning(env Env, end context.CancelFunc) *running {
	return &running{Env: env, end: end, soft: map[int]context.CancelCauseFunc{}, hard: map[int]context.CancelCauseFunc{}}
}

func (r *running) enter() { r.users.Add(1) }
func (r *running) leave() { r.users.Done() }

// receive derives a context that ends as soon as the channel is to be retired.
func (r *running) receive(ctx context.Context) (context.Context, func()) {
	return r.derive(ctx, r.soft, func() bool { return r.why != nil })
}

// work derives a context that ends when the time to finish is over.
func (r *running) work(ctx context.Context) (context.Context, func()) {
	return r.derive(ctx, r.hard, func() bool { return r.retired })
}

func (r *running) derive(ctx context.Context, set map[int]context.CancelCauseFunc, over func() bool) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if over() {
		cancel(r.why)
		return ctx, func() {}
	}
	id := r.next
	r.next++
	set[id] = cancel
	return ctx, func() {
		r.mu.Lock()
		delete(set, id)
		r.mu.Unlock()
		cancel(nil)
	}
}

// reason is why the channel is being retired, nil if it is not.
func (r *running) reason() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.why
}

// retire ends the channel; it returns when it is closed. Author's code that
// heeds no context is left behind after twice the grace, with a line in the log.
func (r *running) retire(why error, grace time.Duration, log hclog.Logger) {
	r.mu.Lock()
	r.why = why
	cancelAll(r.soft, why)
	r.mu.Unlock()

	idle := make(chan struct{})
	go func() { r.users.Wait(); close(idle) }()
	if !within(idle, grace) {
		log.Warn("work was cut off", "after", grace)
	}
	r.mu.Lock()
	r.retired = true
	cancelAll(r.hard, why)
	r.mu.Unlock()
	if !within(idle, closeTime) {
		log.Error("connector code does not end when its context does")
	}
	r.end()
	r.close(log)
}

func cancelAll(set map[int]context.CancelCauseFunc, why error) {
	for _, cancel := range set {
		cancel(why)
	}
}

func (r *running) close(log hclog.Logger) {
	closer, ok := r.Channel.(Closer)
	if !ok {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				log.Error("connector code panicked", "in", "Close", "panic", p)
			}
		}()
		if err := closer.Close(); err != nil {
			log.Warn("closing the channel", "error", err)
		}
	}()
	if !within(done, closeTime) {
		log.Error("closing the channel takes too long")
	}
}

// within tells whether done was closed in time.
func within(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
}
