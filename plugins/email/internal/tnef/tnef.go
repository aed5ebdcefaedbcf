// Package tnef reads winmail.dat: what Outlook and Exchange put in the place of
// attachments (MS-OXTNEF). It takes out the files, the text and the subject and
// leaves alone the rest of what MAPI knows about a message.
package tnef

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/uzel-hub/uzel/plugins/email/internal/charsetx"
	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
)

// Signature is how every TNEF stream begins.
const Signature = "\x78\x9F\x3E\x22"

// Attributes (MS-OXTNEF 2.1.3.1): the type in the high word, the id in the low.
const (
	attSubject       = 0x00018004
	attBody          = 0x0002800C
	attAttachData    = 0x0006800F
	attAttachTitle   = 0x00018010
	attAttachRend    = 0x00069002
	attMsgProps      = 0x00069003
	attAttachment    = 0x00069005
	attOemCodepage   = 0x00069007
	levelAttachment  = 2
	maxText          = 2 << 20 // bytes of a text or HTML body
	maxName          = 4 << 10 // bytes of a name
	maxFiles         = 500
	maxPropsPerBlock = 10_000
)

// ErrFormat is returned for input that does not begin as a TNEF stream.
var ErrFormat = errors.New("tnef: not a TNEF stream")

// Message is what a TNEF stream carries.
type Message struct {
	Subject string
	Body    string // plain text
	HTML    string
	RTF     []byte // decompressed; Outlook's own form of the text
	Files   []File
	Damaged bool // something was cut off, of unknown form or too much
}

// File is one attachment.
type File struct {
	Name      string // as the sender wrote it
	MediaType string // declared, may be empty
	ContentID string
	Embedded  bool // another message: Body is a TNEF stream again
	Body      spool.Blob
}

// Read takes the message out of r. Bodies of attachments go to keep as they
// come. The error is ErrFormat, or that of keep or of r itself: damage in the
// stream is reported in Message.Damaged, with what was read before it.
func Read(r io.Reader, keep func(io.Reader) (spool.Blob, error)) (*Message, error) {
	p := &parser{in: &input{r: bufio.NewReader(r), left: -1}, keep: keep, charset: "windows-1251"}
	head := p.in.bytes(6)
	if p.in.err != nil && !cut(p.in.err) {
		return nil, p.in.err
	}
	if len(head) < 6 || string(head[:4]) != Signature {
		return nil, ErrFormat
	}
	for p.err == nil && p.attribute() {
	}
	if p.err != nil {
		return nil, p.err
	}
	p.finish()
	return &p.msg, nil
}

// parser holds the message and the attachment being read.
type parser struct {
	in      *input
	keep    func(io.Reader) (spool.Blob, error)
	msg     Message
	file    *File
	body    bool   // the file has its body
	charset string // of 8-bit strings
	html    []byte
	htmlSet string // charset of the HTML, declared apart
	err     error
}

// attribute reads one attribute; false means the end of what can be read.
func (p *parser) attribute() bool {
	head := p.in.bytes(9)
	if len(head) < 9 {
		p.stop(len(head) > 0)
		return false
	}
	id, size := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint32(head[5:])
	if head[0] != 1 && head[0] != levelAttachment {
		p.msg.Damaged = true
		return false
	}
	data := &input{r: p.in.r, left: int64(size)}
	if head[0] == levelAttachment {
		p.attachment(id, data)
	} else {
		p.message(id, data)
	}
	data.skip(data.left)
	sum := p.in.bytes(2)
	if data.err != nil || len(sum) < 2 {
		p.in.err = errors.Join(p.in.err, data.err)
		p.stop(true)
		return false
	}
	p.msg.Damaged = p.msg.Damaged || binary.LittleEndian.Uint16(sum) != data.sum
	return true
}

// stop tells a stream that ends from one that cannot be read.
func (p *parser) stop(inside bool) {
	if err := p.in.err; err != nil && !cut(err) {
		p.err = err
	}
	p.msg.Damaged = p.msg.Damaged || inside
}

func cut(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func (p *parser) message(id uint32, data *input) {
	switch id {
	case attOemCodepage:
		p.charset = codepage(data.uint32())
	case attSubject:
		p.setText(&p.msg.Subject, data.rest(maxName), p.charset)
	case attBody:
		p.setText(&p.msg.Body, data.rest(maxText), p.charset)
	case attMsgProps:
		p.properties(data, p.messageProp)
	}
}

func (p *parser) attachment(id uint32, data *input) {
	if id == attAttachRend || p.file == nil {
		p.finishFile()
		p.file = &File{}
	}
	switch id {
	case attAttachTitle:
		if p.file.Name == "" {
			p.setText(&p.file.Name, data.rest(maxName), p.charset)
		}
	case attAttachData:
		p.setBody(data)
	case attAttachment:
		p.properties(data, p.fileProp)
	}
}

func (p *parser) setBody(data *input) {
	if p.body || p.err != nil {
		return
	}
	blob, err := p.keep(data)
	if err != nil {
		p.err = fmt.Errorf("tnef: %w", err)
		return
	}
	p.file.Body, p.body = blob, true
}

// setText stores the first non-empty value.
func (p *parser) setText(to *string, raw []byte, charset string) {
	if text, _ := charsetx.Decode(trimNUL(raw), charset); text != "" {
		*to = text
	}
}

func trimNUL(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

func (p *parser) finishFile() {
	if p.file == nil || !p.body {
		p.file = nil
		return
	}
	if len(p.msg.Files) < maxFiles {
		p.msg.Files = append(p.msg.Files, *p.file)
	} else {
		p.msg.Damaged = true
	}
	p.file, p.body = nil, false
}

func (p *parser) finish() {
	p.finishFile()
	if len(p.html) > 0 {
		set := p.htmlSet
		if set == "" {
			set = p.charset
		}
		p.msg.HTML, _ = charsetx.Decode(trimNUL(p.html), set)
	}
}

// codepage turns a Windows code page number into a charset label.
func codepage(n uint32) string {
	switch n {
	case 0:
		return ""
	case 866:
		return "ibm866"
	case 20866:
		return "koi8-r"
	case 21866:
		return "koi8-u"
	case 28595:
		return "iso-8859-5"
	case 20127, 28591:
		return "us-ascii"
	case 65001:
		return "utf-8"
	}
	return "windows-" + strconv.FormatUint(uint64(n), 10)
}
