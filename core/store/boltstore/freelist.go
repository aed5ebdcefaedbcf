package boltstore

import (
	"fmt"
	"hash/fnv"
	"os"
	"slices"
)

// A freelist page holds page numbers (uint64) in ascending order. Their count
// stands in the header or, from longList on, before them.
const longList = 0xFFFF

// checkFreelist proves the list of free pages, none of which may be in use.
func (im *image) checkFreelist(inUse bitmap) error {
	raw, err := im.span(im.freelist)
	if err != nil {
		return err
	}
	if flags := order.Uint16(raw[8:]); flags != freelistPage {
		return fmt.Errorf("page %d: is no list of free pages but of kind %#x", im.freelist, flags)
	}
	ids := raw[headerSize:]
	count := uint64(order.Uint16(raw[10:]))
	if count == longList {
		count, ids = order.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids))/8 {
		return fmt.Errorf("page %d: %d free pages do not fit in", im.freelist, count)
	}
	last := uint64(1)
	for i := range count {
		id := order.Uint64(ids[8*i:])
		if id <= last || id >= im.pages {
			return fmt.Errorf("page %d: free page %d is out of order", im.freelist, id)
		}
		if inUse.has(id) {
			return fmt.Errorf("page %d: is in use and stands in the list of free pages", id)
		}
		last = id
	}
	return nil
}

// writeFreelist writes the list of the pages that are not in use behind the last
// page, and then the meta page that makes it count, as bbolt commits.
func (im *image) writeFreelist(f *os.File, inUse bitmap) error {
	page := im.freelistPage(inUse)
	if _, err := f.WriteAt(page, int64(im.pages*im.pageSize)); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	slot := (im.txid + 1) % 2
	meta := make([]byte, im.pageSize)
	order.PutUint64(meta, slot)
	order.PutUint16(meta[8:], metaPage)
	raw := meta[headerSize : headerSize+metaSize]
	copy(raw, im.raw)
	order.PutUint64(raw[32:], im.pages)
	order.PutUint64(raw[40:], im.pages+uint64(len(page))/im.pageSize)
	order.PutUint64(raw[48:], im.txid+1)
	sum := fnv.New64a()
	sum.Write(raw[:metaSize-8])
	order.PutUint64(raw[metaSize-8:], sum.Sum64())
	if _, err := f.WriteAt(meta, int64(slot*im.pageSize)); err != nil {
		return err
	}
	return f.Sync()
}

// freelistPage is the list as it stands in the file, with its overflow.
func (im *image) freelistPage(inUse bitmap) []byte {
	page := make([]byte, headerSize, im.pageSize)
	count := uint64(0)
	for id := uint64(2); id < im.pages; id++ {
		if !inUse.has(id) {
			page = order.AppendUint64(page, id)
			count++
		}
	}
	if count >= longList {
		page = slices.Insert(page, headerSize, order.AppendUint64(nil, count)...)
	}
	overflow := uint64(len(page)-1) / im.pageSize
	page = append(page, make([]byte, (overflow+1)*im.pageSize-uint64(len(page)))...)
	order.PutUint64(page, im.pages)
	order.PutUint16(page[8:], freelistPage)
	order.PutUint16(page[10:], uint16(min(count, longList)))
	order.PutUint32(page[12:], uint32(overflow))
	return page
}
