package blob_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
)

func newKeeper(t *testing.T) *blob.Keeper {
	t.Helper()
	s, err := fileblob.Open(t.TempDir(), fileblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return blob.NewKeeper(s)
}

func keep(t *testing.T, ctx context.Context, k *blob.Keeper, text string) string {
	t.Helper()
	ref, err := k.Put(ctx, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return ref.Hash
}

func stored(t *testing.T, k *blob.Keeper, hash string) bool {
	t.Helper()
	_, err := k.Stat(t.Context(), hash)
	if err != nil && core.KindOf(err) != core.KindNotFound {
		t.Fatal(err)
	}
	return err == nil
}

func TestASweepDeletesWhatWasNotPutAgain(t *testing.T) {
	k := newKeeper(t)
	old, again := keep(t, t.Context(), k, "old"), keep(t, t.Context(), k, "again")
	s := k.Sweep()
	defer s.End()
	keep(t, t.Context(), k, "again")
	for hash, want := range map[string]bool{old: true, again: false} {
		deleted, err := s.Delete(t.Context(), hash)
		if err != nil || deleted != want || stored(t, k, hash) == want {
			t.Errorf("deleted %t, %v, want %t", deleted, err, want)
		}
	}
	next := k.Sweep()
	defer next.End()
	if deleted, err := next.Delete(t.Context(), again); err != nil || !deleted {
		t.Errorf("the next sweep: %t, %v", deleted, err)
	}
}

func TestASweepWaitsForTheClaimsBeforeIt(t *testing.T) {
	k := newKeeper(t)
	var before, after, unused blob.Claim
	keep(t, before.Under(t.Context()), k, "before")
	before.End()
	keep(t, before.Under(t.Context()), k, "before once more")
	unused.Under(t.Context())
	s := k.Sweep()
	defer s.End()
	keep(t, after.Under(t.Context()), k, "after")
	settled := make(chan error, 1)
	go func() { settled <- s.Settle(t.Context()) }()
	select {
	case <-settled:
		t.Fatal("did not wait")
	case <-time.After(20 * time.Millisecond):
	}
	before.End()
	before.End()
	if err := <-settled; err != nil {
		t.Fatal(err)
	}
	after.End()
	ctx, cancel := context.WithCancel(t.Context())
	keep(t, before.Under(t.Context()), k, "and again")
	last := k.Sweep()
	defer last.End()
	cancel()
	if err := last.Settle(ctx); err == nil {
		t.Error("a sweep that was stopped settled")
	}
}

// slow deletes when it is told to.
type slow struct {
	blob.Store
	begun, release chan struct{}
}

func (s slow) Delete(ctx context.Context, hash string) error {
	close(s.begun)
	<-s.release
	return s.Store.Delete(ctx, hash)
}

func TestAPutDuringTheDeletionOfItsFileIsRefusedAndRepeated(t *testing.T) {
	s := slow{newKeeper(t).Store, make(chan struct{}), make(chan struct{})}
	k := blob.NewKeeper(s)
	hash := keep(t, t.Context(), k, "file")
	sweep := k.Sweep()
	defer sweep.End()
	var wg sync.WaitGroup
	wg.Go(func() {
		if deleted, err := sweep.Delete(t.Context(), hash); !deleted || err != nil {
			t.Errorf("%t, %v", deleted, err)
		}
	})
	<-s.begun
	hurried, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Put(hurried, strings.NewReader("file")); err == nil {
		t.Error("a put did not wait for the deletion")
	}
	put := make(chan error, 1)
	read := make(chan struct{})
	wg.Go(func() {
		_, err := k.Put(t.Context(), io.MultiReader(strings.NewReader("file"), closing(read)))
		put <- err
	})
	<-read
	keep(t, t.Context(), k, "another file does not wait")
	close(s.release)
	if err := <-put; err != nil && core.KindOf(err) != core.KindUnavailable {
		t.Errorf("the put: %v", err)
	}
	wg.Wait()
	if keep(t, t.Context(), k, "file"); !stored(t, k, hash) {
		t.Error("the file is not stored")
	}
}

func TestABeginningDuringTheDeletionOfItsFileWaitsForIt(t *testing.T) {
	s := slow{newKeeper(t).Store, make(chan struct{}), make(chan struct{})}
	k := blob.NewKeeper(s)
	hash := keep(t, t.Context(), k, "file")
	sweep := k.Sweep()
	defer sweep.End()
	var wg sync.WaitGroup
	wg.Go(func() {
		if deleted, err := sweep.Delete(t.Context(), hash); !deleted || err != nil {
			t.Errorf("%t, %v", deleted, err)
		}
	})
	<-s.begun
	var claim blob.Claim
	defer claim.End()
	hurried, cancel := context.WithTimeout(claim.Under(t.Context()), 20*time.Millisecond)
	defer cancel()
	if _, _, err := k.Begin(hurried, []byte("file")); err == nil {
		t.Error("it did not wait for the deletion")
	}
	wg.Go(func() {
		_, wait, err := k.Begin(claim.Under(t.Context()), []byte("file"))
		if err == nil {
			err = wait()
		}
		if err != nil || !stored(t, k, hash) {
			t.Errorf("stored %t, %v", stored(t, k, hash), err)
		}
	})
	close(s.release)
	wg.Wait()
	if deleted, err := sweep.Delete(t.Context(), hash); err != nil || deleted {
		t.Errorf("the sweep took what was begun again: %t, %v", deleted, err)
	}
	if _, _, err := k.Begin(t.Context(), []byte("x")); err == nil {
		t.Error("began without a claim")
	}
}

// closing ends a content and tells so.
type closing chan struct{}

func (c closing) Read([]byte) (int, error) {
	close(c)
	return 0, io.EOF
}

// TestNoFileIsLostBetweenStoringAndReferring has writers store the same few files
// over and over and note them as records do, and a sweeper that deletes what is
// not noted: whatever is noted is there.
func TestNoFileIsLostBetweenStoringAndReferring(t *testing.T) {
	k := newKeeper(t)
	var mu sync.Mutex
	noted := map[string]int{}
	note := func(hash string, by int) {
		mu.Lock()
		defer mu.Unlock()
		noted[hash] += by
	}
	contents := [][]byte{bytes.Repeat([]byte("large "), 100_000)}
	for i := range 40 {
		contents = append(contents, fmt.Append(nil, "small ", i))
	}
	ctx, stop := context.WithCancel(t.Context())
	var sweeper, writers sync.WaitGroup
	deleted := 0
	sweeper.Go(func() {
		for ctx.Err() == nil {
			deleted += sweepAll(t, k, func(hash string) bool {
				mu.Lock()
				defer mu.Unlock()
				return noted[hash] > 0
			})
		}
	})
	for i := range 3 {
		writers.Go(func() {
			for n := range 150 {
				var claim blob.Claim
				ref, err := k.Put(claim.Under(t.Context()), bytes.NewReader(contents[(n+i)%len(contents)]))
				if core.KindOf(err) == core.KindUnavailable && err != nil {
					claim.End()
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				// The second file of the same record takes its time.
				if _, err := k.Put(claim.Under(t.Context()), strings.NewReader(fmt.Sprint(i, n))); err != nil {
					t.Error(err)
					return
				}
				note(ref.Hash, 1)
				claim.End()
				if !stored(t, k, ref.Hash) {
					t.Error("a file that is referred to was deleted")
					return
				}
				note(ref.Hash, -1)
			}
		})
	}
	writers.Wait()
	stop()
	sweeper.Wait()
	if deleted == 0 {
		t.Error("nothing was deleted meanwhile: the test proves nothing")
	}
}

// sweepAll is how an erasure sweeps.
func sweepAll(t *testing.T, k *blob.Keeper, noted func(string) bool) (deleted int) {
	s := k.Sweep()
	defer s.End()
	if err := s.Settle(t.Context()); err != nil {
		t.Error(err)
		return 0
	}
	var all []string
	if err := k.Walk(t.Context(), func(r blob.Ref) error { all = append(all, r.Hash); return nil }); err != nil {
		t.Error(err)
	}
	for _, hash := range all {
		if noted(hash) {
			continue
		}
		gone, err := s.Delete(t.Context(), hash)
		if err != nil {
			t.Error(err)
		}
		if gone {
			deleted++
		}
	}
	return deleted
}
