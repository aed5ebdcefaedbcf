package mailtest_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

func submittedArrives(t *testing.T, s *mailtest.Server) {
	from, to := s.NewUser(t), s.NewUser(t)
	tagged := strings.Replace(to.Address, "@", "+obr-17@", 1)
	for _, addr := range []string{to.Address, tagged} {
		bare := []byte("From: <" + from.Address + ">\r\nTo: <" + addr + ">\r\nSubject: hello\r\n\r\n.dot\r\n")
		if err := s.Submit(from, addr, bare); err != nil {
			t.Fatal(err)
		}
		s.Await(t, to, "INBOX", 1)
	}
	for i, l := range s.Await(t, to, "INBOX", 2) {
		for _, want := range []string{"Return-Path: <" + from.Address + ">", "Delivered-To: ", "Received: ", "Date: ", "Message-I", "\r\n\r\n.dot\r\n"} {
			if !bytes.Contains(l.Raw, []byte(want)) {
				t.Errorf("letter %d has no %q:\n%s", i, want, l.Raw)
			}
		}
		if i == 1 && !bytes.Contains(l.Raw, []byte("Delivered-To: "+tagged)) {
			t.Errorf("the tag was lost:\n%s", l.Raw)
		}
	}
}

func recipientsRefused(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	for _, c := range []struct {
		to       string
		code     int
		enhanced smtp.EnhancedCode
	}{
		{s.Refused, 550, smtp.EnhancedCode{5, 7, 1}},
		{s.Deferred, 450, smtp.EnhancedCode{4, 2, 1}},
		{s.Unknown, 550, smtp.EnhancedCode{5, 1, 1}},
		{s.Outside, 550, smtp.EnhancedCode{5, 1, 2}},
	} {
		err := s.Submit(u, c.to, letter(u.Address, c.to, "refuse me"))
		var refused *smtp.SMTPError
		if !errors.As(err, &refused) || refused.Code != c.code || refused.EnhancedCode != c.enhanced {
			t.Errorf("%s: %v, want %d %v", c.to, err, c.code, c.enhanced)
		}
	}
}

func bounceReturns(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	if err := s.Submit(u, s.Bouncing, letter(u.Address, s.Bouncing, "bounce me")); err != nil {
		t.Fatal(err)
	}
	report := s.Await(t, u, "INBOX", 1)[0].Raw
	for _, want := range []string{
		"Return-Path: <>", "MAILER-DAEMON@", "multipart/report", "report-type=delivery-status",
		"Auto-Submitted: auto-replied", "Final-Recipient: rfc822; " + s.Bouncing, "Action: failed", "Status: 5.1.1",
		"message/rfc822", "Message-ID: <bounce.me@test>",
	} {
		if !bytes.Contains(report, []byte(want)) {
			t.Errorf("the report has no %q:\n%s", want, report)
		}
	}
}

func tooLargeRefused(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	c := submission(t, s, sasl.NewPlainClient("", u.Address, u.Password))
	if n, ok := c.MaxMessageSize(); !ok || int64(n) != s.SizeLimit {
		t.Errorf("SIZE %d, want %d", n, s.SizeLimit)
	}
	err := c.Mail(u.Address, &smtp.MailOptions{Size: s.SizeLimit + 1})
	var refused *smtp.SMTPError
	if !errors.As(err, &refused) || refused.Code != 552 || refused.EnhancedCode != (smtp.EnhancedCode{5, 3, 4}) {
		t.Errorf("%v, want 552 5.3.4", err)
	}
}

// submission opens a submission connection and logs in.
func submission(t *testing.T, s *mailtest.Server, a sasl.Client) *smtp.Client {
	t.Helper()
	c, err := smtp.DialTLS(s.SMTPS, s.TLSConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Auth(a); err != nil {
		t.Fatal(err)
	}
	return c
}
