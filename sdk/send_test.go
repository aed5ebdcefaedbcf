package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

func TestDeliveriesKeepToTheConcurrency(t *testing.T) {
	var now, most atomic.Int32
	var order []string
	var mu sync.Mutex
	h := open(t, &fake{send: func(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		most.Store(max(most.Load(), now.Add(1)))
		mu.Lock()
		order = append(order, d.Delivery)
		mu.Unlock()
		time.Sleep(time.Millisecond) // so that deliveries can overlap
		now.Add(-1)
		return sdk.Receipt{}, nil
	}})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			if _, err := h.Send(t.Context(), sdk.Dispatch{Delivery: fmt.Sprint("d", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() != 2 || len(order) != 100 {
		t.Errorf("%d deliveries at once, %d made", most.Load(), len(order))
	}
}

func TestCancelledDeliveryEnds(t *testing.T) {
	started := make(chan string, 10)
	h := open(t, &fake{send: func(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		started <- d.Delivery
		<-ctx.Done()
		return sdk.Receipt{}, ctx.Err()
	}})
	const n = 4 // two under way, two waiting
	cancels, results := make([]context.CancelFunc, n), make([]chan error, n)
	for i := range n {
		ctx, cancel := context.WithCancel(t.Context())
		cancels[i], results[i] = cancel, make(chan error, 1)
		go func() {
			_, err := h.Send(ctx, sdk.Dispatch{Delivery: fmt.Sprint("d", i)})
			results[i] <- err
		}()
		if i < 2 {
			<-started
		}
	}
	for i := n - 1; i >= 0; i-- { // the waiting ones first: they must never start
		cancels[i]()
	}
	for i := range n {
		err := <-results[i]
		if e, ok := err.(*sdk.Error); !ok || e.Code != plugin.CodeCanceled || e.Kind != "unavailable" {
			t.Errorf("d%d: %#v", i, err)
		}
	}
}

func TestSameDeliveryNeverRunsTwiceAtOnce(t *testing.T) {
	var now, runs atomic.Int32
	h := open(t, &fake{send: func(context.Context, sdk.Dispatch) (sdk.Receipt, error) {
		if runs.Add(1); now.Add(1) > 1 {
			t.Error("the delivery runs twice at once")
		}
		time.Sleep(5 * time.Millisecond) // so that they would overlap
		now.Add(-1)
		return sdk.Receipt{}, nil
	}})
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "same"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if runs.Load() != 6 {
		t.Error(runs.Load())
	}
}

// zeros is a large file that lies nowhere.
func zeros(name string, n int64) sdk.File {
	return sdk.File{Name: name, Size: n, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeroReader{}, n)), nil
	}}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// held is what lies in memory when nothing more can be collected.
func held() int64 {
	var m runtime.MemStats
	runtime.GC() // twice, so that pools of buffers are emptied
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// comesDownTo waits until no more than most lies in memory, and tells the least
// that did. Buffers of a line that another goroutine has still to give back go
// by themselves; a file that is kept does not.
func comesDownTo(most int64) (least int64) {
	least = held()
	for until := time.Now().Add(sdktest.Patience); least > most && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
		least = min(least, held())
	}
	return least
}

func TestLargeFileOfADispatchDoesNotLieInMemory(t *testing.T) {
	const size, most = 200 << 20, 10 << 20
	var before, grown int64
	h := open(t, &fake{send: func(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		grown = comesDownTo(before+most) - before
		for range 2 { // a file may be opened again
			if err := drain(d.Files[0], size); err != nil {
				return sdk.Receipt{}, err
			}
		}
		if len(d.Files) != 2 || d.Files[1].Name != "small" {
			return sdk.Receipt{}, errors.New("the small file is missing")
		}
		return sdk.Receipt{}, nil
	}})
	before = held()
	_, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "d", Files: []sdk.File{zeros("big", size), sdk.Bytes("small", []byte("x"))}})
	if err != nil {
		t.Fatal(err)
	}
	if grown > most {
		t.Errorf("%d MB in memory", grown>>20)
	}
	left, err := os.ReadDir(h.Scratch)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the scratch folder: %v %v", left, err)
	}
}

// drain reads a file to its end, which must come after size bytes.
func drain(f sdk.File, size int64) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, r)
	if err != nil || n != size || f.Size != size {
		return fmt.Errorf("%d bytes, %w", n, err)
	}
	return r.Close()
}

func TestManyFilesOfADispatchDoNotLieInMemoryEither(t *testing.T) {
	h := open(t, &fake{send: func(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		for i, f := range d.Files {
			body, err := sdktest.Body(f)
			if err != nil || !bytes.Equal(body, bytes.Repeat([]byte{byte(i)}, 60<<10)) {
				return sdk.Receipt{}, fmt.Errorf("file %d: %d bytes %w", i, len(body), err)
			}
		}
		return sdk.Receipt{Text: fmt.Sprint(len(d.Files))}, nil
	}})
	d := sdk.Dispatch{Delivery: "d"}
	for i := range 100 {
		d.Files = append(d.Files, sdk.Bytes(fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 60<<10)))
	}
	if r, err := h.Send(t.Context(), d); err != nil || r.Text != "100" {
		t.Error(r, err)
	}
}

func TestFullScratchFolderIsAFaultOfTheDelivery(t *testing.T) {
	var sends atomic.Int32
	h := sdktest.InProcess(t, connectorOf(&fake{send: func(context.Context, sdk.Dispatch) (sdk.Receipt, error) {
		sends.Add(1)
		return sdk.Receipt{}, nil
	}}, nil), nil)
	h.Scratch += "/is-not-there"
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "big", Files: []sdk.File{zeros("a", 3<<20), zeros("b", 1<<20)}})
	if e, ok := err.(*sdk.Error); !ok || e.Code != plugin.CodeScratch || e.Kind != "unavailable" {
		t.Errorf("%#v", err)
	}
	if _, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "small", Files: []sdk.File{sdk.Bytes("a", []byte("x"))}}); err != nil {
		t.Error("the next delivery:", err)
	}
	if sends.Load() != 1 {
		t.Error(sends.Load(), "sends")
	}
}

func TestTrackAnswersForEveryItem(t *testing.T) {
	h := open(t, &fake{track: func(_ context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
		if len(items) == 3 {
			return make([]sdk.Receipt, 2), nil
		}
		return []sdk.Receipt{{State: sdk.StateRetry}, {State: sdk.StateRead, Text: items[1].Delivery + items[1].ExternalID}}, nil
	}})
	got, err := h.Track(sdk.TrackItem{}, sdk.TrackItem{Delivery: "d", ExternalID: "e"})
	if err != nil || got[0].State != sdk.StateRetry || got[1].State != sdk.StateRead || got[1].Text != "de" {
		t.Error(got, err)
	}
	if _, err := h.Track(make([]sdk.TrackItem, 3)...); sdk.KindOf(err) != "internal" {
		t.Error("too few answers:", err)
	}
}
