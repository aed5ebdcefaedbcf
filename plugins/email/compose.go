package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/uzel-hub/uzel/sdk"
)

// messageID is the letter's Message-ID, without brackets: it is made of the delivery, so that all
// attempts carry one and the same, and an answer tells which delivery it
// answers.
func (s settings) messageID(delivery string) string {
	_, host, _ := strings.Cut(s.Address, "@")
	return delivery + "@" + host
}

// automatic tells whether no person wrote the letter.
func automatic(p sdk.Purpose) bool { return p == sdk.PurposeNotice }

// letter composes a delivery as a letter. The files are read when it is
// written.
func (s settings) letter(d sdk.Dispatch, to []string) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingB64), mail.WithNoDefaultUserAgent())
	if err := m.FromFormat(s.Name, s.Address); err != nil {
		return nil, sdk.Misconfigured("name", err)
	}
	if err := m.To(to...); err != nil {
		return nil, sdk.Rejected(fmt.Errorf("адрес получателя записан неверно"))
	}
	m.SetDate()
	m.Subject(s.subject(d))
	m.SetMessageIDWithValue(s.messageID(d.Delivery))
	if refs := d.Thread.References; len(refs) > 0 {
		m.SetGenHeaderPreformatted(mail.HeaderInReplyTo, "<"+refs[0]+">")
		m.SetGenHeaderPreformatted(mail.HeaderReferences, references80(refs))
	}
	m.SetGenHeader("X-Uzel-Delivery", d.Delivery)
	if automatic(d.Purpose) {
		m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
		m.SetGenHeader(mail.HeaderPrecedence, "bulk")
		m.SetGenHeader("X-Auto-Response-Suppress", "All") // Exchange
	}
	m.SetBodyString(mail.TypeTextPlain, s.render(d))
	if d.Document.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, d.Document.HTML)
	}
	m.SetAttachments(attachments(d.Files))
	return m, nil
}

// references80 folds the ids, oldest first, one a line: a matter of many
// letters makes a header longer than a line may be.
func references80(nearestFirst []string) string {
	oldest := slices.Clone(nearestFirst)
	slices.Reverse(oldest)
	return "<" + strings.Join(oldest, ">\r\n <") + ">"
}

// attachments leave out what is a file of the hub's only: the letter as it
// came, when a document is forwarded.
func attachments(files []sdk.File) []*mail.File {
	var out []*mail.File
	for _, f := range files {
		if f.Role == sdk.RoleHTML || f.Role == sdk.RoleOriginal {
			continue
		}
		out = append(out, &mail.File{
			Name: f.Name, ContentType: mail.ContentType(f.MediaType), Header: map[string][]string{},
			Enc: mail.EncodingB64,
			Writer: func(w io.Writer) (int64, error) {
				in, err := f.Open()
				if err != nil {
					return 0, err
				}
				defer in.Close() //nolint:errcheck // read to its end or given up
				return io.Copy(w, in)
			},
		})
	}
	return out
}
