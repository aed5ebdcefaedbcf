package emulator

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"time"
)

// bounce puts a report of failure into the mailbox of the envelope sender, in
// the form that Postfix gives it (RFC 3464 in RFC 6522). A bounce is never
// bounced, and a sender outside the world hears nothing.
func (w *World) bounce(m Submission, to string) {
	if m.From == "" {
		return
	}
	_ = w.Deliver("", m.From, report(m, to))
}

func report(m Submission, to string) []byte {
	var b bytes.Buffer
	boundary, at := rand.Text(), m.At.Format(time.RFC1123Z)
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("From: MAILER-DAEMON@%s (Mail Delivery System)", Host)
	line("To: %s", m.From)
	line("Subject: Undelivered Mail Returned to Sender")
	line("Date: %s", at)
	line("Message-ID: <%s@%s>", rand.Text(), Host)
	line("Auto-Submitted: auto-replied")
	line("MIME-Version: 1.0")
	line(`Content-Type: multipart/report; report-type=delivery-status; boundary="%s"`, boundary)
	line("\r\n--%s", boundary)
	line("Content-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii\r\n")
	line("This is the mail system at host %s.\r\n", Host)
	line("Your message could not be delivered to one recipient.\r\n")
	line("<%s>: user unknown", to)
	line("\r\n--%s", boundary)
	line("Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n")
	line("Reporting-MTA: dns; %s", Host)
	line("Arrival-Date: %s\r\n", at)
	line("Final-Recipient: rfc822; %s", to)
	line("Original-Recipient: rfc822;%s", to)
	line("Action: failed")
	line("Status: 5.1.1")
	line("Diagnostic-Code: smtp; 550 5.1.1 <%s> user unknown", to)
	line("\r\n--%s", boundary)
	line("Content-Description: Undelivered Message\r\nContent-Type: message/rfc822")
	line("Content-Transfer-Encoding: 8bit\r\n")
	b.Write(completed(m))
	line("\r\n--%s--", boundary)
	return b.Bytes()
}
