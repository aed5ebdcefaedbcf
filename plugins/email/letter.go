package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/plugins/email/internal/mimex"
	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
	"github.com/uzel-hub/uzel/sdk"
)

// deliveryType is the requisite «Вид доставки» of what comes by e-mail.
const deliveryType = "Электронная почта"

// ourDelivery is the hub's delivery id inside a Message-ID of ours.
var ourDelivery = regexp.MustCompile(`dlv_[0-9a-hjkmnp-tv-z]{26}`)

// message reads a letter into what the hub registers. done frees what the
// files of the message live in; headOnly says that the body stayed at the
// server.
func (m *mailbox) message(ctx context.Context, raw spool.Blob, h head, headOnly bool) (msg sdk.Message, done func(), err error) {
	in, err := raw.Open()
	if err != nil {
		return msg, nil, err
	}
	defer in.Close() //nolint:errcheck // only read
	l, err := mimex.Parse(ctx, in, mimex.Limits{Total: int64(m.set.IMAP.LetterMB) << 20}, mimex.Spool{Dir: m.env.Scratch})
	if err != nil {
		return msg, nil, err
	}
	msg = m.compose(l, raw, h)
	if headOnly {
		msg.Marks = append(msg.Marks, sdk.Mark{Kind: sdk.MarkOversized, Reason: oversized(h.size, m.set.IMAP.LetterMB)})
	}
	return msg, func() {
		if err := l.Close(); err != nil {
			m.env.Log.Warn("temporary files left behind", "error", err)
		}
	}, nil
}

func (m *mailbox) compose(l *mimex.Letter, raw spool.Blob, h head) sdk.Message {
	msg := sdk.Message{
		ExternalID: externalID(l),
		Kind:       sdk.KindLetter,
		At:         moment(l.Date, h.received),
		From:       party(l.From),
		To:         parties(slices.Concat(l.To, l.Cc)),
		Subject:    l.Subject,
		Text:       l.Text,
		HTML:       l.HTML,
		Thread: sdk.ThreadHint{
			References: references(l),
			Numbers:    mimex.SubjectNumbers(l.Subject),
			KnownAs:    []string{l.MessageID},
		},
		Files:  files(l, raw),
		Marks:  m.marks(l),
		Fields: map[string]string{sdk.FieldDeliveryType: deliveryType},
	}
	report(&msg, l)
	return msg
}

// externalID tells letters apart. A Message-ID alone does not: broken senders
// use one for several letters, and a lost letter is worse than a long id. The
// header is left out of the sum, because each hop adds to it.
func externalID(l *mimex.Letter) string {
	sum := sha256.Sum256([]byte(l.From.Email + "\x00" + l.Subject + "\x00" + l.BodySum))
	return l.MessageID + "#" + hex.EncodeToString(sum[:8])
}

// moment is when the letter was written; a missing date, or one in the future,
// gives way to the moment the server received it.
func moment(written, received time.Time) time.Time {
	if written.IsZero() || !received.IsZero() && written.After(received.Add(24*time.Hour)) {
		return received
	}
	return written
}

func party(a mimex.Address) sdk.Party {
	p := sdk.Party{Name: a.Name}
	if a.Email != "" {
		p.Addresses = []sdk.Address{{Kind: "email", Value: a.Email}}
	}
	return p
}

func parties(list []mimex.Address) []sdk.Party {
	out := make([]sdk.Party, 0, len(list))
	for _, a := range list {
		out = append(out, party(a))
	}
	return out
}

// references are nearest first: In-Reply-To, then References backwards.
func references(l *mimex.Letter) []string {
	out := slices.Clone(l.InReplyTo)
	for _, ref := range slices.Backward(l.References) {
		if !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}

// files are the letter as it came, its HTML as it came, then what is in it.
func files(l *mimex.Letter, raw spool.Blob) []sdk.File {
	out := []sdk.File{{Name: "письмо.eml", MediaType: "message/rfc822", Role: sdk.RoleOriginal, Size: raw.Size(), Open: raw.Open}}
	if len(l.RawHTML) > 0 {
		html := sdk.Bytes("письмо.html", l.RawHTML)
		html.MediaType, html.Role = "text/html", sdk.RoleHTML
		out = append(out, html)
	}
	for i := range l.Files {
		f := &l.Files[i]
		file := sdk.File{
			Name: f.Name, MediaType: f.MediaType, Role: roles[f.Role], ContentID: f.ContentID, Size: f.Size, Open: f.Open,
		}
		if f.SignatureOf != mimex.NoFile {
			file.Signs = l.Files[f.SignatureOf].Name
		}
		out = append(out, file)
	}
	return out
}

// roles are those of the hub; a role that is not here is an attachment.
var roles = map[mimex.Role]string{
	mimex.RoleInline:    sdk.RoleInline,
	mimex.RoleSignature: sdk.RoleSignature,
	mimex.RoleHTML:      sdk.RoleHTML,
}

// marks tell a person what is special about the letter.
func (m *mailbox) marks(l *mimex.Letter) []sdk.Mark {
	var out []sdk.Mark
	add := func(kind, reason string) { out = append(out, sdk.Mark{Kind: kind, Reason: reason}) }
	switch {
	case l.Broken:
		add(sdk.MarkQuarantine, faults(l))
	case len(l.Faults) > 0:
		add(sdk.MarkRepaired, faults(l))
	}
	if reason := l.NoAutoReply(m.set.own()); reason != "" {
		add(sdk.MarkAutomatic, reason)
	}
	if l.Bounce != nil {
		add(sdk.MarkBounce, "отчёт о недоставке")
	}
	return out
}

// report turns a bounce or a notice of reading into news about what we sent.
// The letter itself goes along: if nothing of ours is found for it, the hub
// registers it as any other.
func report(msg *sdk.Message, l *mimex.Letter) {
	var about []string
	status := sdk.Status{At: msg.At}
	switch {
	case l.Bounce != nil:
		about = l.Bounce.OriginalIDs
		worst := worstOf(l.Bounce.Recipients)
		status.State, status.Code, status.Text = bounceState(worst), worst.Status, worst.Diagnostic
	case l.Receipt != nil && l.Receipt.Disposition == "displayed":
		about = []string{l.Receipt.OriginalID}
		status.State, status.Code = sdk.StateRead, l.Receipt.Disposition
	default:
		return
	}
	if len(about) == 0 {
		return
	}
	msg.Kind, msg.Status, msg.About = sdk.KindStatus, &status, about[0]
	for _, id := range about {
		if ours := ourDelivery.FindString(id); ours != "" {
			status.Delivery, msg.About = ours, id
			return
		}
	}
}

// worstOf several recipients: one who did not get it decides.
func worstOf(list []mimex.Recipient) mimex.Recipient {
	if len(list) == 0 {
		return mimex.Recipient{Action: "failed"} // a bounce that names nobody
	}
	if i := slices.IndexFunc(list, mimex.Recipient.Permanent); i >= 0 {
		return list[i]
	}
	return list[0]
}

// bounceState reads the Action of RFC 3464 §2.3.3.
func bounceState(r mimex.Recipient) sdk.State {
	switch {
	case r.Permanent():
		return sdk.StateRejected
	case r.Action == "delivered":
		return sdk.StateDelivered
	}
	return sdk.StateSent // delayed, relayed, expanded: it is on its way
}
