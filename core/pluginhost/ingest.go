package pluginhost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// intake takes the messages of one stream: Receive, or one web-hook. Two stages
// work at once, each on many messages:
//
//	take    (the reader of the stream) translates, stores large files as they
//	        come and begins to store small ones
//	commit  writes what was taken, in the order of the stream, in one transaction
//	        with its files, and acknowledges it
//
// A message is acknowledged when it, its files and the cursor behind it are on
// disk, and not before all earlier ones are. What is under way is bounded by
// window; when it is full take waits, and with it the connector.
type intake struct {
	host      *Host
	channel   core.ChannelID
	connector string // name and version, as it stands in a message
	kinds     []core.MessageKind
	ack       func(*pluginv1.Ack) error
	events    intakeEvents

	count *semaphore.Weighted
	bytes *semaphore.Weighted

	mu     sync.Mutex
	queue  []*item
	closed bool
	wake   chan struct{} // the queue may have something
}

// intakeEvents tells the channel how its intake fares.
type intakeEvents interface {
	stored(messages, duplicates int, bytes int64)
	refused(err error)
	storeEvents
}

// storeEvents tells that the store refuses and is tried again, and that it
// takes again.
type storeEvents interface {
	storeFailed(err error)
	storeHealed()
}

// item is a message under way.
type item struct {
	seq       uint64
	msg       *core.Message // nil: nothing to store (the cursor alone, abandoned, refused)
	refused   error
	cursor    []byte
	hasCursor bool
	size      int64          // bytes it holds in memory
	total     int64          // bytes of its files
	bodies    [][]byte       // of msg.Files by index; nil for one that is stored
	begun     []func() error // wait for the bodies to be stored
	duplicate bool           // set in the transaction
	claim     blob.Claim
}

// headSize is what a message weighs beside its texts and files.
const headSize = 512

func newIntake(h *Host, l *live, ack func(*pluginv1.Ack) error) *intake {
	return &intake{
		host:      h,
		channel:   l.channel.id,
		connector: l.entry.Name + " " + l.entry.Version,
		kinds:     l.entry.Kinds,
		ack:       ack,
		events:    l.channel,
		count:     semaphore.NewWeighted(int64(h.limits.Window)),
		bytes:     semaphore.NewWeighted(h.limits.WindowBytes),
		wake:      make(chan struct{}, 1),
	}
}

// run takes messages from next until it returns an error, brings to its end
// what is under way, and returns that error, or the one that kept it from doing
// so. io.EOF from next is a stream that ended in order: nil.
func (in *intake) run(ctx context.Context, next func() (*plugin.Message, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	committed := make(chan error, 1)
	go func() {
		err := in.commitAll(ctx)
		cancel(err)
		committed <- err
	}()
	err := in.takeAll(ctx, next)
	in.close()
	if cerr := <-committed; cerr != nil {
		cancel(cerr)
		err = cerr
	}
	release(in.queue)
	return err
}

// release lets go of what messages needed until they were written, or never
// will be.
func release(items []*item) {
	for _, it := range items {
		it.claim.End()
		it.bodies, it.begun = nil, nil
	}
}

func (in *intake) takeAll(ctx context.Context, next func() (*plugin.Message, error)) error {
	for {
		m, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = in.take(ctx, m)
		}
		if err != nil {
			return err
		}
	}
}

// take reads one message to its end and puts it into the queue.
func (in *intake) take(ctx context.Context, m *plugin.Message) (err error) {
	it := &item{seq: m.Seq, size: headSize}
	defer func() {
		if err != nil {
			it.claim.End()
		}
	}()
	if m.Head != nil {
		it.msg, it.refused = wire.Message(m.Head, in.kinds)
		it.size += int64(len(it.msg.Text) + len(it.msg.HTML) + len(it.msg.Details))
	}
	if err := in.readFiles(ctx, m, it); err != nil {
		return err
	}
	switch {
	case m.Abandoned:
		it.msg, it.refused = nil, nil
	case it.refused != nil:
		it.msg = nil
	default:
		it.cursor, it.hasCursor = m.Cursor, m.HasCursor
	}
	if it.msg == nil {
		it.bodies, it.size = nil, headSize
	}
	return in.enqueue(ctx, it)
}

func (in *intake) readFiles(ctx context.Context, m *plugin.Message, it *item) error {
	for {
		f, err := m.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return wire.CallError(err, "receive")
		}
		if it.refused != nil || it.msg == nil {
			continue // Next skips what is left of it
		}
		if err := in.readFile(ctx, f, it); err != nil {
			return err
		}
	}
}

// readFile keeps a small file in memory and stores a large one while it comes
// in. An error ends the stream; a file the hub does not take makes the message
// refused instead.
func (in *intake) readFile(ctx context.Context, f *plugin.Incoming, it *item) error {
	limits := &in.host.limits
	left := min(limits.FileBytes, limits.MessageBytes-it.total)
	a := wire.File(f.Head)
	switch {
	case len(it.msg.Files) >= limits.Files:
		it.refused = refuse("files", fmt.Sprintf("в сообщении больше %d файлов", limits.Files))
		return nil
	case f.Head.GetSize() > left || int64(len(f.Body)) > left:
		it.refused = in.tooLarge(it)
		return nil
	}
	var body []byte
	if f.Whole() {
		body, a.Size = f.Body, int64(len(f.Body))
		if a.MediaType == "" {
			a.MediaType = core.MediaType(a.Name, body[:min(len(body), headOfFile)])
		}
		it.size += a.Size
	} else {
		ref, err := in.stream(it.claim.Under(ctx), f, &a, left)
		if _, ok := errors.AsType[*blob.TooLargeError](err); ok {
			it.refused = in.tooLarge(it)
			return nil
		}
		if err != nil {
			return err
		}
		a.Hash, a.Size = ref.Hash, ref.Size
	}
	it.total += a.Size
	it.msg.Files = append(it.msg.Files, a)
	it.bodies = append(it.bodies, body)
	return nil
}

func (in *intake) tooLarge(it *item) error {
	if it.total == 0 {
		return refuse("files", fmt.Sprintf("файл больше допустимых %d МБ", in.host.limits.FileBytes>>20))
	}
	return refuse("files", fmt.Sprintf("файлы сообщения вместе больше допустимых %d МБ", in.host.limits.MessageBytes>>20))
}

func refuse(field, text string) error {
	return &core.Error{Kind: core.KindInvalid, Code: "message.refused", Field: field, Text: text}
}

// stream stores a file piece by piece. Its bytes cannot be had a second time,
// so a disk that refuses them ends the stream; the connector will offer the
// message again.
func (in *intake) stream(ctx context.Context, f *plugin.Incoming, a *core.Attachment, limit int64) (blob.Ref, error) {
	src := &lineReader{r: f}
	ref, err := in.host.blobs.Put(ctx, blob.Limit(typed(a, src), limit))
	if src.err != nil {
		return blob.Ref{}, wire.CallError(src.err, "receive")
	}
	return ref, err
}

// headOfFile is how much of a file tells what it is.
const headOfFile = 512

// typed finds out what a file is whose connector does not say. The reader it
// gives has all of the file.
func typed(a *core.Attachment, file io.Reader) io.Reader {
	if a.MediaType != "" {
		return file
	}
	all := bufio.NewReaderSize(file, headOfFile)
	head, _ := all.Peek(headOfFile) // a failure comes again to whoever reads on
	a.MediaType = core.MediaType(a.Name, head)
	return all
}

// lineReader remembers that it was the line that failed, not the disk.
type lineReader struct {
	r   io.Reader
	err error
}

func (s *lineReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// enqueue waits for room in the window.
func (in *intake) enqueue(ctx context.Context, it *item) error {
	it.size = min(it.size, in.host.limits.WindowBytes)
	if err := in.count.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	if err := in.bytes.Acquire(ctx, it.size); err != nil {
		return context.Cause(ctx)
	}
	if err := in.begin(ctx, it); err != nil {
		return err
	}
	in.mu.Lock()
	in.queue = append(in.queue, it)
	first := len(in.queue) == 1
	in.mu.Unlock()
	if first {
		in.signal()
	}
	return nil
}

func (in *intake) signal() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// begin begins to store the files of a message that lie in memory. A message
// whose files nobody can store is refused; the error is that of ctx.
func (in *intake) begin(ctx context.Context, it *item) error {
	err := in.beginBodies(it.claim.Under(ctx), it)
	if err != nil && ctx.Err() == nil {
		it.msg, it.hasCursor, it.refused, err = nil, false, err, nil
	}
	return err
}

func (in *intake) beginBodies(ctx context.Context, it *item) error {
	it.begun = it.begun[:0]
	for i, body := range it.bodies {
		if body == nil {
			continue
		}
		var ref blob.Ref
		var wait func() error
		err := in.insist(ctx, func() (err error) {
			ref, wait, err = in.host.blobs.Begin(ctx, body)
			return err
		})
		if err != nil {
			return err
		}
		it.msg.Files[i].Hash = ref.Hash
		it.begun = append(it.begun, wait)
	}
	return nil
}

func (in *intake) insist(ctx context.Context, do func() error) error {
	return insist(ctx, &in.host.timing, in.events, do)
}

// insist repeats do with growing pauses until it succeeds or ctx ends: nothing
// is acknowledged meanwhile, so whoever waits goes on when the disk does. Only
// an error that repeating cannot help is returned before.
func insist(ctx context.Context, t *Timing, tell storeEvents, do func() error) error {
	failed := false
	for pause := t.StoreRetryMin; ; pause = min(2*pause, t.StoreRetryMax) {
		err := do()
		if err == nil {
			if failed {
				tell.storeHealed()
			}
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if ownFault(err) {
			return err
		}
		failed = true
		tell.storeFailed(err)
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
	}
}

// ownFault tells whether repeating is of no use.
func ownFault(err error) bool {
	switch core.KindOf(err) {
	case core.KindUnavailable, core.KindInternal:
		return false
	}
	return true
}
