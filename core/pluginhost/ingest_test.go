package pluginhost_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/pluginhost"
)

func TestMessagesAreStoredWithFilesEventsAndCursor(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"receive": "count", "count": 500, "size": 3000})
	await(t, "500 messages acknowledged", func() bool { return len(r.lines("acked")) == 500 })
	found, events := r.messages()
	if len(found) != 500 || events != 500 {
		t.Fatalf("%d messages, %d events", len(found), events)
	}
	for i := range 500 {
		m := found[fmt.Sprint("m", i+1)]
		if m == nil || m.Channel != "c" || m.Connector != "test 1.0.0" || len(m.Files) != 1 || m.Files[0].Size != 3000 || m.Files[0].MediaType == "" {
			t.Fatalf("message %d: %+v", i+1, m)
		}
		f, err := r.blobs.Open(t.Context(), m.Files[0].Hash)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, f)
		f.Close()
		if n != 3000 || err != nil {
			t.Fatalf("file of message %d: %d bytes, %v", i+1, n, err)
		}
	}
	_, _, cursor, err := stored(r.store)
	if err != nil || cursor != "500" {
		t.Errorf("cursor = %q, %v", cursor, err)
	}
	s := r.awaitState("c", core.ChannelRunning)
	if s.Received != 500 || s.PID == 0 || s.MemoryMB == 0 || s.LastInAt == nil {
		t.Errorf("status = %+v", s)
	}
}

func TestDuplicatesAreAcknowledgedAndStoredOnce(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"receive": "again", "count": 20})
	await(t, "sixty acknowledgements", func() bool {
		for _, s := range r.host.Stats() {
			return s.Duplicates == 40 && s.Received == 20
		}
		return false
	})
	if found, events := r.messages(); len(found) != 20 || events != 20 {
		t.Errorf("%d messages, %d events", len(found), events)
	}
}

func TestSameExternalIDInTwoChannelsIsTwoMessages(t *testing.T) {
	r := newRig(t, nil)
	r.channel("a", "test", set{"receive": "count", "count": 5})
	r.channel("b", "test", set{"receive": "count", "count": 5})
	await(t, "ten messages", func() bool { _, events := r.messages(); return events == 10 })
}

func TestWhatTheHubDoesNotTakeIsRefusedByName(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Limits.FileBytes = 3 << 20 })
	r.channel("c", "test", set{"receive": "strange", "size": 5 << 20})
	await(t, "five answers", func() bool { return len(r.lines("told")) == 5 })
	for i, want := range []string{
		"внешний идентификатор длиннее", "вид", "файл больше допустимых 3 МБ", "details", "",
	} {
		told := r.lines("told")[i]
		if ok := strings.HasPrefix(told, fmt.Sprint(i, " true")); ok != (want == "") || !strings.Contains(told, want) {
			t.Errorf("told %q, want %q in it", told, want)
		}
	}
	found, _ := r.messages()
	m := found["m5"]
	if len(found) != 1 || m == nil {
		t.Fatalf("stored %v", found)
	}
	if m.Text != "нуль и \uFFFD" || m.Files[0].Name != "пароль.txt" {
		t.Errorf("mended to %q, file %q", m.Text, m.Files[0].Name)
	}
	if s := r.status("c"); s.State != core.ChannelRunning || !strings.HasPrefix(s.Reason, "сообщение не принято") {
		t.Errorf("status = %+v", s)
	}
}

func TestAbandonedMessageLeavesNothing(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"receive": "abandon"})
	await(t, "the message behind it", func() bool { found, _ := r.messages(); return found["m2"] != nil })
	if found, _ := r.messages(); found["m1"] != nil {
		t.Error("an abandoned message was stored")
	}
}

// liveHeap is what is in use, without what only waits to be collected: how much that is, is a matter of how
// busy the machine is.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestHugeFileDoesNotLieInMemory(t *testing.T) {
	r := newRig(t, nil)
	before := liveHeap()
	most := before
	r.channel("c", "test", set{"receive": "count", "count": 1, "size": 150 << 20})
	await(t, "the message", func() bool {
		most = max(most, liveHeap())
		found, _ := r.messages()
		return len(found) == 1
	})
	if held := most - before; held > 64<<20 {
		t.Errorf("%d MB held for a file of 150 MB", held>>20)
	}
	found, _ := r.messages()
	if f := found["m1"].Files[0]; f.Size != 150<<20 || f.MediaType == "" {
		t.Errorf("file = %+v", f)
	}
}

func TestFileLargerThanTheDiskTakesEndsTheStreamOnly(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Blobs = &fullBlobs{Blobs: o.Blobs, fail: 3} })
	r.channel("c", "test", set{"receive": "count", "count": 2, "size": 1 << 20})
	await(t, "both messages in the end", func() bool { found, _ := r.messages(); return len(found) == 2 })
	if s := r.awaitState("c", core.ChannelRunning); s.Restarts != 0 {
		t.Errorf("status = %+v", s)
	}
	if !strings.Contains(r.states("c"), "degraded") {
		t.Errorf("nobody was told: %s", r.states("c"))
	}
}

// fullBlobs refuses the first few files, as a full disk does.
type fullBlobs struct {
	pluginhost.Blobs
	mu   sync.Mutex
	fail int
	late atomic.Int32
}

// full tells that the disk is still full; nil: no longer.
func (b *fullBlobs) full() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail--; b.fail < 0 {
		return nil
	}
	return core.Unavailable("blob.full", "на диске нет места", nil)
}

func (b *fullBlobs) Put(ctx context.Context, r io.Reader) (blob.Ref, error) {
	if err := b.full(); err != nil {
		io.CopyN(io.Discard, r, 100)
		return blob.Ref{}, err
	}
	return b.Blobs.Put(ctx, r)
}

// Begin finds out that the disk is full now or, every other time, when it is waited for.
func (b *fullBlobs) Begin(ctx context.Context, all []byte) (blob.Ref, func() error, error) {
	err := b.full()
	if err == nil {
		return b.Blobs.Begin(ctx, all)
	}
	if b.late.Add(1)%2 == 0 {
		return blob.Ref{}, nil, err
	}
	ref := blob.Ref{Hash: strings.Repeat("0", 64), Size: int64(len(all))}
	return ref, func() error { return err }, nil
}

func TestSmallFilesWaitForTheDisk(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Blobs = &fullBlobs{Blobs: o.Blobs, fail: 30} })
	r.channel("c", "test", set{"receive": "count", "count": 50, "size": 100})
	await(t, "all messages", func() bool { return len(r.lines("acked")) == 50 })
	if n := len(r.lines("receives")); n != 1 {
		t.Errorf("receiving was started %d times", n)
	}
	r.stop()
	if n := sound(t, r.store, r.world); n != 50 {
		t.Errorf("%d messages", n)
	}
}

func TestReceiverThatHasNothingMoreIsLeftAlone(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"receive": "done"})
	r.awaitState("c", core.ChannelRunning)
	await(t, "a few checks", func() bool { return len(r.lines("checks")) > 4 })
	if n := len(r.lines("receives")); n != 1 {
		t.Errorf("started %d times", n)
	}
	if err := r.host.Wake(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	await(t, "the receiver started by a person", func() bool { return len(r.lines("receives")) == 2 })
}
