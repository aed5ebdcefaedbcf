package mimex

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message/textproto"

	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
)

// Bounce is a report on the delivery of a letter (RFC 3464), or what could be
// gathered from one that follows no standard.
type Bounce struct {
	Standard     bool // it came as message/delivery-status
	ReportingMTA string
	ArrivedAt    time.Time // when the letter reached the reporting server; zero when not told
	Recipients   []Recipient
	OriginalIDs  []string // Message-IDs of the letter reported on, most certain first
}

// Recipient is what became of the letter for one recipient.
type Recipient struct {
	Final      string // address it was delivered to or not
	Original   string // address as it was sent, may be empty
	Action     string // failed, delayed, delivered, relayed, expanded
	Status     string // like "5.1.1"
	Diagnostic string // words of the server
	RemoteMTA  string
}

// Permanent tells that the letter will not arrive; otherwise the server is
// still trying or has delivered it.
func (r Recipient) Permanent() bool {
	return r.Action == "failed" || r.Action == "" && strings.HasPrefix(r.Status, "5.")
}

// Cause groups the reasons of a failure by who must do something.
type Cause string

// The causes.
const (
	CauseOther   Cause = "other"
	CauseAddress Cause = "address" // the address is wrong: mark the contact
	CauseFull    Cause = "full"    // the mailbox is full
	CauseSize    Cause = "size"    // the letter is too large
	CausePolicy  Cause = "policy"  // refused as spam or by rule: the administrator must know
)

// Cause reads the status code (RFC 3463).
func (r Recipient) Cause() Cause {
	_, detail, _ := strings.Cut(r.Status, ".")
	switch {
	case detail == "1.1" || detail == "1.2" || detail == "1.3" || detail == "1.10" || detail == "1.6":
		return CauseAddress
	case detail == "2.2":
		return CauseFull
	case detail == "2.3" || detail == "3.4":
		return CauseSize
	case strings.HasPrefix(detail, "7."):
		return CausePolicy
	}
	return CauseOther
}

// MDN is a report on reading (RFC 8098).
type MDN struct {
	FinalRecipient    string
	OriginalRecipient string
	OriginalID        string // Message-ID of the letter reported on
	Disposition       string // type alone: displayed, deleted, dispatched, processed
	Automatic         bool   // sent without a person deciding so
}

// report is a machine-readable part, kept until the letter is read.
type report struct {
	kind string
	blob spool.Blob
}

// The kinds of reports.
const (
	reportDelivery = "delivery-status"
	reportReading  = "disposition-notification"
	reportHeaders  = "headers"
)

func reportKind(media string) string {
	switch media {
	case "message/delivery-status", "message/global-delivery-status":
		return reportDelivery
	case "message/disposition-notification", "message/global-disposition-notification":
		return reportReading
	case "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
		return reportHeaders
	}
	return ""
}

func (p *parser) reportFile(n *node, blob spool.Blob) error {
	kind := reportKind(n.media)
	if kind == reportHeaders {
		h, err := p.innerHeader(blob)
		if err != nil {
			return err
		}
		p.origins = append(p.origins, h)
	}
	p.reports = append(p.reports, report{kind, blob})
	if n.name == "" {
		n.name = kind + ".txt"
	}
	p.addFile(File{Name: n.name, Declared: n.media, MediaType: "text/plain", Role: RoleReport, blob: blob})
	return nil
}

// setReports fills Bounce and Receipt.
func (p *parser) setReports() error {
	for _, r := range p.reports {
		groups, err := p.groups(r.blob)
		if err != nil {
			return err
		}
		switch {
		case r.kind == reportDelivery && p.letter.Bounce == nil:
			p.letter.Bounce = p.delivery(groups)
		case r.kind == reportReading && p.letter.Receipt == nil:
			p.letter.Receipt = p.reading(groups)
		}
	}
	if p.letter.Bounce == nil && p.letter.Receipt == nil && p.looksBounced() {
		p.letter.Bounce = p.guessBounce()
	}
	return nil
}

// maxReport bounds what is read of a report, and of its groups.
const (
	maxReport = 256 << 10
	maxGroups = 500
)

// groups reads the blocks of fields of a report.
func (p *parser) groups(blob spool.Blob) ([]textproto.Header, error) {
	r, err := blob.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, maxReport))
	if err != nil {
		return nil, err
	}
	var groups []textproto.Header
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	for block := range bytes.SplitSeq(raw, []byte("\n\n")) {
		block = bytes.Trim(block, "\n")
		if h := headerx.ParseBlock(block, p.lim.Header).Header; h.Len() > 0 && len(groups) < maxGroups {
			groups = append(groups, h)
		}
	}
	return groups, nil
}

// delivery reads message/delivery-status: a group for the letter, then one for
// each recipient. Some servers leave the first one out.
func (p *parser) delivery(groups []textproto.Header) *Bounce {
	b := &Bounce{Standard: true}
	for _, g := range groups {
		if g.Has("Reporting-Mta") {
			b.ReportingMTA = typed(&g, "Reporting-MTA")
		}
		if at, ok := headerx.Date(g.Get("Arrival-Date")); ok {
			b.ArrivedAt = at
		}
		if g.Has("Final-Recipient") || g.Has("Original-Recipient") || g.Has("Action") {
			b.Recipients = append(b.Recipients, recipient(&g))
		}
	}
	b.OriginalIDs = p.originalIDs(slices.Concat(p.letter.InReplyTo, p.letter.References))
	return b
}

func recipient(g *textproto.Header) Recipient {
	status, _, _ := strings.Cut(headerx.Text(g.Get("Status"), ""), " ")
	action, _, _ := strings.Cut(strings.ToLower(headerx.Text(g.Get("Action"), "")), " ")
	r := Recipient{
		Final: typed(g, "Final-Recipient"), Original: typed(g, "Original-Recipient"),
		Action: action, Status: status,
		Diagnostic: typed(g, "Diagnostic-Code"), RemoteMTA: typed(g, "Remote-MTA"),
	}
	if r.Final == "" {
		r.Final = r.Original
	}
	return r
}

// typed reads "rfc822; a@b" without the type.
func typed(g *textproto.Header, field string) string {
	value := headerx.Text(g.Get(field), "")
	if kind, rest, ok := strings.Cut(value, ";"); ok && !strings.ContainsAny(kind, " @") {
		value = rest
	}
	return strings.Trim(strings.TrimSpace(value), "<>")
}

// originalIDs collects ids from the letters inside the letter and then adds
// those found elsewhere.
func (p *parser) originalIDs(more []string) []string {
	var list []string
	for _, h := range p.origins {
		list = append(list, headerx.MessageIDs(h.Get("Message-Id"))...)
	}
	return unique(append(list, more...))
}

func unique(list []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// reading reads message/disposition-notification.
func (p *parser) reading(groups []textproto.Header) *MDN {
	m := &MDN{}
	for _, g := range groups {
		if !g.Has("Disposition") {
			continue
		}
		mode, kind, _ := strings.Cut(strings.ToLower(headerx.Text(g.Get("Disposition"), "")), ";")
		kind, _, _ = strings.Cut(strings.TrimSpace(kind), "/")
		m.Disposition = kind
		m.Automatic = strings.HasPrefix(mode, "automatic")
		m.FinalRecipient, m.OriginalRecipient = typed(&g, "Final-Recipient"), typed(&g, "Original-Recipient")
		if ids := headerx.MessageIDs(g.Get("Original-Message-ID")); len(ids) > 0 {
			m.OriginalID = ids[0]
		}
	}
	if ids := p.originalIDs(nil); m.OriginalID == "" && len(ids) > 0 {
		m.OriginalID = ids[0]
	}
	return m
}

var (
	daemons       = regexp.MustCompile(`(?i)mailer-?daemon|postmaster|mail delivery (sub)?system|почтовая система`)
	bounceSubject = regexp.MustCompile(`(?i)undeliver|not? be delivered|delivery.{0,20}(fail|status|problem|delay)|returned (mail|to sender)|failure notice|mail (delivery )?fail|не ?(доставлен|может быть доставлен|удалось доставить)|недоставлен|ошибка доставки|возврат письма`)
	statusCode    = regexp.MustCompile(`\b([245]\.\d{1,3}\.\d{1,3})\b`)
	replyCode     = regexp.MustCompile(`(?m)\b([45])\d\d[ -]`)
	textID        = regexp.MustCompile(`(?i)message-id:?\s*<([^<>\s]{3,300})>`)
	textAddress   = regexp.MustCompile(`<([^<>\s@"]{1,64}@[^<>\s@"]{3,255})>`)
	originalBelow = regexp.MustCompile(`(?m)^-{3,}.*(?:copy of|original|исходн|копия).*$`)
)

// looksBounced recognises reports without multipart/report (qmail, old Exim,
// localised Exchange) by their sender and subject.
func (p *parser) looksBounced() bool {
	if p.header.Has("X-Failed-Recipients") {
		return true
	}
	sender := p.letter.Auto.NullSender || daemons.MatchString(p.letter.From.Name+" "+p.letter.From.Email)
	return sender && bounceSubject.MatchString(p.letter.Subject)
}

// guessBounce gathers what the text of such a report says.
func (p *parser) guessBounce() *Bounce {
	text := p.letter.Text
	var ids []string
	for _, m := range textID.FindAllStringSubmatch(text, 20) {
		ids = append(ids, m[1])
	}
	report := text
	if at := originalBelow.FindStringIndex(text); at != nil { // what follows is the letter itself
		report = text[:at[0]]
	}
	b := &Bounce{OriginalIDs: p.originalIDs(slices.Concat(ids, p.letter.InReplyTo, p.letter.References))}
	for _, address := range p.failedAddresses(report) {
		b.Recipients = append(b.Recipients, guessRecipient(address, report))
	}
	return b
}

// maxGuessed bounds the recipients taken from a text.
const maxGuessed = 50

func (p *parser) failedAddresses(report string) []string {
	var list []string
	for _, a := range p.addresses("X-Failed-Recipients") {
		if a.Email != "" {
			list = append(list, a.Email)
		}
	}
	if len(list) == 0 {
		for _, m := range textAddress.FindAllStringSubmatch(report, maxGuessed) {
			list = append(list, m[1])
		}
	}
	return unique(list)
}

func guessRecipient(address, report string) Recipient {
	r := Recipient{Final: address}
	if m := statusCode.FindStringSubmatch(report); m != nil {
		r.Status = m[1]
	} else if m := replyCode.FindStringSubmatch(report); m != nil {
		r.Status = m[1] + ".0.0"
	}
	switch {
	case strings.HasPrefix(r.Status, "4."):
		r.Action = "delayed"
	case r.Status == "" || strings.HasPrefix(r.Status, "5."):
		r.Action = "failed"
	}
	return r
}
