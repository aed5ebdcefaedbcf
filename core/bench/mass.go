package bench

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/mass/appeals"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// massClose measures the closing of many appeals against bare group commits of
// the same size: after each transaction of the run, what it wrote is written
// once more, key by key, by bbolt alone into a copy of the store.
func (b *runner) massClose(ctx context.Context) (err error) {
	dir := b.folder("mass")
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if _, err := b.seedWith(ctx, dir, b.closed, waiting); err != nil {
		return err
	}
	path := filepath.Join(dir, maintenance.DatabaseName)
	bare, err := openCopy(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.Close()) }()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	run, floor, err := closeAll(ctx, &tap{Store: s}, bare)
	if err != nil {
		return err
	}
	wall, cpu := run.against(floor)
	b.note("mass_vs_commits", wall)
	b.note("mass_cpu_vs_commits", cpu)
	b.note(closeRate, rate(b.closed, run.wall))
	b.note(bareRate, rate(b.closed, floor.wall))
	b.say("  mass       %6.0f/s of %6.0f/s  %.2f, by CPU %.2f", b.last(closeRate), b.last(bareRate), wall, cpu)
	return nil
}

// closeAll runs the operation to its end.
func closeAll(ctx context.Context, s *tap, bare *bbolt.DB) (run, floor timing, err error) {
	events := bus.New(bus.Options{Store: s, Driver: boltbus.New(s, boltbus.Options{})})
	desk := &appeal.Service{
		Bus: events, Outgoing: &outgoing.Service{Store: s, Bus: events},
		Carries: func(*core.Channel, core.Purpose) bool { return false },
	}
	service := mass.New(mass.Options{Store: s, Bus: events}, appeals.Operations(desk)...)
	var id core.MassID
	ctx = core.WithActor(ctx, core.Actor{Kind: core.ActorUser, ID: ref[string]("usr", 1)})
	err = s.Update(ctx, func(tx store.Tx) error {
		r, err := service.Begin(tx, mass.Order{
			Operation: "close", Args: json.RawMessage(`{"text":"Отопление включено"}`), Filter: &core.MassFilter{AppealState: core.AppealInWork},
		})
		if err == nil {
			id = r.ID
		}
		return err
	})
	for worked := true; worked && err == nil; {
		s.writes = s.writes[:0]
		err = run.time(func() (err error) {
			worked, err = service.Step(ctx)
			return err
		})
		if err == nil {
			err = floor.time(func() error { return bare.Update(s.again) })
		}
	}
	if err != nil {
		return run, floor, err
	}
	r, err := service.Get(ctx, id)
	if err == nil && (r.State != core.MassDone || r.Failed > 0) {
		err = errors.New("not all appeals were closed")
	}
	return run, floor, err
}

// openCopy opens a copy of the store as the store itself is opened.
func openCopy(path string) (db *bbolt.DB, err error) {
	from, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer from.Close() //nolint:errcheck // only read
	to, err := os.Create(path + ".copy")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return nil, err
	}
	return bbolt.Open(to.Name(), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
}

// tap is a store that remembers what is written through it.
type tap struct {
	store.Store
	writes []write
}

// write is a put, or a delete if value is nil.
type write struct {
	bucket     string
	key, value []byte
}

// Update implements store.Store.
func (t *tap) Update(ctx context.Context, fn func(store.Tx) error) error {
	return t.Store.Update(ctx, func(tx store.Tx) error { return fn(&tapped{tx, t}) })
}

// again writes everything once more.
func (t *tap) again(tx *bbolt.Tx) error {
	buckets := map[string]*bbolt.Bucket{}
	for _, w := range t.writes {
		b := buckets[w.bucket]
		if b == nil {
			var err error
			if b, err = tx.CreateBucketIfNotExists([]byte(w.bucket)); err != nil {
				return err
			}
			b.FillPercent = 0.9
			buckets[w.bucket] = b
		}
		do := func() error { return b.Put(w.key, w.value) }
		if w.value == nil {
			do = func() error { return b.Delete(w.key) }
		}
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// tapped is a transaction of a tap.
type tapped struct {
	store.Tx
	tap *tap
}

// Put implements store.Tx.
func (t *tapped) Put(bucket string, key, value []byte) error {
	t.note(bucket, key, value)
	return t.Tx.Put(bucket, key, value)
}

// Insert implements store.Tx.
func (t *tapped) Insert(bucket string, key, value []byte) error {
	t.note(bucket, key, value)
	return t.Tx.Insert(bucket, key, value)
}

// Delete implements store.Tx.
func (t *tapped) Delete(bucket string, key []byte) error {
	t.tap.writes = append(t.tap.writes, write{bucket, slices.Clone(key), nil})
	return t.Tx.Delete(bucket, key)
}

func (t *tapped) note(bucket string, key, value []byte) {
	if value == nil {
		value = []byte{}
	}
	t.tap.writes = append(t.tap.writes, write{bucket, slices.Clone(key), value})
}
