package boltstore

import (
	"bytes"
	"os"
	"sort"
)

// Reading ahead. bbolt tells the kernel that its pages are read in no order, so
// that each is fetched when it is touched, while the reader waits. The records of
// a list in a large file lie on as many pages, and to wait for one disk read after
// the other is most of what such a list costs. Their pages can be told from the
// branches above them, which are few and read often; so they are asked for all at
// once before the first is touched.

// aheadBytes of a leaf are fetched: a record with a text of some size goes on over
// the pages behind it.
const aheadBytes = 16 << 10

// scope is the keys [from, to) of a bucket, upwards or downwards.
type scope struct {
	from, to []byte
	desc     bool
}

// Ahead implements store.Tx. A transaction that writes has pages that are not in
// the file, and does without.
func (t *tx) Ahead(name string, from, to []byte, desc bool, n int) {
	if t.bolt.Writable() || t.usable(name) != nil || n < 1 {
		return
	}
	b := t.bucket(name)
	if b == nil || b.Root() == 0 { // a small bucket lies within a page of another
		return
	}
	im, s := t.mapped(), scope{from, to, desc}
	if b.depth == 0 {
		leaf, depth := im.descend(uint64(b.Root()), s)
		if b.depth, b.fill = depth, leaf.count; depth == 0 {
			return
		}
	}
	if n > 1 {
		n = n/max(b.fill, 1) + 1
	}
	for _, id := range im.leaves(nil, uint64(b.Root()), b.depth, s, n) {
		im.fetch(id)
	}
}

// mapped is the file as bbolt has it in memory. It stays where it is until the
// transaction ends.
func (t *tx) mapped() *image {
	info, size := t.bolt.DB().Info(), t.bolt.Size()
	pages := uint64(size) / uint64(info.PageSize)
	return &image{data: bytesAt(info.Data, size), meta: meta{pageSize: uint64(info.PageSize), pages: pages}}
}

// descend goes to the leaf where the scope begins and counts the pages on the way,
// itself included: as many as on the way to any other leaf. 0 if a page is damaged.
func (im *image) descend(id uint64, s scope) (leaf page, depth int) {
	for {
		p, err := im.page(id)
		if err != nil {
			return page{}, 0
		}
		depth++
		if p.leaf {
			return p, depth
		}
		first, last := p.children(s)
		if s.desc {
			first = last
		}
		e, err := p.element(first)
		if err != nil {
			return page{}, 0
		}
		id = e.child
	}
}

// leaves appends the first n leaves of the scope below page id, without touching
// them. A damaged page has none: whoever reads meets the damage.
func (im *image) leaves(found []uint64, id uint64, depth int, s scope, n int) []uint64 {
	if depth == 1 {
		return append(found, id)
	}
	p, err := im.page(id)
	if err != nil || p.leaf {
		return found
	}
	first, last := p.children(s)
	for i := first; i <= last && len(found) < n; i++ {
		at := i
		if s.desc {
			at = first + last - i
		}
		e, err := p.element(at)
		if err != nil {
			return found
		}
		found = im.leaves(found, e.child, depth-1, s, n)
	}
	return found
}

// children are the first and the last element of a branch that lead to keys of the
// scope.
func (p page) children(s scope) (first, last int) {
	before := func(bound []byte, with bool) int { // elements with keys below bound
		return sort.Search(p.count, func(i int) bool {
			e, err := p.element(i)
			cmp := bytes.Compare(e.key, bound)
			return err != nil || cmp > 0 || cmp == 0 && !with
		})
	}
	first, last = max(before(s.from, true)-1, 0), p.count-1
	if s.to != nil {
		last = before(s.to, false) - 1
	}
	return first, max(first, last)
}

// fetch has the kernel begin to read a leaf.
func (im *image) fetch(id uint64) {
	begin := id * im.pageSize
	begin -= begin % uint64(os.Getpagesize())
	if begin < uint64(len(im.data)) {
		willNeed(im.data[begin:min(begin+aheadBytes, uint64(len(im.data)))])
	}
}
