package bench

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// The benchmark's document.
const (
	textBytes = 2 << 10
	fileBytes = 20 << 10
	writers   = 64
)

// flush measures what the disk itself needs: a file grows by 4 KiB and is
// flushed.
func (b *runner) flush(ctx context.Context) error {
	f, err := os.Create(filepath.Join(b.dir, "flush"))
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // goes with the folder
	defer f.Close()           //nolint:errcheck // nothing to lose
	var block [4096]byte
	took := make([]float64, 0, b.flushes)
	for range b.flushes {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		start := time.Now()
		if _, err := f.Write(block[:]); err != nil {
			return err
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return err
		}
		took = append(took, millis(time.Since(start)))
	}
	b.note("fdatasync_p99_ms", percentile(took, 0.99))
	b.say("  fdatasync  %6.2f ms p99, median %.2f ms", percentile(took, 0.99), median(took))
	return nil
}

// commit measures documents put by 64 writers, each in an Update of its own,
// against bbolt.Batch of the same bytes: those of the document as it is stored.
// Its attachment goes to the files, which is part of ingest.
func (b *runner) commit(ctx context.Context) error {
	floor, err := b.batches(ctx)
	if err != nil {
		return err
	}
	got, err := b.updates(ctx)
	if err != nil {
		return err
	}
	b.note(batchRate, floor)
	b.note(commitRate, got)
	b.note("commit_vs_batch64", got/floor)
	b.say("  commit     %6.0f/s of %6.0f/s  %.2f", got, floor, got/floor)
	return nil
}

// share runs do n times, spread over the writers, and returns the rate.
func share(ctx context.Context, n int, do func(ctx context.Context, i int) error) (float64, error) {
	g, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for w := range writers {
		g.Go(func() error {
			for i := w; i < n; i += writers {
				if err := do(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return rate(n, time.Since(start)), err
}

// batches is the floor. It is bound by a timer, so a quarter of the commits is
// enough to know its rate.
func (b *runner) batches(ctx context.Context) (r float64, err error) {
	path := filepath.Join(b.dir, "batch.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close(), os.Remove(path)) }()
	bucket := []byte("documents")
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucket)
		return err
	})
	if err != nil {
		return 0, err
	}
	raw, err := store.Encode(document(time.Now(), 1, hex.EncodeToString(noise(textBytes/2))))
	if err != nil {
		return 0, err
	}
	return share(ctx, max(b.commits/4, 1), func(_ context.Context, i int) error {
		return db.Batch(func(tx *bbolt.Tx) error {
			return tx.Bucket(bucket).Put(binary.BigEndian.AppendUint64(nil, uint64(i)), raw)
		})
	})
}

func (b *runner) updates(ctx context.Context) (r float64, err error) {
	path := filepath.Join(b.dir, "update.db")
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close(), os.Remove(path)) }()
	text := hex.EncodeToString(noise(textBytes / 2))
	return share(ctx, b.commits, func(ctx context.Context, i int) error {
		d := document(time.Now(), uint64(i)+1, text)
		return s.Update(ctx, func(tx store.Tx) error { return store.Documents.Put(tx, d) })
	})
}

// noise does not compress.
func noise(n int) []byte {
	out := make([]byte, n)
	rand.Read(out) //nolint:errcheck // never fails
	return out
}
