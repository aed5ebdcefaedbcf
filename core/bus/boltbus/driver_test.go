package boltbus_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/store"
)

const (
	topic = "letters"
	group = "clerk"
)

var errUndo = errors.New("undo")

func TestMessageIsPublishedIfItsTransactionCommits(t *testing.T) {
	s, d := setup(t, boltbus.Options{})
	msgs, _ := subscribe(t, d, group)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := d.PublishTx(tx, topic, keyed("a", "undone")); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	update(t, s, func(tx store.Tx) error { return d.PublishTx(tx, topic, keyed("a", "1"), keyed("b", "2")) })
	for _, want := range []string{"1", "2"} {
		if got := next(t, msgs); got.UUID != want || string(got.Payload) != "payload of "+want {
			t.Errorf("got %s %q, want %s", got.UUID, got.Payload, want)
		}
	}
}

func TestAcknowledgementBelongsToTheTransaction(t *testing.T) {
	s, d := setup(t, boltbus.Options{NackPause: time.Millisecond})
	msgs, _ := subscribe(t, d, group)
	publish(t, d, keyed("a", "1"))
	msg := next(t, msgs)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if _, err := d.AckTx(tx, msg); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	msg.Nack()
	msg = next(t, msgs)
	if ackTx(t, s, d, msg) {
		t.Error("an acknowledgement that was undone counts")
	}
	if !ackTx(t, s, d, msg) {
		t.Error("the second acknowledgement is not told from the first")
	}
	msg.Ack()
	nothing(t, msgs)
	if b := backlog(t, d); b.Pending != 0 {
		t.Errorf("backlog %+v", b)
	}
}

func TestAcknowledgementNeedsAMessageOfTheDriver(t *testing.T) {
	s, d := setup(t, boltbus.Options{})
	err := s.Update(t.Context(), func(tx store.Tx) error {
		_, err := d.AckTx(tx, keyed("a", "made up"))
		return err
	})
	if core.KindOf(err) != core.KindInternal || err == nil {
		t.Errorf("got %v", err)
	}
}

func TestNamesThatWouldMixBucketsAreRefused(t *testing.T) {
	_, d := setup(t, boltbus.Options{})
	for _, name := range []string{"", "a/b", "a\x00b"} {
		if err := d.Declare(t.Context(), name, "g"); err == nil {
			t.Errorf("topic %q", name)
		}
		if err := d.Declare(t.Context(), "t", name); err == nil {
			t.Errorf("group %q", name)
		}
	}
}

func TestDeclaredGroupGetsWhatIsPublishedWhileItDoesNotRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uzel.db")
	s := openStore(t, path)
	d := boltbus.New(s, boltbus.Options{})
	publish(t, d, keyed("a", "before"))
	declare(t, d, group)
	publish(t, d, keyed("a", "after"))
	d = boltbus.New(s, boltbus.Options{}) // another run of the program
	declare(t, d, group)
	msgs, _ := subscribe(t, d, group)
	if got := next(t, msgs); got.UUID != "after" {
		t.Errorf("got %s", got.UUID)
	}
	nothing(t, msgs)
}

func TestUnfinishedMessagesComeAgainAfterARestart(t *testing.T) {
	s, d := setup(t, boltbus.Options{})
	msgs, closeSub := subscribe(t, d, group)
	for i := range 40 {
		publish(t, d, keyed(strconv.Itoa(i), strconv.Itoa(i)))
	}
	var want []string
	for i := range 40 {
		msg := next(t, msgs)
		if i%3 == 0 {
			want = append(want, msg.UUID)
			continue
		}
		ackTx(t, s, d, msg)
	}
	closeSub()
	d = boltbus.New(s, boltbus.Options{})
	declare(t, d, group)
	msgs, _ = subscribe(t, d, group)
	var got []string
	for range want {
		got = append(got, next(t, msgs).UUID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	nothing(t, msgs)
}

func TestWindowIsBoundedInMessagesAndBytes(t *testing.T) {
	for _, c := range []struct {
		name string
		opts boltbus.Options
		size int
		want int
	}{
		{"messages", boltbus.Options{Window: 16}, 10, 16},
		{"bytes", boltbus.Options{Window: 100, WindowBytes: 10_000}, 3000, 4},
		{"one that is too big", boltbus.Options{WindowBytes: 1000}, 100_000, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, d := setup(t, c.opts)
			for i := range 50 {
				msg := keyed(strconv.Itoa(i), strconv.Itoa(i))
				msg.Payload = make([]byte, c.size)
				publish(t, d, msg)
			}
			msgs, _ := subscribe(t, d, group)
			var under []*message.Message
			for range c.want {
				under = append(under, next(t, msgs))
			}
			nothing(t, msgs)
			for _, msg := range under {
				ackTx(t, s, d, msg)
			}
			for range 50 - c.want {
				ackTx(t, s, d, next(t, msgs))
			}
		})
	}
}

func TestDamagedRecordIsPassedOver(t *testing.T) {
	s, d := setup(t, boltbus.Options{})
	publish(t, d, keyed("a", "1"), keyed("a", "2"), keyed("a", "3"))
	update(t, s, func(tx store.Tx) error {
		return tx.Put("b/t/"+topic, []byte{0, 0, 0, 0, 0, 0, 0, 2}, []byte("rubbish"))
	})
	msgs, _ := subscribe(t, d, group)
	for _, want := range []string{"1", "3"} {
		msg := next(t, msgs)
		if msg.UUID != want {
			t.Fatalf("got %s, want %s", msg.UUID, want)
		}
		ackTx(t, s, d, msg)
	}
	if b := backlog(t, d); b.Pending != 0 {
		t.Errorf("backlog %+v", b)
	}
}

func TestGroupWithTooMuchWaitingTakesNothingNew(t *testing.T) {
	s, d := setup(t, boltbus.Options{Window: 4, MaxWaiting: 10})
	for i := range 40 {
		publish(t, d, keyed(strconv.Itoa(i), strconv.Itoa(i)))
	}
	msgs, closeSub := subscribe(t, d, group)
	taken := 0
	for taken < 10 {
		retryTx(t, s, d, next(t, msgs), time.Now().Add(time.Hour))
		taken++
	}
	for ; taken < 14; taken++ { // what had been read before
		select {
		case msg := <-msgs:
			ackTx(t, s, d, msg)
			continue
		case <-time.After(50 * time.Millisecond):
		}
		break
	}
	nothing(t, msgs)
	closeSub()
	d = boltbus.New(s, boltbus.Options{Window: 4, MaxWaiting: 10, Now: func() time.Time { return time.Now().Add(2 * time.Hour) }})
	declare(t, d, group)
	msgs, _ = subscribe(t, d, group)
	for b := backlog(t, d); b.Pending > 0; b = backlog(t, d) {
		ackTx(t, s, d, next(t, msgs))
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	s, d := setup(t, boltbus.Options{})
	msgs, _ := subscribe(t, d, group)
	publish(t, d, keyed("a", "1"), keyed("b", "2"), keyed("c", "3"), keyed("d", "4"))
	retryTx(t, s, d, next(t, msgs), time.Now().Add(time.Hour))
	if problems := check(t, d); len(problems) != 0 {
		t.Errorf("sound queues: %v", problems)
	}
	key := func(seq byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, seq} }
	update(t, s, func(tx store.Tx) error {
		return errors.Join(
			tx.Delete("b/t/"+topic, key(2)),
			tx.Put("b/t/"+topic, key(3), []byte("rubbish")),
			tx.Put("b/r/"+topic+"/"+group, key(1), []byte("rubbish")),
			tx.Put("b/c", []byte(topic+"/ahead"), key(100)),
		)
	})
	problems := strings.Join(check(t, d), "\n")
	for _, want := range []string{"с 2 по 2", "событие 3 не читается", "отложенное событие 1", "получатель ahead"} {
		if !strings.Contains(problems, want) {
			t.Errorf("%q is missing in:\n%s", want, problems)
		}
	}
}

func check(t *testing.T, d *boltbus.Driver) (problems []string) {
	t.Helper()
	if err := d.Check(t.Context(), func(p string) { problems = append(problems, p) }); err != nil {
		t.Fatal(err)
	}
	return problems
}

// TestRandomAnswersLoseNothing answers at random, restarting in between, and
// compares with what must come of it: each message ends once, each key in order.
func TestRandomAnswersLoseNothing(t *testing.T) {
	const count, keys = 3000, 40
	s, d := setup(t, boltbus.Options{NackPause: time.Microsecond})
	batch := make([]*message.Message, count)
	for i := range batch {
		batch[i] = keyed(strconv.Itoa(rand.IntN(keys)), strconv.Itoa(i))
	}
	publish(t, d, batch...)
	var (
		mu    sync.Mutex
		ended []int
		lasts = map[string]int{}
		all   = make(chan struct{})
	)
	answer := func(msg *message.Message) {
		switch rand.IntN(6) {
		case 0:
			msg.Nack()
		case 1:
			retryTx(t, s, d, msg, time.Now().Add(rand.N(3*time.Millisecond)))
			msg.Ack()
		default:
			n, _ := strconv.Atoi(msg.UUID)
			update(t, s, func(tx store.Tx) error { // the order is that of the transactions
				already, err := d.AckTx(tx, msg)
				if already || err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				key := msg.Metadata[bus.KeyMetadata]
				if last, ok := lasts[key]; ok && last > n {
					t.Errorf("key %s: %d after %d", key, n, last)
				}
				lasts[key] = n
				if ended = append(ended, n); len(ended) == count {
					close(all)
				}
				return nil
			})
			msg.Ack()
		}
	}
	for done := false; !done; {
		msgs, closeSub := subscribe(t, d, group)
		var under sync.WaitGroup
		restart := time.After(20 * time.Millisecond)
	running:
		for {
			select {
			case msg := <-msgs:
				under.Go(func() { answer(msg) })
			case <-restart:
				break running
			case <-all:
				done = true
				break running
			}
		}
		closeSub()
		under.Wait()
	}
	slices.Sort(ended)
	for i, n := range ended {
		if i != n {
			t.Fatalf("message %d did not end once", i)
		}
	}
	if b := backlog(t, d); b.Pending != 0 || b.Waiting != 0 {
		t.Errorf("backlog %+v", b)
	}
}

// TestPausedSubscriptionCatchesUpInFlatMemory publishes 100,000 messages to a
// group that does not run, and lets it catch up.
func TestPausedSubscriptionCatchesUpInFlatMemory(t *testing.T) {
	const count, size = 40_000, 1000
	s, d := setup(t, boltbus.Options{})
	for i := 0; i < count; i += 1000 {
		batch := make([]*message.Message, 1000)
		for j := range batch {
			batch[j] = keyed(strconv.Itoa(i+j), strconv.Itoa(i+j))
			batch[j].Payload = make([]byte, size)
		}
		publish(t, d, batch...)
	}
	before := heap()
	msgs, _ := subscribe(t, d, group)
	var most uint64
	seen := make([]bool, count)
	for i := 0; i < count; {
		batch := []*message.Message{next(t, msgs)}
		for len(batch) < 64 && i+len(batch) < count {
			batch = append(batch, next(t, msgs))
		}
		update(t, s, func(tx store.Tx) error {
			for _, msg := range batch {
				if _, err := d.AckTx(tx, msg); err != nil {
					return err
				}
			}
			return nil
		})
		for _, msg := range batch {
			msg.Ack()
			n, _ := strconv.Atoi(msg.UUID)
			if seen[n] {
				t.Fatalf("message %d came twice", n)
			}
			seen[n] = true
		}
		if i += len(batch); i%12_800 == 0 {
			most = max(most, heap())
		}
	}
	if most > before+16<<20 {
		t.Errorf("heap grew from %d to %d bytes; the messages are %d", before, most, count*size)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// FuzzLogRecord writes rubbish where a message is kept: it must not be taken
// for one that makes the reader fall.
func FuzzLogRecord(f *testing.F) {
	s := openStore(f, filepath.Join(f.TempDir(), "uzel.db"))
	d := boltbus.New(s, boltbus.Options{})
	if err := d.Publish(f.Context(), topic, keyed("k", "uuid")); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'u', 1, 'k', 1, 1, 'n', 1, 'v', 'p'})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, raw []byte) {
		err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("b/t/"+topic, []byte{0, 0, 0, 0, 0, 0, 0, 1}, raw) })
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Read(t.Context(), topic, 0, 10); err != nil {
			t.Fatal(err)
		}
	})
}
