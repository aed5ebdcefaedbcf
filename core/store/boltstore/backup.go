package boltstore

import (
	"errors"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// imageOf is the state of the file that a transaction reads: its pages stay as
// they are until the transaction ends. Call done when the image is not looked at
// any more.
func (s *Store) imageOf(btx *bbolt.Tx) (im *image, done func(), err error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, nil, diskError(err)
	}
	data, unmap, err := mapFile(f)
	if err != nil {
		return nil, nil, errors.Join(diskError(err), f.Close())
	}
	size := uint64(s.db.Info().PageSize)
	im = &image{data: data, meta: meta{pageSize: size, pages: uint64(btx.Size()) / size, root: uint64(btx.Cursor().Bucket().Root())}}
	return im, func() {
		unmap()
		_ = f.Close() // opened for reading
	}, nil
}

// cleaned lets the copy of a file through to w with zeros in the place of what its
// free pages still hold. A damaged file goes through as it is: nobody knows which
// of its pages are free.
func cleaned(im *image, w io.Writer) io.Writer {
	damaged := false
	used := im.walk(im.root, true, func(error) bool {
		damaged = true
		return false
	})
	if damaged {
		return w
	}
	used.add(0)
	used.add(1)
	return &cleaner{w: w, im: im, used: used, zeros: make([]byte, im.pageSize)}
}

// cleaner writes the pages of a file in their order; those that are not used as
// zeros.
type cleaner struct {
	w     io.Writer
	im    *image
	used  bitmap
	zeros []byte
	at    uint64 // bytes written so far
}

// Write implements io.Writer.
func (c *cleaner) Write(b []byte) (n int, err error) {
	if c.at == 0 {
		c.useFreelist(b)
	}
	for n < len(b) && err == nil {
		page, begin := c.at/c.im.pageSize, c.at%c.im.pageSize
		part := b[n:min(len(b), n+int(c.im.pageSize-begin))]
		if !c.used.has(page) {
			part = c.zeros[:len(part)]
		}
		var wrote int
		wrote, err = c.w.Write(part)
		n += wrote
		c.at += uint64(wrote)
	}
	return n, err
}

// useFreelist keeps the list of free pages, which a file that was closed in order
// has until something is written. The first meta page names it.
func (c *cleaner) useFreelist(first []byte) {
	m, ok := parseMeta(first)
	if !ok || m.freelist == noFreelist {
		return
	}
	raw, err := c.im.span(m.freelist)
	if err != nil {
		return // the copy lacks what the file lacks
	}
	for i := range uint64(len(raw)) / c.im.pageSize {
		c.used.add(m.freelist + i)
	}
}
