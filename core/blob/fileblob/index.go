package fileblob

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"sort"

	"github.com/uzel-hub/uzel/core/blob"
)

const (
	indexMagic      = "uzelindx"
	indexVersion    = 1
	indexHeaderSize = 64
	fanoutSize      = 256 * 4
	entrySize       = 40
)

// entry is one line of an index.
type entry struct {
	sum blob.Sum
	location
}

// index is the file that tells where the records of a pack are, with the part
// of it that stays in memory.
type index struct {
	f       *os.File
	sealed  bool
	covers  int64 // of the pack, bytes
	count   int
	records int    // in the covered part of the pack, deleted ones too
	listSum uint32 // of the entries
	fanout  [256]uint32
	filter  bloom
}

// segment is a pack that no longer grows, with its index.
type segment struct {
	*pack
	index *index
}

func (ix *index) close() { ix.f.Close() }

// contents is what an index is made from.
type contents struct {
	entries []entry
	covers  int64
	records int
	sealed  bool
}

// writeIndex replaces the index at path.
func writeIndex(d *disk, tmp, path string, c contents) error {
	slices.SortFunc(c.entries, func(a, b entry) int { return bytes.Compare(a.sum[:], b.sum[:]) })
	list := encodeEntries(c.entries)
	head := c.encodeHead(list)
	return d.replace(tmp, path, func(f *os.File) error {
		if err := d.write(f, head); err != nil {
			return err
		}
		return d.write(f, list)
	})
}

func encodeEntries(entries []entry) []byte {
	p := make([]byte, 0, len(entries)*entrySize)
	for _, e := range entries {
		p = append(p, e.sum[:]...)
		p = binary.LittleEndian.AppendUint32(p, e.at)
		p = binary.LittleEndian.AppendUint32(p, e.size)
	}
	return p
}

func decodeEntry(p []byte) (e entry) {
	copy(e.sum[:], p)
	e.at = binary.LittleEndian.Uint32(p[32:])
	e.size = binary.LittleEndian.Uint32(p[36:])
	return e
}

// encodeHead makes all of the file that lies before the list of sorted entries.
func (c contents) encodeHead(list []byte) []byte {
	filter := newBloom(len(c.entries))
	var fanout [256]uint32
	for _, e := range c.entries {
		filter.add(e.sum)
		fanout[e.sum[0]]++
	}
	p := make([]byte, indexHeaderSize, indexHeaderSize+fanoutSize+len(filter)*8)
	copy(p, indexMagic)
	binary.LittleEndian.PutUint32(p[8:], indexVersion)
	if c.sealed {
		p[12] = 1
	}
	binary.LittleEndian.PutUint32(p[16:], uint32(len(c.entries)))
	binary.LittleEndian.PutUint32(p[20:], uint32(len(filter)))
	binary.LittleEndian.PutUint64(p[24:], uint64(c.covers))
	binary.LittleEndian.PutUint32(p[32:], crc32.Checksum(list, castagnoli))
	binary.LittleEndian.PutUint32(p[36:], uint32(c.records))
	upTo := uint32(0)
	for _, n := range fanout {
		upTo += n
		p = binary.LittleEndian.AppendUint32(p, upTo)
	}
	for _, word := range filter {
		p = binary.LittleEndian.AppendUint64(p, word)
	}
	binary.LittleEndian.PutUint32(p[60:], indexHeadSum(p))
	return p
}

func indexHeadSum(p []byte) uint32 {
	return crc32.Update(crc32.Checksum(p[:60], castagnoli), castagnoli, p[indexHeaderSize:])
}

// openIndex reads the part of an index that stays in memory. ok is false if
// the file is missing or damaged, so that it must be made again.
func openIndex(path string) (ix *index, ok bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	ix, ok, err = readIndexHead(f)
	if !ok || err != nil {
		f.Close()
	}
	return ix, ok, err
}

func readIndexHead(f *os.File) (*index, bool, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	p := make([]byte, indexHeaderSize)
	n, err := fill(f, p)
	if err != nil || n < len(p) || string(p[:8]) != indexMagic || binary.LittleEndian.Uint32(p[8:]) != indexVersion {
		return nil, false, err
	}
	ix := &index{
		f:       f,
		sealed:  p[12] == 1,
		count:   int(binary.LittleEndian.Uint32(p[16:])),
		covers:  int64(binary.LittleEndian.Uint64(p[24:])),
		listSum: binary.LittleEndian.Uint32(p[32:]),
		records: int(binary.LittleEndian.Uint32(p[36:])),
	}
	words := int(binary.LittleEndian.Uint32(p[20:]))
	if words == 0 || info.Size() != int64(indexHeaderSize+fanoutSize+words*8+ix.count*entrySize) {
		return nil, false, nil
	}
	p = append(p, make([]byte, fanoutSize+words*8)...)
	if _, err = fill(f, p[indexHeaderSize:]); err != nil || binary.LittleEndian.Uint32(p[60:]) != indexHeadSum(p) {
		return nil, false, err
	}
	ix.decodeTables(p[indexHeaderSize:], words)
	return ix, true, nil
}

func (ix *index) decodeTables(p []byte, words int) {
	for i := range ix.fanout {
		ix.fanout[i] = binary.LittleEndian.Uint32(p[i*4:])
	}
	p = p[fanoutSize:]
	ix.filter = make(bloom, words)
	for i := range ix.filter {
		ix.filter[i] = binary.LittleEndian.Uint64(p[i*8:])
	}
}

// listAt is the place of the first entry in the file.
func (ix *index) listAt() int64 {
	return int64(indexHeaderSize + fanoutSize + len(ix.filter)*8)
}

// find looks sum up; it reads the disk only if the filter lets it through.
func (ix *index) find(sum blob.Sum) (loc location, ok bool, err error) {
	if !ix.filter.has(sum) {
		return loc, false, nil
	}
	from := uint32(0)
	if sum[0] > 0 {
		from = ix.fanout[sum[0]-1]
	}
	n := int(ix.fanout[sum[0]] - from)
	p := make([]byte, n*entrySize)
	if _, err := ix.f.ReadAt(p, ix.listAt()+int64(from)*entrySize); err != nil {
		return loc, false, ignoreClosed(err)
	}
	at := func(i int) []byte { return p[i*entrySize:][:len(sum)] }
	i, ok := sort.Find(n, func(i int) int { return bytes.Compare(sum[:], at(i)) })
	if !ok {
		return loc, false, nil
	}
	return decodeEntry(p[i*entrySize:]).location, true, nil
}

// ignoreClosed forgives a look into an index that a Delete has just removed
// together with the last file of its pack.
func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// each calls fn for all entries in the order of their hashes. Damaged entries
// are an error at the end, when all have been shown.
func (ix *index) each(fn func(entry) error) error {
	in := bufio.NewReaderSize(io.NewSectionReader(ix.f, ix.listAt(), int64(ix.count)*entrySize), 64<<10)
	sum := uint32(0)
	p := make([]byte, entrySize)
	for range ix.count {
		if _, err := io.ReadFull(in, p); err != nil {
			return ignoreClosed(err)
		}
		sum = crc32.Update(sum, castagnoli, p)
		if err := fn(decodeEntry(p)); err != nil {
			return err
		}
	}
	if sum != ix.listSum {
		return errDamaged("entries of " + ix.f.Name())
	}
	return nil
}

// load reads all entries at once; ok is false if they are damaged.
func (ix *index) load() (map[blob.Sum]location, bool, error) {
	entries := make(map[blob.Sum]location, ix.count)
	err := ix.each(func(e entry) error {
		entries[e.sum] = e.location
		return nil
	})
	if isDamaged(err) {
		return nil, false, nil
	}
	return entries, err == nil, err
}
