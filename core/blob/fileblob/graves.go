package fileblob

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
)

// What an entry of the file of deletions says.
const (
	graveDug    = 1 // the record is deleted
	graveFilled = 2 // its bytes are off the disk
)

const (
	graveSize = 16
	// graveRoom is how much the file grows at a time: space taken ahead lets a
	// Delete work on a full disk.
	graveRoom = 64 << 10
	// graveSlack is how many needless entries an open leaves alone.
	graveSlack = 1024
)

// grave is a deleted record.
type grave struct {
	no, at uint32
}

// graves is the open file of deletions. Whoever holds Store.deleting may use it.
type graves struct {
	f    *os.File
	end  int64 // behind the last entry
	size int64
	open []grave // dug and not yet filled
}

// openGraves reads the file of deletions, or makes it; dead are the deleted
// places by pack.
func openGraves(d *disk, l layout) (g *graves, dead map[uint32]map[uint32]struct{}, err error) {
	p, err := os.ReadFile(l.deleted())
	if errors.Is(err, fs.ErrNotExist) {
		p = make([]byte, graveRoom)
		err = d.replace(l.tmp(), l.deleted(), func(f *os.File) error { return d.write(f, p) })
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(l.deleted(), os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	g = &graves{f: f, size: int64(len(p))}
	state := map[grave]uint32{}
	for at := 0; at+graveSize <= len(p); at += graveSize {
		if e, what, ok := decodeGrave(p[at:]); ok {
			state[e] = what
			g.end = int64(at + graveSize)
		}
	}
	dead = map[uint32]map[uint32]struct{}{}
	for e, what := range state {
		bury(dead, e)
		if what == graveDug {
			g.open = append(g.open, e)
		}
	}
	return g, dead, nil
}

func bury(dead map[uint32]map[uint32]struct{}, e grave) {
	if dead[e.no] == nil {
		dead[e.no] = map[uint32]struct{}{}
	}
	dead[e.no][e.at] = struct{}{}
}

func encodeGrave(e grave, what uint32) []byte {
	p := make([]byte, 0, graveSize)
	p = binary.LittleEndian.AppendUint32(p, e.no)
	p = binary.LittleEndian.AppendUint32(p, e.at)
	p = binary.LittleEndian.AppendUint32(p, what)
	return binary.LittleEndian.AppendUint32(p, crc32.Checksum(p, castagnoli))
}

func decodeGrave(p []byte) (e grave, what uint32, ok bool) {
	e.no = binary.LittleEndian.Uint32(p)
	e.at = binary.LittleEndian.Uint32(p[4:])
	what = binary.LittleEndian.Uint32(p[8:])
	ok = what != 0 && binary.LittleEndian.Uint32(p[12:]) == crc32.Checksum(p[:12], castagnoli)
	return e, what, ok
}

// add writes an entry; it lasts after the next flush of the file.
func (g *graves) add(d *disk, e grave, what uint32) error {
	if g.size-g.end <= graveRoom/2 {
		g.grow(d)
	}
	if err := d.writeAt(g.f, [][]byte{encodeGrave(e, what)}, g.end); err != nil {
		return err
	}
	g.end += graveSize
	return nil
}

// grow takes space ahead. On a full disk it does not, and the entry itself is
// tried.
func (g *graves) grow(d *disk) {
	if d.writeAt(g.f, [][]byte{make([]byte, graveRoom)}, g.size) == nil {
		g.size += graveRoom
	}
}

// rewrite drops the entries of packs that no longer exist and pairs of entries
// that say one thing.
func (g *graves) rewrite(d *disk, l layout, dead map[uint32]map[uint32]struct{}) error {
	live := 0
	for _, in := range dead {
		live += len(in)
	}
	if int(g.end/graveSize) <= 2*live+graveSlack {
		return nil
	}
	p := make([]byte, 0, live*graveSize)
	for no, in := range dead {
		for at := range in {
			p = append(p, encodeGrave(grave{no, at}, graveFilled)...)
		}
	}
	for _, e := range g.open {
		p = append(p, encodeGrave(e, graveDug)...)
	}
	if err := d.replace(l.tmp(), l.deleted(), func(f *os.File) error { return d.write(f, p) }); err != nil {
		return err
	}
	g.f.Close()
	f, err := os.OpenFile(l.deleted(), os.O_RDWR, 0)
	*g = graves{f: f, end: int64(len(p)), size: int64(len(p)), open: g.open}
	return err
}
