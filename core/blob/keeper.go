package blob

import (
	"context"
	"io"
	"sync"

	"github.com/uzel-hub/uzel/core"
)

// Keeper is a Store in which files nobody refers to are deleted while others are
// stored that somebody is about to refer to. The same bytes are kept once: a file
// that is being deleted may be the one that comes in again at that moment.
//
// Whoever stores files puts them under a [Claim] until the record that names them
// is written. Whoever deletes does it with a [Sweep]. A Keeper serves one
// process, like the claims of which it knows.
type Keeper struct {
	Store
	mu       sync.Mutex
	claims   map[*Claim]struct{}
	sweeps   map[*Sweep]struct{}
	deleting map[string]chan struct{} // by hash; closed when the deletion is over
}

// NewKeeper makes a Keeper of a store that nothing else deletes from.
func NewKeeper(s Store) *Keeper {
	return &Keeper{Store: s, claims: map[*Claim]struct{}{}, sweeps: map[*Sweep]struct{}{}, deleting: map[string]chan struct{}{}}
}

// Claim says that files are being stored to which no record refers yet. The zero
// Claim is ready; it must not be copied.
type Claim struct {
	mu    sync.Mutex
	by    *Keeper       // nil: nothing was put yet
	ended chan struct{} // closed by End
}

type claimKey struct{}

// Under makes all that is put under the returned context a part of the claim.
func (c *Claim) Under(ctx context.Context) context.Context {
	return context.WithValue(ctx, claimKey{}, c)
}

// End tells that the record is written, or never will be. It may be called more
// than once; what is put later begins anew.
func (c *Claim) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		return
	}
	c.by.mu.Lock()
	delete(c.by.claims, c)
	c.by.mu.Unlock()
	close(c.ended)
	c.by = nil
}

// begin enters the claim before the first file of it is looked for.
func (c *Claim) begin(k *Keeper) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by != nil {
		return
	}
	c.by, c.ended = k, make(chan struct{})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.claims[c] = struct{}{}
}

// Put is Store.Put under the claim of ctx; without one the file is safe from a
// sweep as long as Put runs. KindUnavailable if a sweep took the file at that
// moment: the same call succeeds when it is repeated.
func (k *Keeper) Put(ctx context.Context, r io.Reader) (Ref, error) {
	c, ok := ctx.Value(claimKey{}).(*Claim)
	if !ok {
		c = new(Claim)
		defer c.End()
	}
	c.begin(k)
	ref, err := k.Store.Put(ctx, r)
	if err != nil {
		return ref, err
	}
	return ref, k.present(ctx, ref.Hash)
}

// Begin is Store.Begin under the claim of ctx, which must have one.
func (k *Keeper) Begin(ctx context.Context, all []byte) (Ref, func() error, error) {
	c, ok := ctx.Value(claimKey{}).(*Claim)
	if !ok {
		return Ref{}, nil, &core.Error{Kind: core.KindInternal, Code: "blob.unclaimed", Text: "Begin without a claim"}
	}
	c.begin(k)
	ref, wait, err := k.Store.Begin(ctx, all)
	if err != nil {
		return ref, nil, err
	}
	watched, deleting := k.touch(ref.Hash)
	if !watched {
		return ref, wait, nil
	}
	if err := over(ctx, deleting); err != nil {
		return Ref{}, nil, err
	}
	// The store may have counted on bytes that a sweep took since. From now on
	// none does.
	return k.Store.Begin(ctx, all)
}

// over waits until a file is deleted; nil: it is not being deleted.
func over(ctx context.Context, deleting chan struct{}) error {
	if deleting == nil {
		return nil
	}
	select {
	case <-deleting:
		return nil
	case <-ctx.Done():
		return core.Unavailable("blob.swept", "файл удаляется в этот момент", context.Cause(ctx))
	}
}

// present proves that no sweep has taken a file that was put.
func (k *Keeper) present(ctx context.Context, hash string) error {
	watched, deleting := k.touch(hash)
	if !watched {
		return nil
	}
	if err := over(ctx, deleting); err != nil {
		return err
	}
	_, err := k.Stat(ctx, hash)
	if core.KindOf(err) == core.KindNotFound {
		return core.Unavailable("blob.swept", "файл удалялся в этот момент, повторите", err)
	}
	return err
}

// touch tells the sweeps of a file that was put. watched is false if there are
// none; deleting is not nil if one of them deletes the file now.
func (k *Keeper) touch(hash string) (watched bool, deleting chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for s := range k.sweeps {
		s.touched[hash] = true
	}
	return len(k.sweeps) > 0, k.deleting[hash]
}

// Sweep deletes files. Between Sweep and Delete its owner waits with Settle and
// then looks which files records refer to: all that was put before the sweep is
// either referred to by then or never will be, and what is put after its
// beginning it does not delete.
type Sweep struct {
	keeper  *Keeper
	before  []chan struct{} // claims that were open at the beginning
	touched map[string]bool // guarded by keeper.mu
}

// Sweep begins to watch what is put. End ends it.
func (k *Keeper) Sweep() *Sweep {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := &Sweep{keeper: k, touched: map[string]bool{}}
	for c := range k.claims {
		s.before = append(s.before, c.ended)
	}
	k.sweeps[s] = struct{}{}
	return s
}

// Settle waits until all claims have ended that were open when the sweep began.
func (s *Sweep) Settle(ctx context.Context) error {
	for _, ended := range s.before {
		select {
		case <-ended:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Delete deletes a file nobody refers to; false if it was put again since the
// sweep began, which leaves it to the next one.
func (s *Sweep) Delete(ctx context.Context, hash string) (bool, error) {
	over := s.condemn(hash)
	if over == nil {
		return false, nil
	}
	defer over()
	return true, s.keeper.Store.Delete(ctx, hash)
}

// condemn makes puts of the file wait until over is called; nil if it may not be
// deleted.
func (s *Sweep) condemn(hash string) (over func()) {
	k := s.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, busy := k.deleting[hash]; busy || s.touched[hash] {
		return nil
	}
	ended := make(chan struct{})
	k.deleting[hash] = ended
	return func() {
		k.mu.Lock()
		delete(k.deleting, hash)
		k.mu.Unlock()
		close(ended)
	}
}

// End ends the sweep.
func (s *Sweep) End() {
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	delete(s.keeper.sweeps, s)
}
