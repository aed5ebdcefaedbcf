package sdk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// The window of a hub that names none.
const (
	defaultWindow      = 16
	defaultWindowBytes = 8 << 20
)

// emitter hands messages to the hub over one stream. Whoever has the turn sends
// its message whole; answers come in from another goroutine through ack.
type emitter struct {
	put         func(*pluginv1.MessageFrame) error
	kinds       map[Kind]bool
	window      int
	windowBytes int64
	stopping    <-chan struct{} // the receiver is asked to end

	turn   chan struct{} // held by the one that sends; waiters are served in order
	writer plugin.Writer

	mu      sync.Mutex
	changed sync.Cond
	queue   []*handed // unanswered, by ascending number
	open    int       // of them, those that count for the window
	bytes   int64
	seq     uint64 // last number given
	sent    uint64 // last number handed over whole
	refused []*PostError
	gone    error
	lost    chan struct{} // closed when gone is set
}

// handed is one message on its way to the hub's disk.
type handed struct {
	seq     uint64
	size    int64
	id      string
	settled bool
	answer  chan error // nil: posted, nobody waits
}

func newEmitter(kinds map[Kind]bool, window int, windowBytes int64, put func(*pluginv1.MessageFrame) error) *emitter {
	if window <= 0 {
		window = defaultWindow
	}
	if windowBytes <= 0 {
		windowBytes = defaultWindowBytes
	}
	e := &emitter{
		put: put, kinds: kinds, window: window, windowBytes: windowBytes,
		turn: make(chan struct{}, 1), lost: make(chan struct{}),
	}
	e.changed.L = &e.mu
	return e
}

var _ Emitter = (*emitter)(nil)

// Emit hands over and waits for the hub's answer.
func (e *emitter) Emit(ctx context.Context, m Message, next Cursor) error {
	h := &handed{id: m.ExternalID, answer: make(chan error, 1)}
	if err := e.message(ctx, &m, next, h); err != nil {
		return err
	}
	return e.await(ctx, h)
}

// Post hands over and reports an earlier refusal.
func (e *emitter) Post(ctx context.Context, m Message, next Cursor) error {
	err := e.message(ctx, &m, next, &handed{id: m.ExternalID})
	if err != nil {
		return &PostError{ExternalID: m.ExternalID, Err: err}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.refused) == 0 {
		return nil
	}
	first := e.refused[0]
	e.refused = e.refused[1:]
	return first
}

// Mark hands over a cursor alone and waits for the answer.
func (e *emitter) Mark(ctx context.Context, next Cursor) error {
	h := &handed{answer: make(chan error, 1)}
	err := e.hand(ctx, h, func() (bool, error) {
		e.complete(h.seq)
		return true, e.put(plugin.Mark(h.seq, next))
	})
	if err != nil {
		return err
	}
	return e.await(ctx, h)
}

// Flush waits until nothing that was handed over is unanswered.
func (e *emitter) Flush(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	upTo := e.seq
	err := e.waitLocked(ctx, func() bool { return len(e.queue) == 0 || e.queue[0].seq > upTo })
	if err != nil {
		return err
	}
	var refused []error
	for _, r := range e.refused {
		refused = append(refused, r)
	}
	e.refused = nil
	return errors.Join(refused...)
}

func (e *emitter) message(ctx context.Context, m *Message, next Cursor, h *handed) error {
	if err := e.valid(m); err != nil {
		return err
	}
	head, files := messageTo(m), filesTo(m.Files)
	err := e.hand(ctx, h, func() (bool, error) {
		return e.writer.Message(h.seq, head, files, next, next != nil, func(f *pluginv1.MessageFrame) error {
			e.count(h, frameSize(f))
			if f.GetEnd() && !f.GetAbandoned() {
				e.complete(h.seq)
			}
			return e.put(f)
		})
	})
	if errors.Is(err, plugin.ErrHeadTooLarge) {
		return Invalid("text", "текст и поля сообщения больше 3 МиБ: приложите их файлом")
	}
	if unread, ok := errors.AsType[*plugin.ReadError](err); ok {
		return fmt.Errorf("file of message: %w", unread.Err)
	}
	return err
}

func (e *emitter) valid(m *Message) error {
	switch {
	case m.ExternalID == "":
		return Invalid("external_id", "у сообщения нет внешнего номера")
	case !e.kinds[m.Kind]:
		return Invalid("kind", "коннектор не объявил сообщений вида «"+string(m.Kind)+"»")
	case !slices.Contains([]Change{New, "new", Edited, Withdrawn}, m.Change):
		return Invalid("change", "неизвестное изменение сообщения")
	case m.Change != New && m.Change != "new" && m.About == "":
		return Invalid("about", "не сказано, какое сообщение изменено")
	case m.Kind == KindStatus && m.Status == nil:
		return Invalid("status", "в сообщении вида status нет статуса")
	case !details(m.Details):
		return Invalid("details", "details — не JSON")
	}
	return nil
}

func frameSize(f *pluginv1.MessageFrame) int64 {
	n := len(f.GetPiece()) + len(f.GetHead().GetText()) + len(f.GetHead().GetHtml())
	for _, in := range f.GetInline() {
		n += len(in.GetBody())
	}
	return int64(n)
}

// hand takes the turn, waits for room in the window, numbers h and sends it.
// send tells whether anything went out.
func (e *emitter) hand(ctx context.Context, h *handed, send func() (bool, error)) error {
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-e.lost:
		return e.goneError()
	}
	defer func() { <-e.turn }()
	if err := e.begin(ctx, h); err != nil {
		return err
	}
	started, err := send()
	if err == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settle(h, nil)
	if !started { // nobody else was numbered meanwhile: the turn is ours
		e.queue = e.queue[:len(e.queue)-1]
		e.seq--
	}
	e.trim()
	e.changed.Broadcast()
	if e.gone != nil {
		return e.gone
	}
	return err
}

func (e *emitter) begin(ctx context.Context, h *handed) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	room := func() bool { return e.open == 0 || e.open < e.window && e.bytes < e.windowBytes }
	if err := e.waitLocked(ctx, room); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	e.seq++
	h.seq = e.seq
	e.queue = append(e.queue, h)
	e.open++
	return nil
}

func (e *emitter) isIdle() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.queue) == 0 && len(e.refused) == 0
}

// waitLocked waits for cond, the end of ctx or the loss of the line. When the
// receiver is being stopped, its context is over but the answers still come.
func (e *emitter) waitLocked(ctx context.Context, cond func() bool) error {
	if cond() || e.gone != nil {
		return e.gone
	}
	wake := context.AfterFunc(ctx, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.changed.Broadcast()
	})
	defer wake()
	for !cond() && e.gone == nil {
		if err := ctx.Err(); err != nil && !e.isStopping() {
			return err
		}
		e.changed.Wait()
	}
	return e.gone
}

func (e *emitter) isStopping() bool {
	select {
	case <-e.stopping:
		return true
	default:
		return false
	}
}

func (e *emitter) count(h *handed, n int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !h.settled {
		h.size += n
		e.bytes += n
	}
}

// complete notes that the last frame of seq is about to go out, so that an
// answer to it can be believed.
func (e *emitter) complete(seq uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sent = seq
}

func (e *emitter) await(ctx context.Context, h *handed) error {
	done := ctx.Done()
	for {
		select {
		case err := <-h.answer:
			return err
		case <-e.lost:
			select {
			case err := <-h.answer:
				return err
			default:
				return e.goneError()
			}
		case <-done:
			if !e.isStopping() {
				return ctx.Err()
			}
			done = nil
		}
	}
}

// ack takes the hub's answer.
func (e *emitter) ack(a *pluginv1.Ack) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a.GetFault() != nil {
		if h := e.find(a.GetSeq()); h != nil {
			e.settle(h, errorFrom(a.GetFault()))
		}
	} else {
		for _, h := range e.queue {
			if h.seq > min(a.GetSeq(), e.sent) {
				break
			}
			e.settle(h, nil)
		}
	}
	e.trim()
	e.changed.Broadcast()
}

// find is the unanswered message of the number; numbers in the queue follow
// each other without a hole.
func (e *emitter) find(seq uint64) *handed {
	if len(e.queue) == 0 || seq > e.sent {
		return nil
	}
	if i := seq - e.queue[0].seq; i < uint64(len(e.queue)) {
		return e.queue[i]
	}
	return nil
}

// settle gives h its answer, once.
func (e *emitter) settle(h *handed, err error) {
	if h.settled {
		return
	}
	h.settled = true
	e.open--
	e.bytes -= h.size
	switch {
	case h.answer != nil:
		h.answer <- err
	case err != nil:
		e.refused = append(e.refused, &PostError{ExternalID: h.id, Err: err})
	}
}

// trim drops what is answered from the head of the queue.
func (e *emitter) trim() {
	n := 0
	for n < len(e.queue) && e.queue[n].settled {
		e.queue[n] = nil
		n++
	}
	if e.queue = e.queue[n:]; len(e.queue) == 0 {
		e.queue = nil
	}
}

// fail ends everything that waits: the line is gone.
func (e *emitter) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone != nil {
		return
	}
	e.gone = err
	close(e.lost)
	e.changed.Broadcast()
}

func (e *emitter) goneError() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.gone
}

// errGone is what an author's code sees when the hub is no longer there.
func errGone(err error) error {
	return &Error{Kind: "unavailable", Code: "hub.gone", Source: "hub", Text: "связь с хабом прервана", Err: err}
}
