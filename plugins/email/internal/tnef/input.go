package tnef

import (
	"bufio"
	"encoding/binary"
	"io"
)

// input reads a stretch of the stream and adds up its checksum. After an error
// it returns nothing more.
type input struct {
	r    *bufio.Reader
	left int64 // bytes of the stretch not yet read; negative: no bound
	sum  uint16
	err  error
}

// Read makes an input a reader of the rest of its stretch.
func (in *input) Read(b []byte) (int, error) {
	if in.err != nil {
		return 0, endOf(in.err)
	}
	if in.left == 0 {
		return 0, io.EOF
	}
	if in.left > 0 && int64(len(b)) > in.left {
		b = b[:in.left]
	}
	n, err := in.r.Read(b)
	in.took(b[:n])
	in.err = err
	return n, endOf(err)
}

// endOf hides that a stretch was cut short: what there is of a body is kept.
func endOf(err error) error {
	if err != nil && cut(err) {
		return io.EOF
	}
	return err
}

func (in *input) took(b []byte) {
	for _, c := range b {
		in.sum += uint16(c)
	}
	if in.left > 0 {
		in.left -= int64(len(b))
	}
}

// bytes reads n bytes, fewer only at the end of the stretch. n is small.
func (in *input) bytes(n int) []byte {
	if in.left >= 0 && int64(n) > in.left {
		n = int(in.left)
	}
	b := make([]byte, n)
	got, err := io.ReadFull(in.r, b)
	in.took(b[:got])
	if in.err == nil && n > 0 {
		in.err = err
	}
	return b[:got]
}

// uint32 reads a number; 0 at the end of the stretch.
func (in *input) uint32() uint32 {
	b := in.bytes(4)
	if len(b) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

// rest reads what is left of the stretch, up to limit bytes.
func (in *input) rest(limit int64) []byte {
	b, err := io.ReadAll(io.LimitReader(in, limit))
	if err != nil { // kept in in.err by Read
		return nil
	}
	return b
}

// skip passes over n bytes.
func (in *input) skip(n int64) {
	if n <= 0 || in.err != nil {
		return
	}
	// The error is kept in in.err by Read.
	_, _ = io.Copy(io.Discard, io.LimitReader(in, n))
}
