package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
)

// bbolt trusts its pages: a damaged one makes it panic in goroutines of its
// own, read outside the file, or walk in circles, and each of these ends the
// program. What is here reads the file without trusting it, before bbolt does.
//
// A file is a row of pages of one size. The first two are meta pages, written
// in turn; the one with the higher transaction id that is whole tells the root
// and the number of pages. Every page begins with a header
//
//	id uint64, flags uint16, count uint16, overflow uint32
//
// and goes on over `overflow` more pages. Leaf elements are flags, pos, ksize,
// vsize (uint32 each); branch elements pos, ksize (uint32) and page (uint64);
// pos counts from the element itself. A leaf element with flag 1 is a bucket:
// its value is root and sequence (uint64 each); root 0 means that the page of a
// small bucket follows at once. All in the byte order of the machine.
const (
	headerSize  = 16
	elementSize = 16
	metaSize    = 64

	branchPage   = 0x01
	leafPage     = 0x02
	metaPage     = 0x04
	freelistPage = 0x10

	boltMagic   = 0xED0CDAED
	boltVersion = 2
	noFreelist  = math.MaxUint64
)

var order = binary.NativeEndian

// meta is what a meta page tells.
type meta struct {
	raw            []byte
	pageSize       uint64
	root, freelist uint64
	pages, txid    uint64
}

// image is a file as it lies in memory.
type image struct {
	data []byte
	meta
	// ordered asks for the order of keys too, which takes as long as all the rest:
	// bbolt survives keys in disorder, so Open does not look at them in big files.
	ordered bool
}

// bigFile is the size from which a file that was closed in order is not read
// whole when it is opened: going through 256 MiB takes some 20 ms.
const bigFile = 256 << 20

// inspect looks at a database file that no other process has open. The error
// says what is damaged. All pages are visited, unless the file is big and was
// closed in order: then it is the list of buckets and the root page of each.
//
// A file that was not closed in order lacks the list of its free pages, and
// bbolt would search for them. Since all pages were just visited, the list is
// written here, in half the time.
func inspect(f *os.File) error {
	data, unmap, err := mapFile(f)
	if err != nil {
		return err
	}
	defer unmap()
	small := len(data) < bigFile
	im := &image{data: data, ordered: small}
	if im.meta, err = readMeta(data); err != nil {
		return err
	}
	if uint64(len(data)) < im.pages*im.pageSize {
		return fmt.Errorf("the file is cut off: %d bytes of %d", len(data), im.pages*im.pageSize)
	}
	var first error
	crashed := im.freelist == noFreelist
	seen := im.walk(im.root, crashed || small, func(problem error) bool {
		first = problem
		return false
	})
	switch {
	case first != nil:
		return first
	case crashed:
		_ = im.writeFreelist(f, seen) // where it cannot be written, bbolt searches
		return nil
	}
	return im.checkFreelist(seen)
}

// readMeta finds the page size and the newest whole meta page.
func readMeta(data []byte) (meta, error) {
	best, found := parseMeta(data)
	for size := uint64(1024); size <= 1024<<14 && size < uint64(len(data)); size <<= 1 {
		if found && best.pageSize != size {
			continue // the first page says where the second begins
		}
		m, ok := parseMeta(data[size:])
		if ok && m.pageSize == size && (!found || m.txid > best.txid) {
			best, found = m, true
		}
	}
	if !found {
		return meta{}, errors.New("no meta page is whole, or the file is of another kind")
	}
	if best.pages > math.MaxInt64/best.pageSize {
		return meta{}, fmt.Errorf("meta page speaks of %d pages", best.pages)
	}
	return best, nil
}

// parseMeta reads magic, version, page size, flags (uint32 each), root,
// sequence, freelist, pages, transaction id and checksum (uint64 each).
func parseMeta(page []byte) (m meta, ok bool) {
	if len(page) < headerSize+metaSize {
		return m, false
	}
	raw := page[headerSize : headerSize+metaSize]
	sum := fnv.New64a()
	sum.Write(raw[:metaSize-8])
	if order.Uint32(raw) != boltMagic || order.Uint32(raw[4:]) != boltVersion || order.Uint64(raw[metaSize-8:]) != sum.Sum64() {
		return m, false
	}
	m = meta{
		raw:      raw,
		pageSize: uint64(order.Uint32(raw[8:])),
		root:     order.Uint64(raw[16:]), freelist: order.Uint64(raw[32:]),
		pages: order.Uint64(raw[40:]), txid: order.Uint64(raw[48:]),
	}
	return m, m.pageSize >= 1024
}

// page is one node with its overflow.
type page struct {
	id    uint64
	raw   []byte // all of it, header included
	leaf  bool
	count int
}

// element is one entry of a page.
type element struct {
	key, value []byte // value of a leaf element
	child      uint64 // of a branch element
	bucket     bool   // the value is a bucket
}

// span is the bytes of a page with its overflow, after checks of its header.
func (im *image) span(id uint64) ([]byte, error) {
	if id < 2 || id >= im.pages {
		return nil, fmt.Errorf("page %d: there are only %d", id, im.pages)
	}
	raw := im.data[id*im.pageSize : im.pages*im.pageSize]
	if own := order.Uint64(raw); own != id {
		return nil, fmt.Errorf("page %d: says it is %d", id, own)
	}
	size := (uint64(order.Uint32(raw[12:])) + 1) * im.pageSize
	if size > uint64(len(raw)) {
		return nil, fmt.Errorf("page %d: goes beyond the end of the file", id)
	}
	return raw[:size], nil
}

func (im *image) page(id uint64) (page, error) {
	raw, err := im.span(id)
	if err != nil {
		return page{}, err
	}
	return parsePage(id, raw)
}

func parsePage(id uint64, raw []byte) (page, error) {
	p := page{id: id, raw: raw, count: int(order.Uint16(raw[10:]))}
	switch flags := order.Uint16(raw[8:]); flags {
	case leafPage:
		p.leaf = true
	case branchPage:
		if p.count == 0 {
			return p, fmt.Errorf("page %d: a branch without children", id)
		}
	default:
		return p, fmt.Errorf("page %d: is of unknown kind %#x", id, flags)
	}
	if headerSize+p.count*elementSize > len(raw) {
		return p, fmt.Errorf("page %d: %d elements do not fit in", id, p.count)
	}
	return p, nil
}

// element reads the i-th element, which must lie within the page.
func (p page) element(i int) (e element, err error) {
	at := headerSize + i*elementSize
	raw := p.raw[at : at+elementSize]
	var pos, ksize, vsize uint64
	if p.leaf {
		e.bucket = order.Uint32(raw)&1 != 0
		pos, ksize, vsize = uint64(order.Uint32(raw[4:])), uint64(order.Uint32(raw[8:])), uint64(order.Uint32(raw[12:]))
	} else {
		pos, ksize = uint64(order.Uint32(raw)), uint64(order.Uint32(raw[4:]))
		e.child = order.Uint64(raw[8:])
	}
	begin := uint64(at) + pos
	if ksize == 0 || pos < elementSize || begin+ksize+vsize > uint64(len(p.raw)) {
		return e, fmt.Errorf("page %d: element %d lies outside of it", p.id, i)
	}
	e.key, e.value = p.raw[begin:begin+ksize], p.raw[begin+ksize:begin+ksize+vsize]
	return e, nil
}

// step is a page still to be visited, and the keys it may hold: [from, to).
type step struct {
	id       uint64
	from, to []byte
	bucket   bool // root of a bucket
}

// walk visits the pages below root: each once, elements within their pages,
// keys in order. report gets each fault and says whether to go on. With deep
// false only the list of buckets and the root page of each are visited.
//
// It returns the set of pages visited.
func (im *image) walk(root uint64, deep bool, report func(error) bool) (seen bitmap) {
	seen = make(bitmap, im.pages/64+1)
	for todo := []step{{id: root}}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		below, err := im.visit(next, seen)
		if err != nil && !report(err) {
			return seen
		}
		if deep || !next.bucket {
			todo = append(todo, below...)
		}
	}
	return seen
}

// bitmap is a set of pages.
type bitmap []uint64

func (b bitmap) has(id uint64) bool { return b[id/64]&(1<<(id%64)) != 0 }
func (b bitmap) add(id uint64)      { b[id/64] |= 1 << (id % 64) }

func (im *image) visit(s step, seen bitmap) (below []step, err error) {
	p, err := im.page(s.id)
	if err != nil {
		return nil, err
	}
	for id := s.id; id < s.id+uint64(len(p.raw))/im.pageSize; id++ {
		if seen.has(id) {
			return nil, fmt.Errorf("page %d: belongs to two places", id)
		}
		seen.add(id)
	}
	return im.read(p, s)
}

// read checks the elements of a page and returns the pages they lead to.
func (im *image) read(p page, s step) (below []step, err error) {
	last := s.from
	for i := range p.count {
		e, err := p.element(i)
		if err != nil {
			return below, err
		}
		if im.ordered && !inOrder(last, e.key, s.to, i == 0) {
			return below, fmt.Errorf("page %d: key %d is out of order", p.id, i)
		}
		last = e.key
		switch {
		case !p.leaf:
			if i > 0 {
				below[i-1].to = e.key
			}
			below = append(below, step{id: e.child, from: e.key, to: s.to})
		case e.bucket:
			root, err := im.bucket(p, i, e.value)
			if err != nil {
				return below, err
			}
			if root != 0 {
				below = append(below, step{id: root, bucket: true})
			}
		}
	}
	return below, nil
}

// inOrder tells that key is after last and before to. The first key of a page
// may be the one its parent names it by.
func inOrder(last, key, to []byte, first bool) bool {
	cmp := bytes.Compare(key, last)
	return (cmp > 0 || cmp == 0 && first) && (to == nil || bytes.Compare(key, to) < 0)
}

// bucket returns the root page of a bucket, 0 of one that lies within its value.
func (im *image) bucket(p page, i int, value []byte) (root uint64, err error) {
	if len(value) < 16 {
		return 0, fmt.Errorf("page %d: bucket %d is too short", p.id, i)
	}
	if root := order.Uint64(value); root != 0 {
		return root, nil
	}
	if len(value) < 16+headerSize {
		return 0, fmt.Errorf("page %d: bucket %d is too short", p.id, i)
	}
	inner, err := parsePage(p.id, value[16:])
	if err != nil {
		return 0, err
	}
	if !inner.leaf {
		return 0, fmt.Errorf("page %d: bucket %d is no leaf", p.id, i)
	}
	below, err := im.read(inner, step{})
	if err == nil && len(below) > 0 {
		err = fmt.Errorf("page %d: bucket %d holds a bucket", p.id, i)
	}
	return 0, err
}
