package tnef

import "bytes"

// The beginning of every RTF text, known to both sides (MS-OXRTFCP 2.1.2.1).
const rtfDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier" +
	"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// decompress undoes MS-OXRTFCP. ok is false when the data ends too early or is
// of another form.
func decompress(data []byte) (rtf []byte, ok bool) {
	if len(data) < 16 {
		return nil, false
	}
	body := data[16:]
	switch string(data[8:12]) {
	case "MELA": // not compressed
		return body, true
	case "LZFu":
		return lzfu(body)
	}
	return nil, false
}

// lzfu copies from a ring of 4,096 bytes: a byte of flags, then eight literals
// or references of twelve bits of place and four of length.
func lzfu(body []byte) ([]byte, bool) {
	var ring [4096]byte
	at := copy(ring[:], rtfDictionary)
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		ring[at] = c
		at = (at + 1) % len(ring)
	}
	r := bytes.NewReader(body)
	for len(out) < maxText {
		flags, err := r.ReadByte()
		if err != nil {
			return out, false
		}
		for bit := range 8 {
			a, err := r.ReadByte()
			if err != nil {
				return out, false
			}
			if flags>>bit&1 == 0 {
				put(a)
				continue
			}
			b, err := r.ReadByte()
			if err != nil {
				return out, false
			}
			from := int(a)<<4 | int(b)>>4
			if from == at {
				return out, true
			}
			for i := range int(b&15) + 2 {
				put(ring[(from+i)%len(ring)])
			}
		}
	}
	return out, false
}
