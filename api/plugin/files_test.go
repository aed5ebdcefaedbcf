package plugin_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"google.golang.org/protobuf/proto"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// line collects frames and plays them back, through their encoding.
type line struct{ frames [][]byte }

func (l *line) put(f *pluginv1.MessageFrame) error {
	raw, err := proto.Marshal(f)
	l.frames = append(l.frames, raw)
	return err
}

func (l *line) recv() (*pluginv1.MessageFrame, error) {
	if len(l.frames) == 0 {
		return nil, io.EOF
	}
	f := new(pluginv1.MessageFrame)
	err := proto.Unmarshal(l.frames[0], f)
	l.frames = l.frames[1:]
	return f, err
}

func body(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7) + seed
	}
	return b
}

func opened(name string, b []byte) plugin.File {
	return plugin.File{Head: &pluginv1.FileHead{Name: name}, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(iotest.HalfReader(bytes.NewReader(b))), nil
	}}
}

func inMemory(name string, b []byte) plugin.File {
	return plugin.File{Head: &pluginv1.FileHead{Name: name}, Body: b}
}

func TestFilesArriveWholeAndInOrder(t *testing.T) {
	const piece, inline = plugin.PieceSize, plugin.InlineLimit
	cases := map[string]struct {
		sizes  []int
		frames int
	}{
		"no file":                   {nil, 1},
		"a letter is one frame":     {[]int{20 << 10}, 1},
		"empty file":                {[]int{0}, 1},
		"two small files":           {[]int{10, inline - 10}, 1},
		"one byte over inline":      {[]int{inline + 1}, 2},
		"small, large, small":       {[]int{100, 3*piece + 5, 100}, 5},
		"exactly one piece":         {[]int{piece}, 2},
		"exactly two pieces":        {[]int{2 * piece}, 3},
		"many small files":          {[]int{40 << 10, 40 << 10, 40 << 10, 40 << 10}, 3},
		"large, then empty":         {[]int{inline + 1, 0}, 2},
		"large, large, empty, tiny": {[]int{piece + 1, piece + 1, 0, 1}, 5},
	}
	kinds := map[string]func(string, []byte) plugin.File{"opened": opened, "in memory": inMemory}
	for name, c := range cases {
		for kind, file := range kinds {
			t.Run(name+"/"+kind, func(t *testing.T) {
				var files []plugin.File
				for i, n := range c.sizes {
					files = append(files, file(fmt.Sprint("f", i), body(n, byte(i))))
				}
				l, w := &line{}, &plugin.Writer{}
				for seq := range uint64(2) { // the second finds the buffer used
					started, err := w.Message(seq+1, &pluginv1.Message{ExternalId: "m"}, files, []byte("c"), true, l.put)
					if err != nil || !started {
						t.Fatal(started, err)
					}
				}
				if len(l.frames) != 2*c.frames {
					t.Errorf("%d frames, want %d", len(l.frames), 2*c.frames)
				}
				in := plugin.NewMessages(l.recv)
				for range 2 {
					check(t, in, c.sizes)
				}
				if _, err := in.Next(); err != io.EOF {
					t.Error("after the last message:", err)
				}
			})
		}
	}
}

func check(t *testing.T, in *plugin.Messages, sizes []int) {
	t.Helper()
	m, err := in.Next()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range sizes {
		f, err := m.Next()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(got, body(n, byte(i))) || f.Head.GetName() != fmt.Sprint("f", i) {
			t.Fatalf("file %d: %d bytes of %d, %v", i, len(got), n, err)
		}
	}
	if _, err := m.Next(); err != io.EOF {
		t.Fatal("end:", err)
	}
	if string(m.Cursor) != "c" || !m.HasCursor || m.Abandoned {
		t.Error("cursor", m.Cursor, m.HasCursor, m.Abandoned)
	}
}

func TestUnreadFilesAreSkipped(t *testing.T) {
	l, w := &line{}, &plugin.Writer{}
	files := []plugin.File{opened("a", body(700<<10, 1)), opened("b", body(700<<10, 2))}
	for seq := range uint64(3) {
		if _, err := w.Message(seq+1, &pluginv1.Message{}, files, nil, false, l.put); err != nil {
			t.Fatal(err)
		}
	}
	in := plugin.NewMessages(l.recv)
	for want := range uint64(3) {
		m, err := in.Next()
		if err != nil || m.Seq != want+1 {
			t.Fatal(m, err)
		}
		f, err := m.Next()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(f, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnreadableFileAbandonsTheMessage(t *testing.T) {
	broken := errors.New("disk")
	bad := plugin.File{Head: &pluginv1.FileHead{Name: "bad"}, Open: func() (io.ReadCloser, error) { return nil, broken }}
	torn := plugin.File{Head: &pluginv1.FileHead{Name: "torn"}, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(body(600<<10, 0)), iotest.ErrReader(broken))), nil
	}}
	cases := map[string]struct {
		files   []plugin.File
		started bool
	}{
		"not opened":            {[]plugin.File{bad}, false},
		"not opened after tiny": {[]plugin.File{inMemory("a", body(9, 0)), bad}, false},
		"not opened after big":  {[]plugin.File{inMemory("a", body(900<<10, 0)), bad}, true},
		"torn":                  {[]plugin.File{torn}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l, w := &line{}, &plugin.Writer{}
			started, err := w.Message(1, &pluginv1.Message{}, c.files, nil, false, l.put)
			if _, ok := errors.AsType[*plugin.ReadError](err); !ok || !errors.Is(err, broken) || started != c.started {
				t.Fatal(started, err)
			}
			if _, err := w.Message(2, &pluginv1.Message{}, nil, nil, false, l.put); err != nil {
				t.Fatal(err)
			}
			in := plugin.NewMessages(l.recv)
			if started {
				m, err := in.Next()
				if err != nil {
					t.Fatal(err)
				}
				if err := m.Skip(); err != nil || !m.Abandoned {
					t.Error("abandoned", m.Abandoned, err)
				}
			}
			if m, err := in.Next(); err != nil || m.Seq != 2 {
				t.Error("the next message:", m, err)
			}
		})
	}
}

func TestHeadLargerThanAFrameIsRefused(t *testing.T) {
	l, w := &line{}, &plugin.Writer{}
	_, err := w.Message(1, &pluginv1.Message{Text: string(make([]byte, plugin.HeadLimit+1))}, nil, nil, false, l.put)
	if !errors.Is(err, plugin.ErrHeadTooLarge) || len(l.frames) != 0 {
		t.Error(err, len(l.frames))
	}
}

func TestBrokenOrderOfFramesIsRefused(t *testing.T) {
	head := func(f *pluginv1.MessageFrame) *pluginv1.MessageFrame {
		f.Seq, f.Head = 1, &pluginv1.Message{}
		return f
	}
	const big = plugin.PieceSize + plugin.InlineLimit + 1
	cases := map[string][]*pluginv1.MessageFrame{
		"no head":                {{Seq: 1, Piece: []byte("x")}},
		"no number":              {{Head: &pluginv1.Message{}, End: true}},
		"end without cursor":     {{Seq: 1, End: true}},
		"piece without file":     {head(&pluginv1.MessageFrame{Piece: []byte("x")})},
		"piece after inline":     {head(&pluginv1.MessageFrame{Inline: []*pluginv1.InlineFile{{Head: &pluginv1.FileHead{}}}}), {Seq: 1, Piece: []byte("x")}},
		"inline without head":    {head(&pluginv1.MessageFrame{Inline: []*pluginv1.InlineFile{{}}, End: true})},
		"empty frame":            {head(&pluginv1.MessageFrame{}), {Seq: 1}},
		"head inside":            {head(&pluginv1.MessageFrame{}), head(&pluginv1.MessageFrame{})},
		"another number":         {head(&pluginv1.MessageFrame{}), {Seq: 2, End: true}},
		"number again":           {head(&pluginv1.MessageFrame{End: true}), head(&pluginv1.MessageFrame{End: true})},
		"piece too large":        {head(&pluginv1.MessageFrame{File: &pluginv1.FileHead{}}), {Seq: 1, Piece: make([]byte, big), End: true}},
		"first piece too large":  {head(&pluginv1.MessageFrame{File: &pluginv1.FileHead{}, Piece: make([]byte, big), End: true})},
		"inline file too large":  {head(&pluginv1.MessageFrame{Inline: []*pluginv1.InlineFile{{Head: &pluginv1.FileHead{}, Body: make([]byte, big)}}, End: true})},
		"stream ends in message": {head(&pluginv1.MessageFrame{})},
	}
	for name, frames := range cases {
		t.Run(name, func(t *testing.T) {
			in := plugin.NewMessages(func() (*pluginv1.MessageFrame, error) {
				if len(frames) == 0 {
					return nil, io.EOF
				}
				f := frames[0]
				frames = frames[1:]
				return f, nil
			})
			var err error
			for err == nil {
				var m *plugin.Message
				if m, err = in.Next(); err == nil {
					err = m.Skip()
				}
			}
			if err == io.EOF {
				t.Fatal("accepted")
			}
			if f := plugin.FaultOf(err); name != "stream ends in message" && f.GetCode() != plugin.CodeWire {
				t.Error(f)
			}
		})
	}
}

func TestDispatchesAndSteps(t *testing.T) {
	files := []plugin.File{inMemory("a", body(10, 0)), opened("b", body(300<<10, 1)), inMemory("c", nil), opened("d", nil)}
	files[2].Body = []byte{}
	var frames []*pluginv1.DispatchFrame
	w := &plugin.Writer{}
	err := w.Dispatch(&pluginv1.Dispatch{Delivery: "d1"}, files, func(f *pluginv1.DispatchFrame) error {
		frames = append(frames, proto.Clone(f).(*pluginv1.DispatchFrame))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	in := plugin.NewDispatches(func() (*pluginv1.DispatchFrame, error) {
		if len(frames) == 0 {
			return nil, io.EOF
		}
		f := frames[0]
		frames = frames[1:]
		return f, nil
	})
	d, err := in.Next()
	if err != nil || d.Head.GetDelivery() != "d1" {
		t.Fatal(d, err)
	}
	if got := names(t, d.Reader); got != "a10 b307200 c0 d0 " {
		t.Error(got)
	}

	var parts []*plugin.Part
	err = new(plugin.Writer).Steps(files,
		func(h *pluginv1.FileHead) error { parts = append(parts, &plugin.Part{File: h}); return nil },
		func(p []byte) error { parts = append(parts, &plugin.Part{Piece: bytes.Clone(p)}); return nil })
	if err != nil {
		t.Fatal(err)
	}
	parts = append(parts, &plugin.Part{End: true})
	r := plugin.NewReader(func() (*plugin.Part, error) {
		p := parts[0]
		parts = parts[1:]
		return p, nil
	})
	if got := names(t, r); got != "a10 b307200 c0 d0 " {
		t.Error(got)
	}
}

func names(t *testing.T, r *plugin.Reader) (s string) {
	t.Helper()
	for {
		f, err := r.Next()
		if err == io.EOF {
			return s
		}
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, f)
		if err != nil {
			t.Fatal(err)
		}
		s += fmt.Sprint(f.Head.GetName(), n, " ")
	}
}
