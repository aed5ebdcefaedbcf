package boltbus

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core/bus"
)

// A record is a kept message:
//
//	1 byte   format, 1
//	8 bytes  when it was written, milliseconds since 1970
//	texts    uuid, key, then name and value of each other metadata entry
//	rest     payload
//
// A text is its length as a varint and its bytes; the number of metadata
// entries stands before them as a varint.
const (
	recordFormat = 1
	recordHead   = 9
)

var errRecord = errors.New("damaged record of a message")

func appendRecord(dst []byte, at time.Time, msg *message.Message) []byte {
	key, keyed := msg.Metadata[bus.KeyMetadata]
	others := len(msg.Metadata)
	if keyed {
		others--
	}
	dst = append(dst, recordFormat)
	dst = binary.BigEndian.AppendUint64(dst, uint64(at.UnixMilli()))
	dst = appendText(dst, msg.UUID)
	dst = appendText(dst, key)
	dst = binary.AppendUvarint(dst, uint64(others))
	for name, value := range msg.Metadata {
		if name != bus.KeyMetadata {
			dst = appendText(appendText(dst, name), value)
		}
	}
	return append(dst, msg.Payload...)
}

// recordSize is enough for the record of msg.
func recordSize(msg *message.Message) int {
	size := recordHead + 3*binary.MaxVarintLen32 + len(msg.UUID) + len(msg.Payload)
	for name, value := range msg.Metadata {
		size += 2*binary.MaxVarintLen32 + len(name) + len(value)
	}
	return size
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// recordTime is when the record was written; zero for a damaged one.
func recordTime(raw []byte) time.Time {
	if len(raw) < recordHead {
		return time.Time{}
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(raw[1:])))
}

// checkRecord proves a record sound and returns its key.
func checkRecord(raw []byte) (string, error) {
	r := reader[[]byte]{rest: raw}
	r.head()
	r.text()
	key := r.text()
	for n := r.number(); n > 0 && !r.damaged; n-- {
		r.text()
		r.text()
	}
	if r.damaged {
		return "", errRecord
	}
	return string(key), nil
}

// messageOf makes a message of a sound record. Its payload shares the memory of
// raw; its texts are parts of one string, which saves an allocation for each.
func messageOf(raw []byte) *message.Message {
	r := reader[string]{rest: string(raw)}
	r.head()
	msg := message.NewMessage(r.text(), nil)
	if key := r.text(); key != "" {
		msg.Metadata[bus.KeyMetadata] = key
	}
	for n := r.number(); n > 0; n-- {
		name := r.text()
		msg.Metadata[name] = r.text()
	}
	msg.Payload = raw[len(raw)-len(r.rest) : len(raw) : len(raw)]
	return msg
}

// reader takes a record apart; after the first fault it returns nothing more.
type reader[T string | []byte] struct {
	rest    T
	damaged bool
}

func (r *reader[T]) head() {
	if len(r.rest) < recordHead || r.rest[0] != recordFormat {
		r.fail()
		return
	}
	r.rest = r.rest[recordHead:]
}

// number reads a varint.
func (r *reader[T]) number() uint64 {
	var n uint64
	for i := 0; i < len(r.rest) && i < binary.MaxVarintLen64; i++ {
		b := r.rest[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
	r.fail()
	return 0
}

func (r *reader[T]) text() T {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.fail()
	}
	n = min(n, uint64(len(r.rest)))
	text := r.rest[:n]
	r.rest = r.rest[n:]
	return text
}

func (r *reader[T]) fail() { r.damaged, r.rest = true, r.rest[:0] }
