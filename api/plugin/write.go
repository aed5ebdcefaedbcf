package plugin

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

const (
	// PieceSize is the most of a file's bytes that one frame carries.
	PieceSize = 256 << 10
	// InlineLimit is how many bytes of whole small files one frame may carry, so
	// that an ordinary letter is a single frame.
	InlineLimit = 64 << 10
	// HeadLimit is the largest head of a message or a dispatch: its text and
	// fields without files. It leaves room in a frame for inline files and a piece.
	HeadLimit = 3 << 20
)

// ErrHeadTooLarge is a message whose text and fields do not fit a frame.
var ErrHeadTooLarge = errors.New("text and fields exceed the size of a frame")

// File is a file to be handed over. Body, when set, is the whole of it and Open
// is not asked; otherwise Open is called when the file's turn comes.
type File struct {
	Head *pluginv1.FileHead
	Body []byte
	Open func() (io.ReadCloser, error)
}

// ReadError is the failure to open or read a file that was to be handed over;
// the line itself is sound.
type ReadError struct {
	Name string
	Err  error
}

func (e *ReadError) Error() string { return fmt.Sprintf("read file: %v", e.Err) }
func (e *ReadError) Unwrap() error { return e.Err }

// Part is what one frame says about files, in this order: whole small files,
// the start of a large one, a piece of it, and that nothing follows.
type Part struct {
	Inline []*pluginv1.InlineFile
	File   *pluginv1.FileHead
	Piece  []byte
	End    bool
}

func (p *Part) empty() bool {
	return len(p.Inline) == 0 && p.File == nil && len(p.Piece) == 0 && !p.End
}

func (p *Part) reset() {
	clear(p.Inline)
	p.Inline = p.Inline[:0]
	p.File, p.Piece, p.End = nil, nil, false
}

// Writer cuts files into parts. It keeps its buffer between messages; one
// Writer serves one stream and is used by one goroutine at a time.
type Writer struct {
	buf  []byte
	used int // bytes of buf that inline bodies of the part lie in
	size int // bytes of inline bodies in the part, in buf or not
	part Part
	put  func(*Part) error
	// whole refuses inline files: for streams whose frames have no room for them.
	whole bool
}

// Files hands the files to put, part by part; the last part has End. A part
// and its bytes are valid until put returns. Of the errors, those of a file are
// *ReadError, those of put come back as they are.
func (w *Writer) Files(files []File, put func(*Part) error) error {
	w.put = put
	w.next()
	for i := range files {
		if err := w.file(&files[i]); err != nil {
			return err
		}
	}
	w.part.End = true
	return w.flush()
}

func (w *Writer) next() {
	w.part.reset()
	w.used, w.size = 0, 0
}

func (w *Writer) flush() error {
	err := w.put(&w.part)
	w.next()
	return err
}

func (w *Writer) file(f *File) error {
	if f.Body != nil {
		return w.memory(f.Head, f.Body)
	}
	r, err := f.Open()
	if err != nil {
		return &ReadError{Name: f.Head.GetName(), Err: err}
	}
	err = w.read(f.Head, r)
	if cerr := r.Close(); err == nil && cerr != nil {
		err = &ReadError{Name: f.Head.GetName(), Err: cerr}
	}
	return err
}

func (w *Writer) memory(head *pluginv1.FileHead, body []byte) error {
	if w.fits(len(body)) {
		w.inline(head, body)
		return nil
	}
	w.part.File = head
	for {
		n := min(PieceSize, len(body))
		w.part.Piece, body = body[:n], body[n:]
		if err := w.flush(); err != nil || len(body) == 0 {
			return err
		}
	}
}

func (w *Writer) fits(n int) bool { return !w.whole && w.size+n <= InlineLimit }

func (w *Writer) inline(head *pluginv1.FileHead, body []byte) {
	head.Size = int64(len(body))
	w.part.Inline = append(w.part.Inline, &pluginv1.InlineFile{Head: head, Body: body})
	w.size += len(body)
}

func (w *Writer) read(head *pluginv1.FileHead, r io.Reader) error {
	if w.buf == nil {
		w.buf = make([]byte, InlineLimit+PieceSize)
	}
	piece := w.buf[w.used : w.used+PieceSize]
	n, err := io.ReadFull(r, piece)
	if atEnd(err) && w.fits(n) {
		w.inline(head, piece[:n:n])
		w.used += n
		return nil
	}
	w.part.File = head
	for {
		if err != nil && !atEnd(err) {
			return &ReadError{Name: head.GetName(), Err: err}
		}
		if w.part.Piece = piece[:n]; n > 0 || w.part.File != nil {
			if err := w.flush(); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
		n, err = io.ReadFull(r, piece)
	}
}

func atEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// Steps hands over files on a stream whose frames are one step each (Do, Calls):
// no inline files, and no end, which is the caller's to send.
func (w *Writer) Steps(files []File, file func(*pluginv1.FileHead) error, piece func([]byte) error) error {
	w.whole = true
	return w.Files(files, func(p *Part) error {
		if p.File != nil {
			if err := file(p.File); err != nil {
				return err
			}
		}
		if len(p.Piece) > 0 {
			return piece(p.Piece)
		}
		return nil
	})
}

// Message hands over one message with its files as frames. seq is its number in
// the stream; cursor, when has is true, the mark behind it. A frame is valid
// until put returns. When a file cannot be read after the first frame went out,
// the message is abandoned on the line and the *ReadError returned. started
// tells whether seq was used.
func (w *Writer) Message(seq uint64, head *pluginv1.Message, files []File, cursor []byte, has bool,
	put func(*pluginv1.MessageFrame) error,
) (started bool, err error) {
	if proto.Size(head) > HeadLimit {
		return false, ErrHeadTooLarge
	}
	frame := &pluginv1.MessageFrame{Seq: seq, Head: head}
	err = w.Files(files, func(p *Part) error {
		started = true
		frame.Inline, frame.File, frame.Piece, frame.End = p.Inline, p.File, p.Piece, p.End
		if p.End {
			frame.Cursor, frame.HasCursor = cursor, has
		}
		err := put(frame)
		frame.Head = nil
		return err
	})
	if _, unread := errors.AsType[*ReadError](err); unread && started {
		if perr := put(&pluginv1.MessageFrame{Seq: seq, End: true, Abandoned: true}); perr != nil {
			return true, perr
		}
	}
	return started, err
}

// Mark is the frame that moves the cursor alone.
func Mark(seq uint64, cursor []byte) *pluginv1.MessageFrame {
	return &pluginv1.MessageFrame{Seq: seq, End: true, Cursor: cursor, HasCursor: true}
}

// Dispatch hands over one dispatch with its files as frames. When a file cannot
// be read after the first frame went out, the dispatch is abandoned on the line
// and the *ReadError returned.
func (w *Writer) Dispatch(head *pluginv1.Dispatch, files []File, put func(*pluginv1.DispatchFrame) error) error {
	if proto.Size(head) > HeadLimit {
		return ErrHeadTooLarge
	}
	started := false
	frame := &pluginv1.DispatchFrame{Head: head}
	err := w.Files(files, func(p *Part) error {
		started = true
		frame.Inline, frame.File, frame.Piece, frame.End = p.Inline, p.File, p.Piece, p.End
		err := put(frame)
		frame.Head = nil
		return err
	})
	if _, unread := errors.AsType[*ReadError](err); unread && started {
		if perr := put(&pluginv1.DispatchFrame{End: true, Abandoned: true}); perr != nil {
			return perr
		}
	}
	return err
}
