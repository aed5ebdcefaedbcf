package plugin_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// FuzzFrames: whatever frames a peer sends, in whatever order, the reader ends
// with an error or with files that are exactly the bytes that were sent.
func FuzzFrames(f *testing.F) {
	// One byte makes one frame: bits for head, inline, file, piece, end, cursor,
	// abandoned and another number.
	f.Add([]byte{0b00010011})                                                 // a letter in one frame
	f.Add([]byte{0b00000001, 0b00000100, 0b00001000, 0b00001000, 0b00010000}) // a file in pieces
	f.Add([]byte{0b00001101, 0b00001010, 0b00111010})                         // pieces, then inline
	f.Add([]byte{0b00000001, 0b01010000, 0b10010001})                         // abandoned, then another
	f.Add([]byte{0b00110000, 0b10110000})                                     // marks
	f.Add([]byte{0b00001001})                                                 // a piece without a file
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 200 {
			return
		}
		frames, sent := play(script)
		in := plugin.NewMessages(func() (*pluginv1.MessageFrame, error) {
			if len(frames) == 0 {
				return nil, io.EOF
			}
			frame := frames[0]
			frames = frames[1:]
			return frame, nil
		})
		var got []byte
		for range len(script) + 1 {
			m, err := in.Next()
			if err != nil {
				if err == io.EOF && !bytes.Equal(got, sent) {
					t.Fatalf("read %q of %q and found it in order", got, sent)
				}
				return
			}
			body, err := files(m)
			if got = append(got, body...); err != nil {
				return
			}
		}
		t.Fatal("more messages than frames")
	})
}

// play makes the frames of a script and the bytes they carry.
func play(script []byte) (frames []*pluginv1.MessageFrame, sent []byte) {
	seq := uint64(1)
	for i, op := range script {
		bit := func(n int) bool { return op>>n&1 == 1 }
		f := &pluginv1.MessageFrame{End: bit(4), HasCursor: bit(5), Abandoned: bit(6)}
		if bit(7) {
			seq++
		}
		if f.Seq = seq; bit(0) {
			f.Head = &pluginv1.Message{ExternalId: "m"}
		}
		if bit(1) {
			body := []byte{'i', byte(i)}
			f.Inline = []*pluginv1.InlineFile{{Head: &pluginv1.FileHead{Name: "i"}, Body: body}, {Head: &pluginv1.FileHead{}}}
			sent = append(sent, body...)
		}
		if bit(2) {
			f.File = &pluginv1.FileHead{Name: "f"}
		}
		if bit(3) {
			f.Piece = []byte{'p', byte(i)}
			sent = append(sent, f.Piece...)
		}
		frames = append(frames, f)
	}
	return frames, sent
}

func files(m *plugin.Message) (got []byte, err error) {
	for {
		in, err := m.Reader.Next()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		body, err := io.ReadAll(in)
		if got = append(got, body...); err != nil {
			return got, err
		}
	}
}

// FuzzFrameBytes: frames decoded from hostile bytes do no harm either.
func FuzzFrameBytes(f *testing.F) {
	whole, err := proto.Marshal(&pluginv1.MessageFrame{
		Seq: 1, Head: &pluginv1.Message{ExternalId: "m", Text: "Лифт"}, End: true,
		Inline: []*pluginv1.InlineFile{{Head: &pluginv1.FileHead{Name: "a"}, Body: []byte("x")}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, whole)
	f.Add([]byte{}, []byte{0xff})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		raw := [][]byte{first, second}
		in := plugin.NewMessages(func() (*pluginv1.MessageFrame, error) {
			if len(raw) == 0 {
				return nil, io.EOF
			}
			frame := new(pluginv1.MessageFrame)
			err := proto.Unmarshal(raw[0], frame)
			raw = raw[1:]
			return frame, err
		})
		for range 3 {
			m, err := in.Next()
			if err != nil {
				return
			}
			if _, err := files(m); err != nil {
				return
			}
		}
		t.Fatal("more messages than frames")
	})
}

// FuzzFiles: files of any sizes come out of the reader as they went into the
// writer, and no frame is too large.
func FuzzFiles(f *testing.F) {
	f.Add(uint32(20<<10), uint32(0), uint32(300<<10), true)
	f.Add(uint32(plugin.PieceSize), uint32(plugin.InlineLimit), uint32(2*plugin.PieceSize+1), false)
	f.Fuzz(func(t *testing.T, a, b, c uint32, memory bool) {
		var list []plugin.File
		var want []byte
		for i, n := range []uint32{a, b, c} {
			one := body(int(n%(1<<20)), byte(i))
			want = append(want, one...)
			if memory {
				list = append(list, inMemory("f", one))
			} else {
				list = append(list, opened("f", one))
			}
		}
		l := &line{}
		if _, err := new(plugin.Writer).Message(1, &pluginv1.Message{}, list, nil, false, l.put); err != nil {
			t.Fatal(err)
		}
		for _, frame := range l.frames {
			if len(frame) > plugin.PieceSize+plugin.InlineLimit+1000 {
				t.Errorf("a frame of %d bytes", len(frame))
			}
		}
		m, err := plugin.NewMessages(l.recv).Next()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := files(m); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of %d: %v", len(got), len(want), err)
		}
	})
}
