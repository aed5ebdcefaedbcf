package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// OpenDSN opens a driver's database by a text that another process may use.
type OpenDSN func(dsn string) (store.Store, error)

const (
	dsnVariable   = "UZEL_STORETEST_DSN"
	roundVariable = "UZEL_STORETEST_ROUND"
	killWriters   = 16
	killJournal   = "kill"
)

// Child is called first in the TestMain of a driver. It tells whether this
// process is the child of Kill; then it writes until it is killed, and TestMain
// has nothing else to do.
func Child(open OpenDSN) bool {
	dsn := os.Getenv(dsnVariable)
	if dsn == "" {
		return false
	}
	if err := writeUntilKilled(open, dsn, os.Getenv(roundVariable)); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(3)
	}
	return true
}

// writeUntilKilled registers documents from many goroutines and prints the id
// of each as soon as the store has acknowledged it. It ends by itself when its
// parent is gone.
func writeUntilKilled(open OpenDSN, dsn, round string) error {
	s, err := open(dsn)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var wg sync.WaitGroup
	errs := make(chan error, killWriters)
	for w := range killWriters {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				id := fmt.Sprintf("doc_%s_%02d_%06d", round, w, n)
				err := s.Update(ctx, func(tx store.Tx) error { return register(tx, id, n) })
				switch {
				case err == nil:
					fmt.Println(id) // one write, so lines do not mix
				case !errors.Is(err, errUndo):
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return errors.Join(<-errs, s.Close())
}

// register is a transaction of many parts; every fifth fails at its end.
func register(tx store.Tx, id string, n int) error {
	doc := &core.Document{
		ID: core.DocumentID(id), Direction: core.Incoming, State: core.DocumentRegistered,
		Subject: "Заявление", Text: strings.Repeat("текст ", n%700), Thread: core.ThreadID(fmt.Sprint("thr_", n%7)),
	}
	counter, err := store.Counters.Get(tx, core.CounterKey(killJournal, 0))
	if core.KindOf(err) == core.KindNotFound {
		counter, err = &core.Counter{Journal: killJournal}, nil
	}
	if err != nil {
		return err
	}
	counter.Last++
	doc.Number = &core.RegNumber{Journal: killJournal, Seq: counter.Last, Text: fmt.Sprint("№ ", counter.Last)}
	seq, err := tx.Sequence(bucket)
	if err != nil {
		return err
	}
	err = errors.Join(
		store.Counters.Put(tx, counter),
		store.Documents.Put(tx, doc),
		tx.Put(bucket, []byte(id), fmt.Append(nil, seq)),
		changeAnother(tx, n),
	)
	if err == nil && n%5 == 4 {
		return errUndo
	}
	return err
}

// changeAnother updates or deletes an older document, so that pages are freed.
func changeAnother(tx store.Tx, n int) error {
	if n%3 != 0 {
		return nil
	}
	for doc, err := range store.Documents.Find(tx, "state", string(core.DocumentRegistered)) {
		if err != nil {
			return err
		}
		if n%2 == 0 {
			return store.Documents.Delete(tx, string(doc.ID))
		}
		doc.State, doc.Text = core.DocumentInWork, ""
		return store.Documents.Put(tx, doc)
	}
	return nil
}

// Kill kills a process that writes to a database with SIGKILL, at random
// moments, and proves each time that all it acknowledged is there, that nothing
// is there in part, and that the store finds itself sound.
func Kill(t *testing.T, open OpenDSN, dsn string, rounds int) {
	acknowledged := 0
	var all []string
	for round := range rounds {
		ids := killOne(t, dsn, round)
		acknowledged += len(ids)
		all = append(all, ids...)
		s, err := open(dsn)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		whole(t, s, all)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("after round %d", round)
		}
	}
	t.Logf("%d kills, %d acknowledged updates", rounds, acknowledged)
	if acknowledged < rounds {
		t.Errorf("only %d updates were acknowledged in %d rounds: the test proves little", acknowledged, rounds)
	}
}

// killOne runs one child to its death and returns what it acknowledged.
func killOne(t *testing.T, dsn string, round int) (ids []string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), dsnVariable+"="+dsn, fmt.Sprintf("%s=%03d", roundVariable, round))
	var complaints strings.Builder
	child.Stderr = &complaints
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close() //nolint:errcheck // only keeps the child alive
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	// Every third is killed at any moment after its start, perhaps while it
	// opens the store; the others while they write.
	out := bufio.NewReader(stdout)
	if round%3 != 0 {
		line, _ := out.ReadString('\n')
		ids = append(ids, strings.TrimSpace(line))
	}
	killer := time.AfterFunc(rand.N(80*time.Millisecond), func() { _ = child.Process.Kill() })
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			break // the last line may be torn
		}
		ids = append(ids, strings.TrimSpace(line))
	}
	_ = child.Wait() // says that it was killed
	if killer.Stop() || complaints.Len() > 0 {
		t.Fatalf("round %d: the child ended by itself: %s", round, complaints.String())
	}
	return ids
}

// whole proves that the documents are there, and of every document all parts.
func whole(t *testing.T, s store.Store, acknowledged []string) {
	t.Helper()
	sound(t, s) // numbers, indexes, histories
	view(t, s, func(tx store.Tx) error {
		for _, id := range acknowledged {
			if has, err := store.Documents.Has(tx, id); !has || err != nil {
				t.Errorf("%s was acknowledged and is lost: %v", id, err)
			}
		}
		documents, parts := 0, 0
		seen := map[string]bool{}
		for k := range tx.Scan("t/documents", nil, nil, false) {
			documents++
			if v, err := tx.Get(bucket, k); v == nil || err != nil {
				t.Errorf("%s is there in part: %v", k, err)
			}
		}
		for k, v := range tx.Scan(bucket, nil, nil, false) {
			parts++
			if seen[string(v)] {
				t.Errorf("%s has the sequence %s of another", k, v)
			}
			seen[string(v)] = true
		}
		for seq := 1; seq <= parts; seq++ {
			if !seen[fmt.Sprint(seq)] {
				t.Errorf("sequence %d of %d is missing", seq, parts)
			}
		}
		if documents != parts {
			t.Errorf("%d documents, %d of their parts", documents, parts)
		}
		return nil
	})
}
