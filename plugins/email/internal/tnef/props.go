package tnef

import (
	"slices"
	"unicode/utf16"
)

// Property ids (MS-OXPROPS) of what is taken from a message or an attachment.
const (
	propSubject      = 0x0037
	propBody         = 0x1000
	propRTF          = 0x1009
	propHTML         = 0x1013
	propDisplayName  = 0x3001
	propAttachData   = 0x3701
	propAttachName   = 0x3704
	propLongName     = 0x3707
	propMimeTag      = 0x370E
	propContentID    = 0x3712
	propInternetCPID = 0x3FDE
	firstNamed       = 0x8000 // ids from here are followed by a name
)

// Property types (MS-OXCDATA 2.11.1).
const (
	typeLong    = 0x0003
	typeObject  = 0x000D
	typeString8 = 0x001E
	typeUnicode = 0x001F
	typeBinary  = 0x0102
	multiValue  = 0x1000
)

// iidMessage marks an object that is a message: {00020307-0000-0000-C000-000000000046}.
const iidMessage = "\x07\x03\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"

// property is one value; data must be read or skipped before the next.
type property struct {
	id, kind uint16
	data     *input
}

// properties reads a counted list of MAPI properties (MS-OXTNEF 2.1.3.4).
func (p *parser) properties(in *input, each func(property)) {
	count := in.uint32()
	for range min(count, maxPropsPerBlock) {
		if in.left == 0 || in.err != nil || p.err != nil {
			break
		}
		kind, id := p.tag(in)
		if !p.values(in, kind, id, each) {
			p.msg.Damaged = true
			return
		}
	}
	p.msg.Damaged = p.msg.Damaged || count > maxPropsPerBlock
}

func (p *parser) tag(in *input) (kind, id uint16) {
	tag := in.uint32()
	kind, id = uint16(tag), uint16(tag>>16)
	if id >= firstNamed {
		in.skip(16)
		if in.uint32() == 1 { // a name; otherwise a number
			in.skip(padded(in.uint32()))
		} else {
			in.skip(4)
		}
	}
	return kind, id
}

// padded is a length brought to the next multiple of four.
func padded(n uint32) int64 { return (int64(n) + 3) &^ 3 }

// values reads all values of one property. Only the first is of use here.
func (p *parser) values(in *input, kind, id uint16, each func(property)) bool {
	base := kind &^ multiValue
	count := uint32(1)
	if kind&multiValue != 0 || variable(base) {
		count = in.uint32()
	}
	for i := range count {
		if in.left == 0 || in.err != nil {
			return false
		}
		size, ok := p.size(in, base)
		if !ok {
			return false
		}
		p.value(in, property{id: id, kind: base}, size, i == 0, each)
	}
	return true
}

func variable(kind uint16) bool {
	return kind == typeString8 || kind == typeUnicode || kind == typeBinary || kind == typeObject
}

func (p *parser) size(in *input, kind uint16) (uint32, bool) {
	if variable(kind) {
		return in.uint32(), true
	}
	switch kind {
	case 0x0002, typeLong, 0x0004, 0x000A, 0x000B: // 16-bit integer, 32-bit integer, float, error, boolean
		return 4, true
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040: // double, currency, time, 64-bit integer, file time
		return 8, true
	case 0x0048: // GUID
		return 16, true
	}
	return 0, false
}

func (p *parser) value(in *input, prop property, size uint32, first bool, each func(property)) {
	n := int64(size)
	if n > in.left {
		n = in.left
		p.msg.Damaged = true
	}
	value := &input{r: in.r, left: n}
	if first {
		prop.data = value
		each(prop)
	}
	value.skip(value.left)
	in.left -= n
	in.sum += value.sum
	if in.err == nil {
		in.err = value.err
	}
	in.skip(min(padded(size)-int64(size), in.left))
}

func (p *parser) messageProp(v property) {
	switch v.id {
	case propSubject:
		p.setString(&p.msg.Subject, v, maxName)
	case propBody:
		p.setString(&p.msg.Body, v, maxText)
	case propHTML:
		if v.kind == typeBinary {
			p.html = v.data.rest(maxText)
		} else {
			p.setString(&p.msg.HTML, v, maxText)
		}
	case propRTF:
		p.setRTF(v)
	case propInternetCPID:
		p.htmlSet = codepage(v.data.uint32())
	}
}

func (p *parser) setRTF(v property) {
	rtf, ok := decompress(v.data.rest(maxText))
	p.msg.RTF = rtf
	p.msg.Damaged = p.msg.Damaged || !ok
}

func (p *parser) fileProp(v property) {
	switch v.id {
	case propLongName:
		p.setString(&p.file.Name, v, maxName)
	case propAttachName, propDisplayName:
		if p.file.Name == "" {
			p.setString(&p.file.Name, v, maxName)
		}
	case propMimeTag:
		p.setString(&p.file.MediaType, v, maxName)
	case propContentID:
		p.setString(&p.file.ContentID, v, maxName)
	case propAttachData:
		p.attachData(v)
	}
}

// attachData keeps the body. That of an object begins with the id of its
// interface.
func (p *parser) attachData(v property) {
	if v.kind == typeObject {
		iid := v.data.bytes(len(iidMessage))
		p.file.Embedded = string(iid) == iidMessage
	}
	// The data of an object in the properties is the object itself, what
	// attAttachData brought before is only its picture.
	p.body = p.body && v.kind != typeObject
	p.setBody(v.data)
}

func (p *parser) setString(to *string, v property, limit int64) {
	switch v.kind {
	case typeString8:
		p.setText(to, v.data.rest(limit), p.charset)
	case typeUnicode:
		p.setText(to, fromUTF16(v.data.rest(limit)), "utf-8")
	case typeBinary:
		p.setText(to, v.data.rest(limit), "")
	}
}

// fromUTF16 turns little-endian UTF-16 into UTF-8.
func fromUTF16(b []byte) []byte {
	units := make([]uint16, 0, len(b)/2)
	for pair := range slices.Chunk(b, 2) {
		if len(pair) == 2 {
			units = append(units, uint16(pair[0])|uint16(pair[1])<<8)
		}
	}
	return []byte(string(utf16.Decode(units)))
}
