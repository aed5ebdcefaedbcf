package boltstore

import (
	"bytes"
	"iter"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
)

// group is a bbolt transaction, in the committer shared by the functions of a
// group, which run one after the other.
type group struct {
	bolt    *bbolt.Tx
	buckets map[string]*bucket
	log     *undoLog
	steps   *steps // of all that succeeded; nil in View
	bytes   int    // written by all of them
}

// undoLog is what the function that runs has done.
type undoLog struct {
	changes []change
	keys    []byte // those of changes, one behind the other
}

// bucket keeps a cursor, because bbolt allocates one for each Get.
type bucket struct {
	*bbolt.Bucket
	name   string
	cursor *bbolt.Cursor

	// Of Ahead: pages from the root to a leaf, 0 not known yet; keys of such a leaf.
	depth, fill int
}

func (b *bucket) get(key []byte) []byte {
	k, v := b.cursor.Seek(key)
	if !bytes.Equal(k, key) {
		return nil
	}
	return v
}

// change is one step of a function, and what undoes it.
type change struct {
	bucket   *bucket
	key      []byte // nil: the step moved the sequence
	value    []byte // nil: the step deleted the key
	old      []byte // nil: the key was not there
	sequence uint64 // before
}

// tx is the store.Tx of one function.
type tx struct {
	*group
	actor core.Actor
	now   time.Time
	first []func() error // of BeforeCommit
	hooks []func()       // of AfterCommit
	ended bool           // the function has returned
}

func newGroup(btx *bbolt.Tx, log *undoLog, steps *steps) *group {
	clear(log.changes[:cap(log.changes)]) // lets go of the transaction before
	return &group{bolt: btx, buckets: make(map[string]*bucket), log: log, steps: steps}
}

func (g *group) newTx(actor core.Actor, now time.Time) *tx {
	g.log.changes, g.log.keys = g.log.changes[:0], g.log.keys[:0]
	return &tx{group: g, actor: actor, now: now.UTC().Round(0)}
}

func (t *tx) end() { t.ended = true }

// remember notes what undoes a put or delete. The caller may use key again.
func (g *group) remember(b *bucket, key, value, old []byte) {
	log := g.log
	at := len(log.keys)
	log.keys = append(log.keys, key...)
	log.changes = append(log.changes, change{bucket: b, key: log.keys[at:len(log.keys):len(log.keys)], value: value, old: old})
}

// undo takes back what the function did, last step first. bbolt's pages are
// not remapped before the commit, so the old values still stand where they were.
func (g *group) undo() { g.undoTo(0) }

// undoTo takes back all steps but the first n.
func (g *group) undoTo(n int) {
	for _, c := range slices.Backward(g.log.changes[n:]) {
		switch {
		case c.key == nil:
			must(c.bucket.SetSequence(c.sequence))
		case c.old == nil:
			must(c.bucket.Delete(c.key))
		default:
			must(c.bucket.Put(c.key, c.old))
		}
	}
	g.log.changes = g.log.changes[:n]
}

// Attempt implements store.Tx.
func (t *tx) Attempt(fn func() error) error {
	steps, first, hooks, kept := len(t.log.changes), len(t.first), len(t.hooks), false
	defer func() {
		if !kept {
			t.undoTo(steps)
			t.first, t.hooks = t.first[:first], t.hooks[:hooks]
		}
	}()
	err := fn()
	kept = err == nil
	return err
}

// must is for steps that bbolt can only refuse in a transaction that is over.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (t *tx) Get(bucket string, key []byte) ([]byte, error) {
	if err := t.usable(bucket); err != nil {
		return nil, err
	}
	b := t.bucket(bucket)
	if b == nil {
		return nil, nil
	}
	return b.get(key), nil
}

func (t *tx) Put(bucket string, key, value []byte) error {
	b, err := t.writable(bucket)
	if err != nil {
		return err
	}
	return t.put(b, key, value, b.get(key))
}

func (t *tx) Insert(bucket string, key, value []byte) error {
	b, err := t.writable(bucket)
	if err != nil {
		return err
	}
	return t.put(b, key, value, nil)
}

func (t *tx) put(b *bucket, key, value, old []byte) error {
	if value == nil {
		value = []byte{} // bbolt's Get must tell it from a key that is not there
	}
	if err := b.Put(key, value); err != nil {
		return misuse("put", err)
	}
	t.remember(b, key, value, old)
	t.bytes += len(key) + len(value)
	return nil
}

func (t *tx) Delete(bucket string, key []byte) error {
	b, err := t.writable(bucket)
	if err != nil {
		return err
	}
	old := b.get(key)
	if old == nil {
		return nil
	}
	if err := b.cursor.Delete(); err != nil { // get left it there: no second search
		return misuse("delete "+bucket, err)
	}
	t.remember(b, key, nil, old)
	return nil
}

func (t *tx) Sequence(bucket string) (uint64, error) {
	b, err := t.writable(bucket)
	if err != nil {
		return 0, err
	}
	t.log.changes = append(t.log.changes, change{bucket: b, sequence: b.Sequence()})
	return b.NextSequence()
}

func (t *tx) Scan(bucket string, from, to []byte, desc bool) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		must(t.usable(bucket))
		b := t.bucket(bucket)
		switch {
		case b == nil:
		case desc:
			t.scanDown(b, from, to, yield)
		default:
			scanUp(b.Cursor(), from, to, yield)
		}
	}
}

func scanUp(c *bbolt.Cursor, from, to []byte, yield func(k, v []byte) bool) {
	for k, v := c.Seek(from); k != nil; k, v = c.Next() {
		if to != nil && bytes.Compare(k, to) >= 0 || !yield(k, v) {
			return
		}
	}
}

// scanDown works around two faults of bbolt's cursor in a transaction that has
// emptied whole pages: Prev stops at such a page as if it were the first, and
// Last never returns when all pages are empty.
func (t *tx) scanDown(b *bucket, from, to []byte, yield func(k, v []byte) bool) {
	c := b.Cursor()
	var first []byte
	if t.bolt.Writable() {
		if first, _ = c.First(); first == nil {
			return
		}
	}
	k, v := last(c, to)
	for bound := to; ; k, v = c.Prev() {
		switch {
		case k == nil && (first == nil || bound == nil || bytes.Compare(first, bound) >= 0):
			return
		case k == nil:
			continue // there is more behind an emptied page
		case bytes.Compare(k, from) < 0 || !yield(k, v):
			return
		}
		bound = k
	}
}

// last moves the cursor to the last key before to.
func last(c *bbolt.Cursor, to []byte) (k, v []byte) {
	if to == nil {
		return c.Last()
	}
	if k, _ := c.Seek(to); k == nil {
		return c.Last()
	}
	return c.Prev()
}

func (t *tx) BeforeCommit(f func() error) { t.first = append(t.first, f) }

func (t *tx) AfterCommit(f func()) { t.hooks = append(t.hooks, f) }
func (t *tx) Now() time.Time       { return t.now }
func (t *tx) Actor() core.Actor    { return t.actor }

// usable refuses a transaction that is over and a bucket name that is ours.
func (t *tx) usable(bucket string) error {
	if t.ended || bucket == "" || bucket == versionBucket {
		return misuse("use "+bucket, nil)
	}
	return nil
}

// bucket is nil if there is none yet.
func (g *group) bucket(name string) *bucket {
	b, ok := g.buckets[name]
	if !ok {
		b = g.keep(name, g.bolt.Bucket([]byte(name)))
	}
	return b
}

func (t *tx) writable(name string) (*bucket, error) {
	if err := t.usable(name); err != nil {
		return nil, err
	}
	if !t.bolt.Writable() {
		return nil, misuse("write "+name+" in View", nil)
	}
	if b := t.bucket(name); b != nil {
		return b, nil
	}
	b, err := t.bolt.CreateBucket([]byte(name))
	if err != nil {
		return nil, misuse("create "+name, err)
	}
	return t.keep(name, b), nil
}

// fillPercent fills pages nearly full when they split: most keys come in
// ascending order, because they begin with the time.
const fillPercent = 0.9

func (g *group) keep(name string, b *bbolt.Bucket) *bucket {
	if b == nil {
		g.buckets[name] = nil
		return nil
	}
	b.FillPercent = fillPercent
	kept := &bucket{Bucket: b, name: name, cursor: b.Cursor()}
	g.buckets[name] = kept
	return kept
}
