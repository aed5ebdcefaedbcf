package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/store"
)

const live bus.Topic = "test.live"

func (f *fixture) tail(after string, topics ...bus.Topic) *bus.Tail {
	f.t.Helper()
	tail, err := f.bus.Tail(f.t.Context(), topics, after)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(tail.Close)
	return tail
}

func nextItem(t *testing.T, tail *bus.Tail) bus.Item {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	item, err := tail.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// wantNumbers reads events and compares their payloads.
func wantNumbers(t *testing.T, tail *bus.Tail, want ...int) (position string) {
	t.Helper()
	for _, n := range want {
		item := nextItem(t, tail)
		if item.Reload || number(item.Event) != n {
			t.Fatalf("got %+v, want %d", item, n)
		}
		position = item.Position
	}
	return position
}

func wantNothing(t *testing.T, tail *bus.Tail) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if item, err := tail.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %+v, %v", item, err)
	}
}

func wantReload(t *testing.T, tail *bus.Tail) (position string) {
	t.Helper()
	item := nextItem(t, tail)
	if !item.Reload {
		t.Fatalf("got %+v, want to be told to reload", item)
	}
	return item.Position
}

func TestTailShowsWhatIsPublishedFromNowOn(t *testing.T) {
	f := newFixture(t, bus.Options{})
	f.publish(in, "k", 1)
	tail := f.tail("", in, out)
	wantNothing(t, tail)
	f.publish(in, "k", 2)
	f.publish(out, "k", 3)
	f.publish(in, "k", 4)
	wantNumbers(t, tail, 2, 3, 4)
	wantNothing(t, tail)
}

func TestTailGoesOnAtAPosition(t *testing.T) {
	f := newFixture(t, bus.Options{})
	first := f.tail("", in, out)
	start := first.Position()
	for i := range 200 {
		f.publish([]bus.Topic{in, out}[i%2], "k", i)
	}
	for i := range 200 {
		position := wantNumbers(t, first, i)
		if i%50 == 7 {
			wantNumbers(t, f.tail(position, in, out), i+1, i+2, i+3)
		}
	}
	wantNumbers(t, f.tail(start, in, out), 0, 1, 2)
	wantNumbers(t, f.tail(start, out), 1, 3)
}

func TestTailTellsToReload(t *testing.T) {
	f := newFixture(t, bus.Options{TailLag: 100})
	for i := range 300 {
		f.publish(in, "k", i)
	}
	for name, after := range map[string]string{
		"damaged":             "rubbish",
		"not a number":        "test.in=x",
		"negative":            "test.in=-1",
		"without a name":      "=5",
		"too long":            strings.Repeat("test.in=1,", 1000),
		"of another database": "test.in=5000",
		"too far behind":      "test.in=10",
	} {
		t.Run(name, func(t *testing.T) {
			tail := f.tail(after, in)
			position := wantReload(t, tail)
			wantNothing(t, tail)
			f.publish(in, "k", 1000)
			wantNumbers(t, tail, 1000)
			wantNumbers(t, f.tail(position, in), 1000)
		})
	}
}

func TestTailTellsToReloadWhatWasThrownAway(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "uzel.db"))
	d := boltbus.New(s, boltbus.Options{MaxKept: 5})
	f := &fixture{t: t, store: s, driver: d, bus: bus.New(bus.Options{Store: s, Driver: d})}
	for i := range 20 {
		f.publish(in, "k", i)
	}
	if err := d.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	tail := f.tail("test.in=3", in)
	wantReload(t, tail)
	f.publish(in, "k", 20)
	wantNumbers(t, tail, 20)
	wantNumbers(t, f.tail("test.in=17", in), 17, 18, 19, 20)
}

func TestBroadcastReachesOnlyWhoFollowsNow(t *testing.T) {
	f := newFixture(t, bus.Options{})
	broadcast(t, f, 1)
	tail, other := f.tail("", in, live), f.tail("", in)
	broadcast(t, f, 2)
	f.publish(in, "k", 3)
	item := nextItem(t, tail)
	if number(item.Event) != 2 || item.Event.Topic != live || item.Event.ID != "" {
		t.Errorf("got %+v", item)
	}
	wantNumbers(t, tail, 3)
	wantNumbers(t, other, 3)
	wantNumbers(t, f.tail(item.Position, in, live), 3)
	tail.Close()
	tail.Close()
	broadcast(t, f, 4)
	wantNothing(t, tail)
}

func TestBroadcastOfWhatCannotBeEncodedIsRefused(t *testing.T) {
	f := newFixture(t, bus.Options{})
	f.tail("", live)
	if err := f.bus.Broadcast(live, func() {}); err == nil {
		t.Error("no error")
	}
}

func TestSlowReaderReloadsAndBlocksNobody(t *testing.T) {
	f := newFixture(t, bus.Options{TailLag: 100})
	for _, c := range []struct {
		name    string
		payload any
		count   int
	}{{"many", 1, 1000}, {"big", strings.Repeat("x", 100_000), 30}} {
		t.Run(c.name, func(t *testing.T) {
			slow, quick := f.tail("", in, live), f.tail("", in, live)
			for range c.count {
				if err := f.bus.Broadcast(live, c.payload); err != nil {
					t.Fatal(err)
				}
				if item := nextItem(t, quick); item.Reload {
					t.Fatal("the quick reader missed something")
				}
			}
			wantReload(t, slow)
			if err := f.bus.Broadcast(live, 7); err != nil {
				t.Fatal(err)
			}
			for item := nextItem(t, slow); ; item = nextItem(t, slow) {
				if n := 0; json.Unmarshal(item.Event.Payload, &n) == nil && n == 7 {
					break
				}
			}
		})
	}
	t.Run("durable", func(t *testing.T) {
		slow := f.tail("", in)
		f.update(func(tx store.Tx) error {
			for i := range 1000 {
				if err := f.bus.Publish(tx, in, "k", i); err != nil {
					return err
				}
			}
			return nil
		})
		wantReload(t, slow)
		f.publish(in, "k", 7)
		wantNumbers(t, slow, 7)
	})
}

func TestTailMissesNothingWhileOthersPublish(t *testing.T) {
	f := newFixture(t, bus.Options{})
	tail := f.tail("", in)
	const count = 500
	go func() {
		for i := range count {
			err := f.store.Update(context.Background(), func(tx store.Tx) error { return f.bus.Publish(tx, in, strconv.Itoa(i), i) })
			if err != nil {
				f.t.Error(err)
				return
			}
		}
	}()
	for i := range count {
		wantNumbers(t, tail, i)
	}
}

func broadcast(t *testing.T, f *fixture, payload any) {
	t.Helper()
	if err := f.bus.Broadcast(live, payload); err != nil {
		t.Fatal(err)
	}
}

// FuzzTailPosition gives Tail what a browser may send as Last-Event-ID.
func FuzzTailPosition(f *testing.F) {
	fix := newFixture(f, bus.Options{})
	for i := range 3 {
		fix.publish(in, "k", i)
	}
	for _, seed := range []string{"", "test.in=1", "test.in=1,test.out=0", "test.in=18446744073709551615", ",", "=", "test.in=1,test.in=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, after string) {
		tail, err := fix.bus.Tail(t.Context(), []bus.Topic{in, out}, after)
		if err != nil {
			t.Fatal(err)
		}
		defer tail.Close()
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			item, err := tail.Next(ctx)
			if err != nil {
				break
			}
			if !item.Reload && number(item.Event) > 2 {
				t.Errorf("got %+v", item)
			}
		}
		if _, err := fmt.Sscanf(tail.Position(), "test.in=%d,test.out=%d", new(int), new(int)); err != nil {
			t.Errorf("position %q", tail.Position())
		}
	})
}
