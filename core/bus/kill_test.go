package bus_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

var kills = flag.Int("kills", 40, "how often TestKillBus kills its child")

// childEnv makes the test binary the child of TestKillBus: its value is the
// path of the database.
const childEnv = "UZEL_BUS_TEST_DATABASE"

// chain has two handlers that count each event and fail now and then.
func chain(s store.Store) (*bus.Bus, *boltbus.Driver) {
	d := boltbus.New(s, boltbus.Options{})
	b := bus.New(bus.Options{
		Store: s, Driver: d,
		FirstPause: time.Millisecond, LastPause: 5 * time.Millisecond, FaultPause: time.Millisecond,
	})
	step := func(name string) bus.Handler {
		return func(_ context.Context, tx store.Tx, ev bus.Event) error {
			n := number(ev)
			if _, err := add(tx, fmt.Sprintf("%s/%d", name, n)); err != nil {
				return err
			}
			if err := inOrder(tx, name+"/order/"+ev.Key, n); err != nil {
				if _, err := add(tx, "disorder"); err != nil {
					return err
				}
			}
			if name == "first" {
				if err := b.Publish(tx, out, ev.Key, n); err != nil {
					return err
				}
			}
			if rand.IntN(5) == 0 {
				return kindError(core.KindUnavailable)
			}
			return nil
		}
	}
	b.Handle("first", in, step("first"))
	b.Handle("second", out, step("second"))
	return b, d
}

// runChild publishes and handles until it is killed.
func runChild(path string) {
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		panic(err)
	}
	b, _ := chain(s)
	if err := b.Declare(context.Background()); err != nil {
		panic(err)
	}
	for range 4 {
		go func() {
			for {
				err := s.Update(context.Background(), func(tx store.Tx) error {
					n, err := add(tx, "published")
					if err != nil {
						return err
					}
					return b.Publish(tx, in, strconv.Itoa(n%17), n)
				})
				if err != nil {
					panic(err)
				}
				fmt.Println("published")
				time.Sleep(time.Millisecond)
			}
		}()
	}
	panic(b.Run(context.Background()))
}

// TestKillBusLosesNothingAndDoesNothingTwice kills a process that publishes and
// handles events, again and again, and then looks at what is in the store:
// every event published had the effect of each handler exactly once, and of one
// key in order.
func TestKillBusLosesNothingAndDoesNothingTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uzel.db")
	for range *kills {
		killChild(t, path)
	}
	s := openStore(t, path)
	b, d := chain(s)
	stop := start(t, b)
	f := &fixture{t: t, store: s, driver: d, bus: b, runs: newObserver()}
	f.runs.await(t, f.idle)
	stop()
	published := f.counter("published")
	t.Logf("%d kills, %d events", *kills, published)
	if published < *kills {
		t.Error("too little was published to prove anything")
	}
	for n := 1; n <= published; n++ {
		for _, name := range []string{"first", "second"} {
			if got := f.counter(fmt.Sprintf("%s/%d", name, n)); got != 1 {
				t.Errorf("%s handled event %d %d times", name, n, got)
			}
		}
	}
	if n := f.counter("disorder"); n != 0 {
		t.Errorf("%d events came out of order", n)
	}
	if letters := f.letters(bus.DeadLetterOpen); len(letters) != 0 {
		t.Errorf("%d dead letters", len(letters))
	}
}

// killChild runs a child until a random moment after a random number of events.
func killChild(t *testing.T, path string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint syncBuffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	for range 1 + rand.IntN(60) {
		if line, err := lines.ReadString('\n'); err != nil {
			t.Fatalf("child: %q %v\n%s", line, err, complaint.String())
		}
	}
	time.Sleep(rand.N(5 * time.Millisecond)) // the moment is what the test is about
	if err := cmd.Process.Kill(); err != nil {
		t.Fatalf("child ended by itself: %v\n%s", err, complaint.String())
	}
	io.Copy(io.Discard, lines) //nolint:errcheck // ends with the child
	if err := cmd.Wait(); cmd.ProcessState.Exited() {
		t.Fatalf("child ended by itself: %v\n%s", err, complaint.String())
	}
}

type syncBuffer struct {
	mu  sync.Mutex
	buf []byte
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf = append(b.buf, p...)
	return len(p), nil
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.buf)
}
