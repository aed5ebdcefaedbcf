package emulator

import (
	"bufio"
	"bytes"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"
)

// Search answers SEARCH. BODY and TEXT are looked for in the letter as it is
// written, without decoding; header fields are decoded.
func (s *session) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, _ *imap.SearchOptions) (*imap.SearchData, error) {
	if err := s.begin("SEARCH"); err != nil {
		return nil, err
	}
	v := s.selected()
	v.account.mu.Lock()
	v.resolveCriteria(criteria)
	items := v.pick(imap.SeqSet{{Start: 1, Stop: 0}})
	v.account.mu.Unlock()

	data := &imap.SearchData{}
	var seqs imap.SeqSet
	var uids imap.UIDSet
	for _, it := range items {
		if !it.matches(criteria) {
			continue
		}
		num := it.seq
		if kind == imapserver.NumKindUID {
			num = uint32(it.uid)
		}
		if data.Count++; data.Count == 1 {
			data.Min = num
		}
		data.Max = num
		seqs.AddNum(it.seq)
		uids.AddNum(it.uid)
	}
	data.All = imap.NumSet(seqs)
	if kind == imapserver.NumKindUID {
		data.All = uids
	}
	return data, nil
}

func (v *view) resolveCriteria(c *imap.SearchCriteria) {
	for i, set := range c.SeqNum {
		c.SeqNum[i] = v.resolve(set).(imap.SeqSet)
	}
	for i, set := range c.UID {
		c.UID[i] = v.resolve(set).(imap.UIDSet)
	}
	for i := range c.Not {
		v.resolveCriteria(&c.Not[i])
	}
	for i := range c.Or {
		v.resolveCriteria(&c.Or[i][0])
		v.resolveCriteria(&c.Or[i][1])
	}
}

func (it *item) matches(c *imap.SearchCriteria) bool {
	return it.matchesNumbers(c) && it.matchesFlags(c) && it.matchesText(c) && it.matchesNested(c)
}

func (it *item) matchesNumbers(c *imap.SearchCriteria) bool {
	for _, set := range c.SeqNum {
		if !set.Contains(it.seq) {
			return false
		}
	}
	for _, set := range c.UID {
		if !set.Contains(it.uid) {
			return false
		}
	}
	size := int64(len(it.raw))
	return within(it.at, c.Since, c.Before) &&
		(c.Larger == 0 || size > c.Larger) && (c.Smaller == 0 || size < c.Smaller)
}

func (it *item) matchesFlags(c *imap.SearchCriteria) bool {
	for _, flag := range c.Flag {
		if !hasFlag(it.flags, flag) {
			return false
		}
	}
	for _, flag := range c.NotFlag {
		if hasFlag(it.flags, flag) {
			return false
		}
	}
	return true
}

func (it *item) matchesText(c *imap.SearchCriteria) bool {
	_, text := splitLetter(it.raw)
	for _, want := range c.Body {
		if !containsFold(text, want) {
			return false
		}
	}
	for _, want := range c.Text {
		if !containsFold(it.raw, want) {
			return false
		}
	}
	if len(c.Header) == 0 && c.SentSince.IsZero() && c.SentBefore.IsZero() {
		return true
	}
	raw, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(it.raw)))
	header := mail.Header{Header: message.Header{Header: raw}}
	for _, want := range c.Header {
		if !hasField(header, want.Key, want.Value) {
			return false
		}
	}
	if c.SentSince.IsZero() && c.SentBefore.IsZero() {
		return true
	}
	sent, err := header.Date()
	return err == nil && within(sent, c.SentSince, c.SentBefore)
}

func hasField(header mail.Header, name, want string) bool {
	for fields := header.FieldsByKey(name); fields.Next(); {
		value, err := fields.Text()
		if err != nil {
			value = fields.Value()
		}
		if containsFold([]byte(value), want) {
			return true
		}
	}
	return false
}

func (it *item) matchesNested(c *imap.SearchCriteria) bool {
	for i := range c.Not {
		if it.matches(&c.Not[i]) {
			return false
		}
	}
	for i := range c.Or {
		if !it.matches(&c.Or[i][0]) && !it.matches(&c.Or[i][1]) {
			return false
		}
	}
	return true
}

func containsFold(text []byte, want string) bool {
	return bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(want)))
}

// within compares days, without regard to time and zone (RFC 3501, 6.4.4).
func within(t, since, before time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return !day.Before(since) && (before.IsZero() || day.Before(before))
}
