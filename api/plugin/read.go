package plugin

import (
	"errors"
	"io"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// Reader puts the files of one message, dispatch or call together again. It
// believes nothing: a peer that breaks the order of parts gets Broken.
type Reader struct {
	recv    func() (*Part, error)
	part    Part // what of the last part is not consumed yet
	current *Incoming
	err     error // why there is no more: io.EOF after the end
}

// Incoming is one file that comes in. Read it before asking for the next; what
// is left is skipped then.
type Incoming struct {
	Head *pluginv1.FileHead
	// Body is the whole of a small file that came in one frame. A file that came
	// in pieces has none and must be read.
	Body []byte

	whole  bool
	rest   []byte
	reader *Reader // nil when no more pieces can come
}

// NewReader reads parts from recv, which returns io.ErrUnexpectedEOF or another
// error when the line ends before a part with End came.
func NewReader(recv func() (*Part, error)) *Reader { return &Reader{recv: recv} }

// Whole tells that Body is all of the file.
func (f *Incoming) Whole() bool { return f.whole }

// Next is the next file, io.EOF behind the last one.
func (r *Reader) Next() (*Incoming, error) {
	if err := r.finish(); err != nil {
		return nil, err
	}
	for r.err == nil {
		switch {
		case len(r.part.Inline) > 0:
			return r.inline(), nil
		case r.part.File != nil:
			r.current = &Incoming{Head: r.part.File, rest: r.part.Piece, reader: r}
			r.part.File, r.part.Piece = nil, nil
			return r.current, nil
		case len(r.part.Piece) > 0:
			return nil, r.fail(Broken("piece without a file"))
		case r.part.End:
			return nil, r.fail(io.EOF)
		}
		if err := r.receive(); err != nil {
			return nil, err
		}
	}
	return nil, r.err
}

// Skip reads to the end of all files; the error is nil when it was reached.
func (r *Reader) Skip() error {
	for {
		if _, err := r.Next(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func (r *Reader) inline() *Incoming {
	in := r.part.Inline[0]
	r.part.Inline = r.part.Inline[1:]
	return &Incoming{Head: in.GetHead(), Body: in.GetBody(), whole: true, rest: in.GetBody()}
}

// finish skips what is left of the file handed out last.
func (r *Reader) finish() error {
	f := r.current
	r.current = nil
	if f == nil {
		return nil
	}
	if _, err := f.WriteTo(io.Discard); err != nil {
		return err
	}
	return nil
}

func (r *Reader) receive() error {
	if r.err != nil {
		return r.err
	}
	part, err := r.recv()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return r.fail(err)
	}
	if part.empty() {
		return r.fail(Broken("empty frame"))
	}
	return r.accept(part)
}

func (r *Reader) accept(part *Part) error {
	size := len(part.Piece)
	for _, in := range part.Inline {
		if in.GetHead() == nil {
			return r.fail(Broken("inline file without a head"))
		}
		size += len(in.GetBody())
	}
	if size > PieceSize+InlineLimit {
		return r.fail(Broken("too many bytes in a frame"))
	}
	r.part = *part
	return nil
}

func (r *Reader) fail(err error) error {
	r.err = err
	return err
}

// more is the next piece of the current file; nil when the file is complete,
// because something else follows.
func (r *Reader) more() ([]byte, error) {
	if !r.part.empty() {
		return nil, nil
	}
	if err := r.receive(); err != nil {
		return nil, err
	}
	if len(r.part.Inline) > 0 || r.part.File != nil {
		return nil, nil
	}
	piece := r.part.Piece
	r.part.Piece = nil
	return piece, nil
}

// piece makes rest non-empty, or returns io.EOF at the end of the file.
func (f *Incoming) piece() error {
	for len(f.rest) == 0 {
		if f.reader == nil {
			return io.EOF
		}
		p, err := f.reader.more()
		if err != nil {
			return err
		}
		if p == nil {
			f.reader = nil
			return io.EOF
		}
		f.rest = p
	}
	return nil
}

// Read reads the file's bytes.
func (f *Incoming) Read(p []byte) (int, error) {
	if err := f.piece(); err != nil {
		return 0, err
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// WriteTo writes the rest of the file without copying pieces together.
func (f *Incoming) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		err := f.piece()
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		n, err := w.Write(f.rest)
		total += int64(n)
		f.rest = nil
		if err != nil {
			return total, err
		}
	}
}

// Message is one message that comes in.
type Message struct {
	*Reader
	Seq  uint64
	Head *pluginv1.Message // nil: the cursor alone

	// Known after Next returned io.EOF or Skip nil.
	Cursor    []byte
	HasCursor bool
	Abandoned bool // the connector could not finish it: forget it
}

// Messages reads the messages of a Receive or Hook stream, one after another.
type Messages struct {
	recv func() (*pluginv1.MessageFrame, error)
	last uint64
	now  *Message
}

// NewMessages reads frames from recv, which returns io.EOF when the stream is
// over in order.
func NewMessages(recv func() (*pluginv1.MessageFrame, error)) *Messages {
	return &Messages{recv: recv}
}

// Next is the next message; what is left of the one before is skipped. io.EOF
// means the stream ended between two messages.
func (s *Messages) Next() (*Message, error) {
	if s.now != nil {
		if err := s.now.Skip(); err != nil {
			return nil, err
		}
	}
	frame, err := s.recv()
	if err != nil {
		return nil, err
	}
	return s.Begin(frame)
}

// Begin starts a message with its first frame, for a stream that carries more
// than messages (Hook): the caller saw the frame, the rest comes from recv.
func (s *Messages) Begin(frame *pluginv1.MessageFrame) (*Message, error) {
	switch {
	case frame.GetSeq() <= s.last:
		return nil, Broken("message number not ascending")
	case frame.GetHead() == nil && !(frame.GetEnd() && frame.GetHasCursor()):
		return nil, Broken("message without a head")
	}
	m := &Message{Seq: frame.GetSeq(), Head: frame.GetHead()}
	m.Reader = NewReader(func() (*Part, error) {
		f, err := s.frame(m.Seq)
		if err != nil {
			return nil, err
		}
		return m.take(f), nil
	})
	if err := m.accept(m.take(frame)); err != nil {
		return nil, err
	}
	s.last, s.now = m.Seq, m
	return m, nil
}

// frame is a further frame of the message seq.
func (s *Messages) frame(seq uint64) (*pluginv1.MessageFrame, error) {
	f, err := s.recv()
	if err == nil && (f.GetHead() != nil || f.GetSeq() != seq) {
		return nil, Broken("message inside a message")
	}
	return f, err
}

func (m *Message) take(f *pluginv1.MessageFrame) *Part {
	if f.GetEnd() {
		m.Cursor, m.HasCursor, m.Abandoned = f.GetCursor(), f.GetHasCursor(), f.GetAbandoned()
	}
	return &Part{Inline: f.GetInline(), File: f.GetFile(), Piece: f.GetPiece(), End: f.GetEnd()}
}

// Dispatch is one dispatch that comes in.
type Dispatch struct {
	*Reader
	Head *pluginv1.Dispatch
	// Abandoned, known after Next returned io.EOF: the hub could not finish it.
	Abandoned bool
}

// Dispatches reads the dispatches of a Send stream, one after another.
type Dispatches struct {
	recv func() (*pluginv1.DispatchFrame, error)
	now  *Dispatch
}

// NewDispatches reads frames from recv, which returns io.EOF when the stream is
// over in order.
func NewDispatches(recv func() (*pluginv1.DispatchFrame, error)) *Dispatches {
	return &Dispatches{recv: recv}
}

// Next is the next dispatch; what is left of the one before is skipped.
func (s *Dispatches) Next() (*Dispatch, error) {
	if s.now != nil {
		if err := s.now.Skip(); err != nil {
			return nil, err
		}
	}
	first, err := s.recv()
	if err != nil {
		return nil, err
	}
	if first.GetHead() == nil {
		return nil, Broken("dispatch without a head")
	}
	d := &Dispatch{Head: first.GetHead()}
	d.Reader = NewReader(func() (*Part, error) {
		f, err := s.recv()
		if err != nil {
			return nil, err
		}
		if f.GetHead() != nil {
			return nil, Broken("dispatch inside a dispatch")
		}
		return d.take(f), nil
	})
	if err := d.accept(d.take(first)); err != nil {
		return nil, err
	}
	s.now = d
	return d, nil
}

func (d *Dispatch) take(f *pluginv1.DispatchFrame) *Part {
	d.Abandoned = f.GetEnd() && f.GetAbandoned()
	return &Part{Inline: f.GetInline(), File: f.GetFile(), Piece: f.GetPiece(), End: f.GetEnd()}
}
