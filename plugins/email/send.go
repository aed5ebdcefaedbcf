package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
	"github.com/uzel-hub/uzel/sdk"
)

// Waits of a submission. Servers scan a letter between its last byte and the
// answer, so that wait is the long one.
const (
	commandTimeout    = time.Minute
	submissionTimeout = 10 * time.Minute
)

// Send implements sdk.Sender. All attempts of one delivery carry one Message-ID.
func (m *mailbox) Send(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	to, err := recipients(d)
	if err != nil {
		return sdk.Receipt{}, err
	}
	if automatic(d.Purpose) && !m.budget.take(to) {
		return sdk.Receipt{}, sdk.Rejected(errors.New("этому адресату сегодня отправлено слишком много автоматических писем: возможно, отвечает автоответчик"))
	}
	keep := spool.New(spool.Options{Dir: m.env.Scratch})
	defer func() {
		if err := keep.Close(); err != nil {
			m.env.Log.Warn("temporary files left behind", "error", err)
		}
	}()
	raw, err := m.write(keep, d, to)
	if err != nil {
		return sdk.Receipt{}, err
	}
	receipt := sdk.Receipt{State: sdk.StateSent, ExternalID: m.set.messageID(d.Delivery)}
	if receipt.Text, err = m.submit(ctx, to, raw); err != nil {
		return sdk.Receipt{}, err
	}
	if m.set.SMTP.SaveSent {
		if err := m.saveSent(ctx, raw); err != nil {
			// The letter has gone: a missing copy is no reason to send it again.
			m.env.Log.Warn("no copy in the sent folder", "delivery", d.Delivery, "error", err)
		}
	}
	return receipt, nil
}

func recipients(d sdk.Dispatch) ([]string, error) {
	var to []string
	for _, p := range d.To {
		if a := p.Address("email"); a != "" {
			to = append(to, a)
		}
	}
	if len(to) == 0 {
		return nil, sdk.Rejected(errors.New("у адресата нет адреса электронной почты"))
	}
	return to, nil
}

// write composes the letter once, so that the mail server and the sent folder
// get the same bytes.
func (m *mailbox) write(keep *spool.Store, d sdk.Dispatch, to []string) (spool.Blob, error) {
	msg, err := m.set.letter(d, to)
	if err != nil {
		return spool.Blob{}, err
	}
	r, w := io.Pipe()
	go func() {
		_, err := msg.WriteTo(w)
		w.CloseWithError(err)
	}()
	raw, err := keep.Keep(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return raw, err
	}
	if limit := int64(m.set.SMTP.LetterMB) << 20; raw.Size() > limit {
		return raw, sdk.Rejected(fmt.Errorf("письмо с файлами занимает %d МБ, предел ящика %d МБ", raw.Size()>>20, limit>>20))
	}
	return raw, nil
}

// submit hands the letter to the server. text says what should be shown though
// it was sent: that some of several addressees were refused.
func (m *mailbox) submit(ctx context.Context, to []string, raw spool.Blob) (text string, err error) {
	c, err := m.dialSMTP(ctx)
	if err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer func() {
		stop()
		_ = c.Close()
	}()
	if limit, ok := c.MaxMessageSize(); ok && limit > 0 && raw.Size() > int64(limit) {
		return "", sdk.Rejected(fmt.Errorf("письмо с файлами занимает %d МБ, почтовый сервер берёт до %d МБ", raw.Size()>>20, limit>>20))
	}
	if err := c.Mail(m.set.Address, &smtp.MailOptions{Size: raw.Size()}); err != nil {
		return "", said(err)
	}
	if text, err = address(c, to); err != nil {
		return "", err
	}
	if err := m.data(c, raw); err != nil {
		return "", err
	}
	_ = c.Quit() // the letter is theirs already
	return text, nil
}

// address names the recipients. One that is refused does not keep the letter
// from the others.
func address(c *smtp.Client, to []string) (text string, err error) {
	var no error
	refused := 0
	for _, a := range to {
		if err := c.Rcpt(a, nil); err != nil {
			refused++
			no = said(err)
		}
	}
	switch {
	case refused == len(to):
		return "", no
	case refused > 0:
		return fmt.Sprintf("не принято для %d из %d адресатов: %v", refused, len(to), no), nil
	}
	return "", nil
}

// data sends the letter itself. Before its last byte a broken line means that
// nothing was sent; after it the answer was lost.
func (m *mailbox) data(c *smtp.Client, raw spool.Blob) error {
	in, err := raw.Open()
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read to its end or given up
	w, err := c.Data()
	if err != nil {
		return said(err)
	}
	if _, err := io.Copy(w, in); err != nil {
		return unreachable("smtp", err)
	}
	if err := w.Close(); err != nil {
		if _, answered := errors.AsType[*smtp.SMTPError](err); answered {
			return said(err)
		}
		return sdk.Unknown(errors.New("почтовый сервер принял письмо, но не подтвердил этого"))
	}
	return nil
}

// said turns the server's answer into what it means: 4xx later, 5xx never.
func said(err error) error {
	e, ok := errors.AsType[*smtp.SMTPError](err)
	if !ok {
		return unreachable("smtp", err)
	}
	words := fmt.Errorf("%d %s", e.Code, e.Message)
	if e.Temporary() {
		return sdk.RetryAfter(5*time.Minute, words)
	}
	return sdk.Rejected(words)
}

// dialSMTP connects and logs in.
func (m *mailbox) dialSMTP(ctx context.Context) (*smtp.Client, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(m.set.SMTP.Host, strconv.Itoa(m.set.SMTP.Port)))
	if err != nil {
		return nil, unreachable("smtp", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c, err := m.secure(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return nil, unreachable("smtp", err)
	}
	c.CommandTimeout, c.SubmissionTimeout = commandTimeout, submissionTimeout
	if err := m.loginSMTP(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func (m *mailbox) secure(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	conf := m.tlsConfig(m.set.SMTP.Host)
	switch m.set.SMTP.TLS {
	case "starttls":
		return smtp.NewClientStartTLS(conn, conf)
	case "tls":
		secure, err := handshake(ctx, conn, conf)
		if err != nil {
			return nil, err
		}
		conn = secure
	}
	return smtp.NewClient(conn), nil
}

// handshake bounds the time of a TLS handshake.
func handshake(ctx context.Context, conn net.Conn, conf *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	secure := tls.Client(conn, conf)
	return secure, secure.HandshakeContext(ctx)
}

func (m *mailbox) loginSMTP(c *smtp.Client) error {
	if err := c.Hello("localhost"); err != nil {
		return said(err)
	}
	mech, err := m.mechanism(c.SupportsAuth)
	if err != nil {
		return sdk.Misconfigured("oauth.refresh_token", fmt.Errorf("сервер токенов отказал: %w", err))
	}
	err = c.Auth(mech)
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok && !e.Temporary() {
		return sdk.Misconfigured(m.secretField(), fmt.Errorf("сервер SMTP не впустил: %d %s", e.Code, e.Message))
	}
	if err != nil {
		return said(err)
	}
	return nil
}

// checkSMTP logs in.
func (m *mailbox) checkSMTP(ctx context.Context) error {
	c, err := m.dialSMTP(ctx)
	if err != nil {
		return err
	}
	_ = c.Quit()
	return nil
}

// saveSent puts a copy into the folder with special use \Sent (RFC 6154).
func (m *mailbox) saveSent(ctx context.Context, raw spool.Blob) error {
	s, folder, err := m.openSent(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	in, err := raw.Open()
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read to its end or given up
	cmd := s.Append(folder, raw.Size(), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
	_, err = io.Copy(cmd, in)
	if err = errors.Join(err, cmd.Close()); err != nil {
		return err
	}
	_, err = cmd.Wait()
	return err
}

func (m *mailbox) openSent(ctx context.Context) (*session, string, error) {
	s, err := m.connect(ctx)
	if err != nil {
		return nil, "", err
	}
	folder, err := sentFolder(s.Client)
	if err != nil {
		s.close()
		return nil, "", err
	}
	return s, folder, nil
}

func sentFolder(c *imapclient.Client) (string, error) {
	var opt *imap.ListOptions
	if c.Caps().Has(imap.CapSpecialUse) {
		opt = &imap.ListOptions{ReturnSpecialUse: true}
	}
	all, err := c.List("", "*", opt).Collect()
	if err != nil {
		return "", err
	}
	fallback := ""
	for _, box := range all {
		for _, attr := range box.Attrs {
			if attr == imap.MailboxAttrSent {
				return box.Mailbox, nil
			}
		}
		switch box.Mailbox {
		case "Sent", "Отправленные", "Sent Items", "INBOX.Sent", "INBOX/Sent":
			fallback = box.Mailbox
		}
	}
	if fallback == "" {
		return "", errors.New("в ящике нет папки отправленных писем")
	}
	return fallback, nil
}

// Track implements sdk.Tracker: a letter whose answer was lost is looked for
// among the sent ones, where many servers put it by themselves. What is not
// there may still have gone, so it stays unknown.
func (m *mailbox) Track(ctx context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
	s, folder, err := m.openSent(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if _, err := s.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return nil, unreachable("imap", err)
	}
	out := make([]sdk.Receipt, 0, len(items))
	for _, item := range items {
		id := m.set.messageID(item.Delivery)
		found, err := s.UIDSearch(&imap.SearchCriteria{
			Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}},
		}, nil).Wait()
		switch {
		case err != nil:
			out = append(out, sdk.Receipt{State: sdk.StateUnknown, Err: unreachable("imap", err)})
		case len(found.AllUIDs()) > 0:
			out = append(out, sdk.Receipt{State: sdk.StateSent, ExternalID: id})
		default:
			out = append(out, sdk.Receipt{State: sdk.StateUnknown, ExternalID: id})
		}
	}
	return out, nil
}
