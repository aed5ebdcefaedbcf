package fileblob

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/uzel-hub/uzel/core/blob"
)

// SmallLimit is the size in bytes up to which a file goes into a pack. Measured
// on ext4, packs are faster below it for one caller and for sixteen; at this size
// sixteen are as fast with files of their own, and above it faster.
const SmallLimit = 256 << 10

const (
	recordHeaderSize = 52
	recordMagic      = "UzBl"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// location is where in a pack a record begins and how long its body is.
type location struct{ at, size uint32 }

// end is the place behind the record.
func (l location) end() int64 { return int64(l.at) + recordHeaderSize + int64(l.size) }

// body is the place of the first byte of the file itself.
func (l location) body() int64 { return int64(l.at) + recordHeaderSize }

// record is the header of a record.
type record struct {
	location
	base    uint32 // where its group began
	sum     blob.Sum
	bodySum uint32
}

// encode writes the header to the first recordHeaderSize bytes of p.
func (r record) encode(p []byte, salt uint64) {
	copy(p, recordMagic)
	binary.LittleEndian.PutUint32(p[4:], r.base)
	binary.LittleEndian.PutUint32(p[8:], r.size)
	binary.LittleEndian.PutUint32(p[12:], r.bodySum)
	copy(p[16:48], r.sum[:])
	binary.LittleEndian.PutUint32(p[48:], headerSum(p[:48], salt, r.at))
}

// decodeRecord reads the header that p begins with and that lies at the place
// at of its pack; ok is false if it is none.
func decodeRecord(p []byte, salt uint64, at int64) (r record, ok bool) {
	if len(p) < recordHeaderSize || string(p[:4]) != recordMagic {
		return r, false
	}
	r.at = uint32(at)
	r.base = binary.LittleEndian.Uint32(p[4:])
	r.size = binary.LittleEndian.Uint32(p[8:])
	r.bodySum = binary.LittleEndian.Uint32(p[12:])
	copy(r.sum[:], p[16:48])
	ok = binary.LittleEndian.Uint32(p[48:]) == headerSum(p[:48], salt, r.at) && r.size <= SmallLimit
	return r, ok
}

func headerSum(p []byte, salt uint64, at uint32) uint32 {
	var seed [12]byte
	binary.LittleEndian.PutUint64(seed[:], salt)
	binary.LittleEndian.PutUint32(seed[8:], at)
	return crc32.Update(crc32.Checksum(seed[:], castagnoli), castagnoli, p)
}

// found is what a scan came upon: a record, or a gap that holds none although
// a record follows.
type found struct {
	record        // of a gap only at is set
	gap    bool   //
	body   []byte // valid during the visit; shorter than size at the end of a torn pack
	intact bool   // the body has the sum the header tells
}

// scan visits the records of a pack from one place to another. It ends at the
// place behind which there is no record.
func scan(src io.ReaderAt, salt uint64, from, to int64, visit func(found) error) error {
	in := sectionReader(src, from, to)
	body := make([]byte, SmallLimit)
	var head [recordHeaderSize]byte
	for at := from; at < to; {
		n, err := fill(in, head[:])
		if err != nil {
			return err
		}
		rec, ok := decodeRecord(head[:n], salt, at)
		if !ok {
			next, err := nextRecord(src, salt, at+1, to)
			if err != nil || next == to {
				return err
			}
			if err := visit(found{record: record{location: location{at: uint32(at)}}, gap: true}); err != nil {
				return err
			}
			in, at = sectionReader(src, next, to), next
			continue
		}
		if n, err = fill(in, body[:rec.size]); err != nil {
			return err
		}
		intact := n == int(rec.size) && crc32.Checksum(body[:n], castagnoli) == rec.bodySum
		if err := visit(found{record: rec, body: body[:n], intact: intact}); err != nil {
			return err
		}
		at = rec.end()
	}
	return nil
}

func sectionReader(src io.ReaderAt, from, to int64) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(src, from, to-from), SmallLimit)
}

// fill reads until p is full or the source ends.
func fill(in io.Reader, p []byte) (int, error) {
	n, err := io.ReadFull(in, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// nextRecord looks for the header of a record from one place to another; the
// answer is the second place if there is none.
func nextRecord(src io.ReaderAt, salt uint64, from, to int64) (int64, error) {
	const step = 1 << 20
	buf := make([]byte, step+recordHeaderSize)
	for at := from; at < to; at += step {
		n, err := fill(io.NewSectionReader(src, at, min(int64(len(buf)), to-at)), buf)
		if err != nil {
			return 0, err
		}
		if i := indexRecord(buf[:n], salt, at); i >= 0 && i < step {
			return at + int64(i), nil
		}
	}
	return to, nil
}

func indexRecord(p []byte, salt uint64, at int64) int {
	for from := 0; ; {
		i := bytes.Index(p[from:], []byte(recordMagic))
		if i < 0 {
			return -1
		}
		if _, ok := decodeRecord(p[from+i:], salt, at+int64(from+i)); ok {
			return from + i
		}
		from += i + 1
	}
}
