package core

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Typed identifiers. An id is a short prefix, an underscore and 26 base-32
// characters: 48 bits of milliseconds, then 80 random bits (the layout of
// ULID). Ids of one type therefore sort by the moment they were made in, and
// a list ordered by id is a list ordered by time.
type (
	MessageID      string
	DocumentID     string
	DeliveryID     string
	PartyID        string
	ThreadID       string
	UserID         string
	TokenID        string
	SessionID      string
	OrganizationID string
	EntryID        string // of a directory
	FilterID       string

	// ChannelID is chosen by the administrator: lower-case Latin letters,
	// digits and dashes (`mail-office`). It stands in addresses of web-hooks
	// and in file names and never changes.
	ChannelID string

	// JournalID is chosen by the administrator, like ChannelID.
	JournalID string
)

const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32

// NewID makes the text of an id with the given prefix for the moment now.
// Callers convert it: DocumentID(NewID("doc", now)).
func NewID(prefix string, now time.Time) string {
	var raw [16]byte
	putMillis(&raw, now)
	rand.Read(raw[6:]) //nolint:errcheck // crypto/rand.Read never fails since Go 1.24
	return prefix + "_" + encodeID(raw)
}

// FirstID is the smallest id of the prefix that can have been made at now: the
// bound of a list "from this moment on".
func FirstID(prefix string, now time.Time) string {
	var raw [16]byte
	putMillis(&raw, now)
	return prefix + "_" + encodeID(raw)
}

// IDTime reads the moment an id was made in.
func IDTime(id string) (time.Time, error) {
	_, text, ok := strings.Cut(id, "_")
	if !ok || len(text) != 26 {
		return time.Time{}, fmt.Errorf("%q is not an id", id)
	}
	var millis uint64
	for _, c := range text[:10] {
		digit := strings.IndexRune(idAlphabet, c)
		if digit < 0 {
			return time.Time{}, fmt.Errorf("%q is not an id", id)
		}
		millis = millis<<5 | uint64(digit)
	}
	return time.UnixMilli(int64(millis >> 2)).UTC(), nil
}

func putMillis(raw *[16]byte, now time.Time) {
	var buf [8]byte
	binary.BigEndian.PutUint64(buf[:], uint64(now.UnixMilli()))
	copy(raw[:6], buf[2:])
}

// encodeID writes 128 bits as 26 digits of 5 bits, the last two bits padded.
func encodeID(raw [16]byte) string {
	var out [26]byte
	for i := range out {
		out[i] = digit(raw, i)
	}
	return string(out[:])
}

// digit reads the i-th group of five bits, counted from the first bit.
func digit(raw [16]byte, i int) byte {
	bit := i * 5
	var window uint16
	window = uint16(raw[bit/8]) << 8
	if bit/8+1 < len(raw) {
		window |= uint16(raw[bit/8+1])
	}
	return idAlphabet[window>>(11-bit%8)&31]
}
