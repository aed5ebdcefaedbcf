package pluginhost_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/uzel-hub/uzel/core"
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
		if m == nil || m.Channel != "c" || m.Connector != "test 1.0.0" || len(m.Files) != 1 || m.Files[0].Size != 3000 {
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
