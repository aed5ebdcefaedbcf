// Package cms reads and makes signatures in CMS SignedData (RFC 5652) with the
// attributes of CAdES-BES (RFC 5126), for any key that package pki knows.
package cms

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
)

// ErrFormat is returned for what is no SignedData.
var ErrFormat = errors.New("cms: not a SignedData")

// Tags of BER (X.690).
const (
	tagOctets      = 0x04
	tagSequence    = 0x30
	tagConstructed = 0x20
	tagLong        = 0x1F
	maxDepth       = 32
)

// decode finds the binary form: what comes in may be DER, BER, PEM or base64.
func decode(raw []byte) []byte {
	if block, _ := pem.Decode(raw); block != nil {
		return block.Bytes
	}
	text := bytes.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '\uFEFF' {
			return -1
		}
		return r
	}, raw[:min(len(raw), 64)])
	if len(text) == 0 || text[0] != 'M' { // base64 of 0x30
		return raw
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(raw)))
	n, err := base64.StdEncoding.Decode(out, stripped(raw))
	if err != nil {
		return raw
	}
	return out[:n]
}

func stripped(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for _, c := range bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF")) {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			out = append(out, c)
		}
	}
	return out
}

// normal is one BER value as DER: definite and shortest lengths, octet strings in
// one piece. What is DER already stays as it is. rest is what follows the value.
func normal(in []byte, depth int) (out, rest []byte, err error) {
	head, size, err := header(in)
	if err != nil || depth > maxDepth {
		return nil, nil, ErrFormat
	}
	tag, body := in[0], in[head:]
	if tag&tagConstructed == 0 {
		return value(tag, body[:size]), body[size:], nil
	}
	content, rest, err := inside(body, size, depth)
	if err != nil {
		return nil, nil, err
	}
	if tag == tagOctets|tagConstructed {
		if content, err = joined(content); err != nil {
			return nil, nil, err
		}
		tag = tagOctets
	}
	return value(tag, content), rest, nil
}

const indefinite = -1

// header reads the tag and the length; the length of a definite value is within
// the input.
func header(in []byte) (head, size int, err error) {
	if len(in) < 2 || in[0]&tagLong == tagLong {
		return 0, 0, ErrFormat
	}
	head = 2
	switch n := int(in[1]); {
	case n < 0x80:
		size = n
	case n == 0x80 && in[0]&tagConstructed != 0:
		return head, indefinite, nil
	case n == 0x80 || n > 0x84 || len(in) < 2+n-0x80:
		return 0, 0, ErrFormat
	default:
		for _, b := range in[2 : 2+n-0x80] {
			size = size<<8 | int(b)
		}
		head += n - 0x80
	}
	if size > len(in)-head {
		return 0, 0, ErrFormat
	}
	return head, size, nil
}

// inside normalises the values within a constructed one.
func inside(body []byte, size, depth int) (content, rest []byte, err error) {
	left := body
	if size != indefinite {
		left, rest = body[:size], body[size:]
	}
	for len(left) > 0 || size == indefinite {
		if size == indefinite && len(left) >= 2 && left[0] == 0 && left[1] == 0 {
			return content, left[2:], nil
		}
		var one []byte
		if one, left, err = normal(left, depth+1); err != nil {
			return nil, nil, err
		}
		content = append(content, one...)
	}
	return content, rest, nil
}

// joined puts the pieces of an octet string together.
func joined(pieces []byte) (out []byte, err error) {
	for len(pieces) > 0 {
		head, size, err := header(pieces)
		if err != nil || pieces[0] != tagOctets {
			return nil, ErrFormat
		}
		out = append(out, pieces[head:head+size]...)
		pieces = pieces[head+size:]
	}
	return out, nil
}

func value(tag byte, content []byte) []byte {
	out := append(make([]byte, 0, len(content)+6), tag)
	if n := len(content); n < 0x80 {
		out = append(out, byte(n))
	} else {
		var size []byte
		for ; n > 0; n >>= 8 {
			size = append([]byte{byte(n)}, size...)
		}
		out = append(append(out, 0x80|byte(len(size))), size...)
	}
	return append(out, content...)
}
