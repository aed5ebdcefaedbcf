package emulator

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Recipient is what the submission server does with an address.
type Recipient int

const (
	// Delivered is the default: to its mailbox, or 550 5.1.1 if there is none
	// of that name, or 550 5.1.2 if there is no mailbox at its host.
	Delivered Recipient = iota
	// Refused for good: 550 5.7.1.
	Refused
	// Deferred for now: 450 4.2.1.
	Deferred
	// Bounced is accepted, and a report of failure (RFC 3464) is put into the
	// mailbox of the envelope sender before the client reads its 250.
	Bounced
)

// Submission is a letter that the submission server has accepted.
type Submission struct {
	User      string    // who was logged in
	From      string    // envelope sender
	To        []string  // accepted envelope recipients
	MessageID string    // without angle brackets; "" if the letter has none
	Raw       []byte    // as it came, without trace fields
	At        time.Time // when it was accepted
}

// SetRecipient decides what becomes of letters to addr. Tags do not matter.
func (w *World) SetRecipient(addr string, r Recipient) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.recipients[fold(untag(addr))] = r
}

// Submissions returns the accepted letters in their order.
func (w *World) Submissions() []Submission {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.submissions)
}

// Deliver brings a letter from outside to a mailbox of the world: it gets the
// trace fields of a delivery and lands in INBOX. An empty from is the sender
// of a bounce.
func (w *World) Deliver(from, to string, raw []byte) error {
	a := w.account(untag(to))
	if a == nil {
		return errNoMailbox
	}
	a.put("INBOX", traced(from, to, raw), time.Now())
	return nil
}

// traced puts before a letter what a server adds when it delivers: who wrote,
// to whom, and when it came through.
func traced(from, to string, raw []byte) []byte {
	trace := fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\nReceived: by %s with ESMTPS; %s\r\n",
		from, to, Host, time.Now().Format(time.RFC1123Z))
	return append([]byte(trace), raw...)
}

func newSMTPServer(w *World, config *tls.Config) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &submission{world: w, conn: c}, nil
	}))
	s.Domain = Host
	s.TLSConfig = config
	s.MaxMessageBytes = w.SizeLimit
	s.MaxLineLength = 1 << 20 // like Postfix, no letter is refused for a long line
	s.EnableSMTPUTF8 = true
	s.ErrorLog = log.New(io.Discard, "", 0)
	return s
}

// submission is one SMTP connection.
type submission struct {
	world *World
	conn  *smtp.Conn
	user  string
	from  string
	to    []string
}

var (
	_ smtp.AuthSession = (*submission)(nil)
	_ logins           = (*submission)(nil)
)

var replyCode = regexp.MustCompile(`^([45]\d\d) ([45])\.(\d+)\.(\d+) *(.*)$`)

// reply makes an answer out of "550 5.7.1 text".
func reply(text string) *smtp.SMTPError {
	m := replyCode.FindStringSubmatch(text)
	if m == nil {
		return reply("451 4.3.0 " + text)
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	return &smtp.SMTPError{Code: n(1), EnhancedCode: smtp.EnhancedCode{n(2), n(3), n(4)}, Message: m[5]}
}

// begin counts a command and lets a fault stop it.
func (s *submission) begin(command string) error {
	refusal, err := s.world.SMTP.command(command, s.conn.Conn())
	if refusal == "" {
		return err
	}
	if command == "LOGIN" && !replyCode.MatchString(refusal) {
		refusal = "535 5.7.8 " + refusal
	}
	return reply(refusal)
}

func (s *submission) AuthMechanisms() []string { return mechanisms() }

func (s *submission) Auth(mech string) (sasl.Server, error) {
	if server := newSASL(mech, s); server != nil {
		return server, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *submission) password(user, password string) error {
	if err := s.begin("LOGIN"); err != nil {
		return err
	}
	return s.enter(s.world.byPassword(user, password))
}

func (s *submission) bearer(user, token string) error {
	if err := s.begin("LOGIN"); err != nil {
		return err
	}
	return s.enter(s.world.byToken(user, token))
}

func (s *submission) enter(a *account, err error) error {
	if err != nil {
		return smtp.ErrAuthFailed
	}
	s.user = a.addr
	return nil
}

func (s *submission) Mail(from string, _ *smtp.MailOptions) error {
	if err := s.begin("MAIL"); err != nil {
		return err
	}
	if s.user == "" {
		return reply("530 5.7.0 authentication required")
	}
	s.from = from
	return nil
}

func (s *submission) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.begin("RCPT"); err != nil {
		return err
	}
	if text := s.world.verdict(to); text != "" {
		return reply(text)
	}
	s.to = append(s.to, to)
	return nil
}

// verdict is the refusal of a recipient, "" if it is accepted.
func (w *World) verdict(to string) string {
	switch addr := untag(to); w.recipient(addr) {
	case Refused:
		return "550 5.7.1 refused by policy"
	case Deferred:
		return "450 4.2.1 try again later"
	case Bounced:
		return ""
	default:
		switch {
		case w.account(addr) != nil:
			return ""
		case w.hosts(domain(addr)):
			return "550 5.1.1 user unknown"
		default:
			return "550 5.1.2 no outside delivery from this server"
		}
	}
}

func (w *World) recipient(addr string) Recipient {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.recipients[fold(addr)]
}

func (w *World) hosts(host string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for addr := range w.accounts {
		if domain(addr) == fold(host) {
			return true
		}
	}
	return false
}

func (s *submission) Data(r io.Reader) error {
	if err := s.begin("DATA"); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.world.accept(Submission{
		User: s.user, From: s.from, To: slices.Clone(s.to), MessageID: messageID(raw), Raw: raw, At: time.Now(),
	})
	return s.world.SMTP.changed(s.conn.Conn())
}

func (s *submission) Reset()        { s.from, s.to = "", nil }
func (s *submission) Logout() error { return nil }

func (w *World) accept(m Submission) {
	w.mu.Lock()
	w.submissions = append(w.submissions, m)
	w.mu.Unlock()
	raw := completed(m)
	for _, to := range m.To {
		if w.recipient(untag(to)) == Bounced {
			w.bounce(m, to)
			continue
		}
		_ = w.Deliver(m.From, to, raw) // RCPT has seen the mailbox, and mailboxes do not vanish
	}
}

// completed adds the fields that a submission server adds if they are absent.
func completed(m Submission) []byte {
	header, _ := splitLetter(m.Raw)
	var add strings.Builder
	if field(header, "Date") == "" {
		fmt.Fprintf(&add, "Date: %s\r\n", m.At.Format(time.RFC1123Z))
	}
	if m.MessageID == "" {
		fmt.Fprintf(&add, "Message-ID: <%s@%s>\r\n", rand.Text(), Host)
	}
	return append([]byte(add.String()), m.Raw...)
}

func messageID(raw []byte) string {
	header, _ := splitLetter(raw)
	return strings.Trim(field(header, "Message-ID"), "<> \r\n\t")
}

func field(header []byte, name string) string {
	found := filterHeader(header, []string{name}, nil)
	_, value, _ := bytes.Cut(found, []byte(":"))
	return strings.TrimSpace(string(value))
}

func fold(addr string) string { return strings.ToLower(addr) }

// untag takes the tag from an address: name+tag@host is name@host.
func untag(addr string) string {
	local, host, _ := cutLast(addr, '@')
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + host
}

func domain(addr string) string {
	_, host, _ := cutLast(addr, '@')
	return host
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
