package mimex

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
)

// setEnvelope reads the fields of the letter's own header.
func (p *parser) setEnvelope() {
	l, h := p.letter, &p.header
	l.Header = p.cleanHeader()
	l.Subject = headerx.Text(h.Get("Subject"), p.hint)
	if l.Broken && l.Subject == "" {
		l.Subject = "(не удалось разобрать)"
	}
	l.To, l.Cc = p.addresses("To"), p.addresses("Cc")
	l.Sender, l.ReplyTo, l.ReturnPath = p.address("Sender"), p.address("Reply-To"), p.address("Return-Path")
	l.InReplyTo = p.ids("In-Reply-To")
	l.References = p.ids("References")
	l.DeliveredTo = p.deliveredTo()
	p.setFrom()
	p.setDate()
	p.setID()
}

// cleanHeader keeps every field in valid UTF-8.
func (p *parser) cleanHeader() map[string][]string {
	m := make(map[string][]string, p.header.Len())
	for fields := p.header.Fields(); fields.Next(); {
		m[fields.Key()] = append(m[fields.Key()], headerx.UTF8(fields.Value(), p.hint))
	}
	return m
}

func (p *parser) addresses(field string) []Address {
	return headerx.Addresses(strings.Join(p.header.Values(field), ", "), p.hint)
}

// address is the first of the field that can be written to, else the first.
func (p *parser) address(field string) Address {
	list := p.addresses(field)
	for _, a := range list {
		if a.Email != "" {
			return a
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return Address{}
}

func (p *parser) ids(field string) []string {
	return headerx.MessageIDs(strings.Join(p.header.Values(field), " "))
}

func (p *parser) setFrom() {
	l := p.letter
	l.From = p.address("From")
	for _, a := range []Address{l.Sender, l.ReplyTo, l.ReturnPath} {
		if l.From.IsZero() && a.Email != "" {
			l.From = a
			p.fault(faultSenderElse)
		}
	}
	if l.From.Email == "" {
		p.fault(faultNoSender)
	}
}

// setDate takes the moment of the last hop when the sender gives none.
func (p *parser) setDate() {
	at, ok := headerx.Date(p.header.Get("Date"))
	if !ok {
		p.fault(faultNoDate)
		received := p.header.Get("Received")
		at, _ = headerx.Date(received[strings.LastIndexByte(received, ';')+1:])
	}
	p.letter.Date = at
}

// setID takes the id of the letter or makes one of its contents, so that a
// second copy of the letter gets the same.
func (p *parser) setID() {
	l := p.letter
	if ids := headerx.MessageIDs(p.header.Get("Message-Id")); len(ids) > 0 {
		l.MessageID = ids[0]
		return
	}
	p.fault(faultNoMessageID)
	sum := sha256.New()
	for _, field := range []string{"From", "Date", "Subject"} {
		sum.Write([]byte(p.header.Get(field) + "\x00"))
	}
	sum.Write([]byte(l.BodySum))
	l.MessageID = hex.EncodeToString(sum.Sum(nil)[:16]) + "@synthetic.invalid"
	l.SyntheticID = true
}

// deliveredTo collects the envelope recipients that servers wrote down.
func (p *parser) deliveredTo() []string {
	var list []string
	seen := map[string]bool{}
	for _, field := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "X-Rcpt-To"} {
		for _, a := range p.addresses(field) {
			if a.Email != "" && !seen[a.Email] {
				seen[a.Email] = true
				list = append(list, a.Email)
			}
		}
	}
	return list
}
