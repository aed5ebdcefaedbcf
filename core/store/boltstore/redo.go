package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"go.etcd.io/bbolt"
)

// The redo log makes a group durable with one write behind the last and one
// flush; bbolt's pages, scattered over the file, are written without flushes.
// From time to time a checkpoint flushes them, and the log begins anew.
//
// bbolt never changes a page that some transaction reads. A read transaction is
// therefore held at the last checkpoint: whatever became of the pages written
// since, when the power failed between them, those of the checkpoint are whole.
// Opening such a file writes the checkpoint's meta page back and applies the log.
//
// Two log files take turns, <database>-log0 and -log1. The generation in a log's
// head tells which is newer; a log begins with the meta page of the state it
// continues, its base, and is sealed once that is durable. Blocks are 4 KiB:
//
//	block 0   magic "uzelredo", checksum uint32, version uint32, generation,
//	          salt, page size uint64, checksum that tells the file (rootSum) uint32,
//	          zero uint32, the base's meta (64 bytes)
//	block 1   the seal: magic "uzelbase", checksum uint32, zero uint32, salt
//	block 2…  records: checksum uint32, size uint32, salt, number uint64,
//	          then size bytes of steps, filled up to a whole block with zeros
//
// in the byte order of little-endian machines. Checksums are CRC-32C of what
// stands behind them. The salt is random: what an earlier log left in the file,
// and nobody knows what letters say, must not pass for a record. A record holds the steps of one group:
//
//	'b' name          names a bucket; the first one is 0
//	'p' bucket key value
//	'd' bucket key
//	's' bucket number  sets the sequence
//
// where bucket and number are uvarints and texts begin with their length as one.
const (
	redoMagic   = "uzelredo"
	sealMagic   = "uzelbase"
	redoVersion = 1
	redoBlock   = 4096
	redoFirst   = 2 * redoBlock // of the records
	redoHead    = 24            // of a record
	baseHead    = 48 + metaSize
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var little = binary.LittleEndian

// redoPath is where the log of the generation stands.
func redoPath(path string, generation uint64) string {
	return fmt.Sprintf("%s-log%d", path, generation%2)
}

// redoLog is the log that is being written. It belongs to the committer.
type redoLog struct {
	file *os.File
	base
	at       int64  // where the next record begins
	padded   int64  // the end of the file, zeros ahead included
	number   uint64 // of the next record
	doubtful bool   // something that must not count may stand there
}

// base is the state that a log continues.
type base struct {
	version    uint32 // of the log's form
	generation uint64
	salt       uint64
	pageSize   uint64
	rootSum    uint32
	meta       []byte // of the meta page, metaSize bytes
}

// createRedo begins a log that is not sealed. Nothing is flushed: its first
// record does that.
func createRedo(path string, b base) (l *redoLog, err error) {
	f, err := os.OpenFile(redoPath(path, b.generation), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(b.blocks(), 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &redoLog{file: f, base: b, at: redoFirst, padded: info.Size()}, nil
}

// blocks are the head of a log and an empty seal.
func (b *base) blocks() []byte {
	out := make([]byte, redoFirst)
	copy(out, redoMagic)
	little.PutUint32(out[12:], b.version)
	little.PutUint64(out[16:], b.generation)
	little.PutUint64(out[24:], b.salt)
	little.PutUint64(out[32:], b.pageSize)
	little.PutUint32(out[40:], b.rootSum)
	copy(out[48:], b.meta)
	little.PutUint32(out[8:], crc32.Checksum(out[12:baseHead], castagnoli))
	return out
}

// seal tells that the base is durable.
func (l *redoLog) seal() error {
	out := make([]byte, redoBlock)
	copy(out, sealMagic)
	little.PutUint64(out[16:], l.salt)
	little.PutUint32(out[8:], crc32.Checksum(out[12:24], castagnoli))
	if _, err := l.file.WriteAt(out, redoBlock); err != nil {
		return err
	}
	return flushData(l.file)
}

// append makes a record durable: whole blocks, of which so many bytes are its
// head and steps. After an error nothing of it counts, unless clear fails, too.
func (l *redoLog) append(record []byte, size int) error {
	if uint64(size) > math.MaxUint32 {
		return fmt.Errorf("%d bytes in one transaction", size)
	}
	if err := l.clear(); err != nil {
		return err
	}
	little.PutUint32(record[4:], uint32(size-redoHead))
	little.PutUint64(record[8:], l.salt)
	little.PutUint64(record[16:], l.number)
	little.PutUint32(record, crc32.Checksum(record[4:size], castagnoli))
	l.doubtful = true
	_, err := l.file.WriteAt(record, l.at)
	if err == nil {
		l.pad(l.at + int64(len(record)))
		err = flushData(l.file)
	}
	if err != nil {
		return errors.Join(err, l.clear())
	}
	l.doubtful = false
	l.at += int64(len(record))
	l.number++
	return nil
}

// padBytes are written ahead where the file grows: a flush that makes it longer
// waits for the journal of the file system as well, and with it for whatever else
// is written to that.
const padBytes = 512 << 10

var zeros [padBytes]byte

// pad writes zeros behind the record that ends there, if it is the longest the
// file has been. Where they cannot be written the flush is slower, and no more.
func (l *redoLog) pad(end int64) {
	if end <= l.padded {
		return
	}
	l.padded = end
	if _, err := l.file.WriteAt(zeros[:], end); err == nil {
		l.padded += padBytes
	}
}

// takeBack makes the last record, which takes so many bytes, not count.
func (l *redoLog) takeBack(size int) error {
	l.at -= int64(size)
	l.number--
	l.doubtful = true
	return l.clear()
}

// clear overwrites what must not count. The head of a log is flushed by its
// first record; if that failed, nobody knows whether it was.
func (l *redoLog) clear() error {
	if !l.doubtful {
		return nil
	}
	if l.number == 0 {
		if _, err := l.file.WriteAt(l.blocks()[:redoBlock], 0); err != nil {
			return err
		}
	}
	if _, err := l.file.WriteAt(zeros[:redoHead], l.at); err != nil {
		return err
	}
	if err := flushData(l.file); err != nil {
		return err
	}
	l.doubtful = false
	return nil
}

// readBase reads the head of a log. ok is false where there is no log: one
// whose head is not whole never got a record that counts. It may stand before
// the seal of an older one, so sealed without ok is a doubtful log.
func readBase(f io.ReaderAt) (b base, sealed, ok bool, err error) {
	head := make([]byte, redoFirst)
	if n, err := f.ReadAt(head, 0); n < redoFirst {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return b, false, false, err
	}
	s := head[redoBlock:]
	sealed = string(s[:8]) == sealMagic && little.Uint32(s[8:]) == crc32.Checksum(s[12:24], castagnoli)
	if string(head[:8]) != redoMagic || little.Uint32(head[8:]) != crc32.Checksum(head[12:baseHead], castagnoli) {
		return b, sealed, false, nil
	}
	b = base{
		version: little.Uint32(head[12:]), generation: little.Uint64(head[16:]), salt: little.Uint64(head[24:]),
		pageSize: little.Uint64(head[32:]), rootSum: little.Uint32(head[40:]), meta: head[48:baseHead],
	}
	return b, sealed && little.Uint64(s[16:]) == b.salt, true, nil
}

// errRedo is a log that is damaged in its middle: what was acknowledged is lost.
var errRedo = errors.New("the redo log is damaged")

// readRecords gives the steps of each record in order. The last one may have
// been cut short; behind it none may stand.
func readRecords(f *os.File, salt uint64, each func(steps []byte) error) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r := &recordReader{file: f, size: info.Size(), salt: salt}
	at := int64(redoFirst)
	for next := uint64(0); ; next++ {
		number, raw, err := r.read(at)
		switch {
		case err != nil:
			return err
		case raw == nil:
			return r.nothing(at + redoBlock)
		case number != next:
			return errRedo
		}
		if err := each(raw); err != nil {
			return err
		}
		at += blocks(redoHead + len(raw))
	}
}

// blocks is the room that so many bytes take.
func blocks(n int) int64 { return int64(n+redoBlock-1) &^ (redoBlock - 1) }

type recordReader struct {
	file *os.File
	size int64
	salt uint64
	buf  []byte
}

// nothing proves that no record begins behind a place.
func (r *recordReader) nothing(at int64) error {
	for ; at < r.size; at += redoBlock {
		if _, raw, err := r.read(at); err != nil || raw != nil {
			return errors.Join(errRedo, err)
		}
	}
	return nil
}

// read gives the record that begins there, nil if none does.
func (r *recordReader) read(at int64) (number uint64, raw []byte, err error) {
	var head [redoHead]byte
	if at+redoHead > r.size {
		return 0, nil, nil
	}
	if _, err := r.file.ReadAt(head[:], at); err != nil {
		return 0, nil, err
	}
	size := int64(little.Uint32(head[4:]))
	if little.Uint64(head[8:]) != r.salt || size == 0 || at+redoHead+size > r.size {
		return 0, nil, nil
	}
	if int64(cap(r.buf)) < size {
		r.buf = make([]byte, size)
	}
	raw = r.buf[:size]
	if _, err := r.file.ReadAt(raw, at+redoHead); err != nil {
		return 0, nil, err
	}
	if crc32.Update(crc32.Checksum(head[4:], castagnoli), castagnoli, raw) != little.Uint32(head[:]) {
		return 0, nil, nil
	}
	return little.Uint64(head[16:]), raw, nil
}

// steps collects what a group writes, with room for a record's head in front.
type steps struct {
	buf   []byte
	names map[*bucket]uint64
}

func (s *steps) reset() {
	const keep = 4 << 20 // a larger buffer was for a rare group
	if cap(s.buf) > keep {
		s.buf = nil
	}
	s.buf = append(s.buf[:0], zeros[:redoHead]...)
	s.names = map[*bucket]uint64{}
}

// record is what was collected, with room for the head and filled up to whole
// blocks, and how many bytes it is without that.
func (s *steps) record() (record []byte, size int) {
	size = len(s.buf)
	s.buf = append(s.buf, zeros[:blocks(size)-int64(size)]...)
	return s.buf, size
}

func (s *steps) empty() bool { return len(s.buf) == redoHead }

// add notes what a function that succeeded has done.
func (s *steps) add(changes []change) {
	for _, c := range changes {
		n := s.bucket(c.bucket)
		switch {
		case c.key == nil:
			s.buf = binary.AppendUvarint(append(s.buf, 's'), n)
			s.buf = binary.AppendUvarint(s.buf, c.bucket.Sequence())
		case c.value == nil:
			s.buf = binary.AppendUvarint(append(s.buf, 'd'), n)
			s.buf = appendText(s.buf, c.key)
		default:
			s.buf = binary.AppendUvarint(append(s.buf, 'p'), n)
			s.buf = appendText(appendText(s.buf, c.key), c.value)
		}
	}
}

func (s *steps) bucket(b *bucket) uint64 {
	n, ok := s.names[b]
	if !ok {
		n = uint64(len(s.names))
		s.names[b] = n
		s.buf = appendText(append(s.buf, 'b'), []byte(b.name))
	}
	return n
}

func appendText(buf, text []byte) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(text))), text...)
}

// apply does the steps of a record again.
func apply(btx *bbolt.Tx, raw []byte) error {
	r := &stepReader{raw: raw}
	var buckets []*bbolt.Bucket
	for len(r.raw) > 0 && r.err == nil {
		kind := r.raw[0]
		r.raw = r.raw[1:]
		if kind == 'b' {
			b, err := btx.CreateBucketIfNotExists(r.text())
			if err := errors.Join(r.err, err); err != nil {
				return err
			}
			b.FillPercent = fillPercent
			buckets = append(buckets, b)
			continue
		}
		n := r.number()
		if n >= uint64(len(buckets)) {
			return errRedo
		}
		if err := r.step(kind, buckets[n]); err != nil {
			return err
		}
	}
	return r.err
}

func (r *stepReader) step(kind byte, b *bbolt.Bucket) error {
	switch kind {
	case 's':
		n := r.number()
		return errors.Join(r.err, b.SetSequence(n))
	case 'd':
		key := r.text()
		return errors.Join(r.err, b.Delete(key))
	case 'p':
		key, value := r.text(), r.text()
		if r.err != nil {
			return r.err
		}
		return b.Put(key, value)
	}
	return errRedo
}

// stepReader reads the parts of a record.
type stepReader struct {
	raw []byte
	err error
}

func (r *stepReader) number() uint64 {
	n, size := binary.Uvarint(r.raw)
	if size <= 0 {
		r.raw, r.err = nil, errRedo
		return 0
	}
	r.raw = r.raw[size:]
	return n
}

// text must not be changed, nor what the record was read into.
func (r *stepReader) text() []byte {
	n := r.number()
	if n > uint64(len(r.raw)) {
		r.raw, r.err = nil, errRedo
		return nil
	}
	text := r.raw[:n:n]
	r.raw = r.raw[n:]
	return text
}
