package main

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/sdk"
)

// The requisites of item «ЛК жителя» that every appeal of a cabinet has.
const (
	deliveryType = "ЛК жителя"
	senderType   = "Физическое лицо"
	// fieldConsent is when the resident agreed that personal data are processed.
	fieldConsent = "consent_at"
)

// Bounds of what a resident writes.
const (
	maxText    = 20_000
	maxSubject = 500
	maxFiles   = 50
)

// written is the JSON of a new appeal or message. ID is the cabinet's own: the
// same offered twice is registered once.
type written struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	Sender    sender    `json:"sender"`
	Account   string    `json:"account"`
	Address   string    `json:"address"`
	Reason    string    `json:"reason"`
	ConsentAt time.Time `json:"consent_at"`
	Uploads   []string  `json:"uploads"`
}

type sender struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Phone string `json:"phone"`
}

// create registers an appeal. It answers when the hub has it on disk; its
// number follows a moment later.
func (c *cabinet) create(x *exchange, r *http.Request) error {
	resident, _, err := who(r)
	if err != nil {
		return err
	}
	return c.write(x, r, func(in *written) (sdk.Message, error) {
		m := in.message(resident)
		m.ExternalID, m.Thread.External = in.ID, in.ID
		return m, in.check(true)
	})
}

// add joins a message to an appeal; after the end of that one it becomes an
// appeal of its own in the same matter.
func (c *cabinet) add(x *exchange, r *http.Request) error {
	resident, appeal, err := who(r)
	if err != nil {
		return err
	}
	earlier, err := c.env.Call(x.ctx, sdk.Call{Service: callGet, Input: sdk.Values{"applicant": resident, "id": appeal}})
	if err != nil {
		return err
	}
	return c.write(x, r, func(in *written) (sdk.Message, error) {
		root, _, _ := strings.Cut(appeal, ".")
		m := in.message(resident)
		m.ExternalID, m.Thread.External = root+"."+in.ID, root
		if subject, _ := earlier.Output["subject"].(string); m.Subject == "" {
			m.Subject = subject // people look for it in lists
		}
		return m, in.check(false)
	})
}

// write reads the request, hands what make makes of it to the hub and answers.
func (c *cabinet) write(x *exchange, r *http.Request, make func(*written) (sdk.Message, error)) error {
	in, files, err := c.written(x, r)
	defer files.free()
	if err != nil {
		return err
	}
	m, err := make(in)
	if err != nil {
		return err
	}
	for _, f := range files.parts {
		m.Files = append(m.Files, f.file())
	}
	uploads, lost := c.taken(in.Uploads)
	m.Files = append(m.Files, uploads...)
	status, err := c.repeated(x, &m, lost == nil)
	if err != nil {
		return err
	}
	if status == http.StatusCreated {
		if lost != nil {
			return lost
		}
		if m.At.IsZero() {
			m.At = c.now()
		}
		if err := x.emit.Emit(x.ctx, m, nil); err != nil {
			return err
		}
	}
	return x.json(status, map[string]string{"id": m.ExternalID})
}

// taken are the files of uploads, as far as they are still here.
func (c *cabinet) taken(ids []string) (out []sdk.File, err error) {
	for _, id := range ids {
		f, err := c.uploads.take(id)
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	return out, nil
}

// check finds all faults at once.
func (w *written) check(appeal bool) error {
	var faults []sdk.FieldFault
	fault := func(wrong bool, field, text string) {
		if wrong {
			faults = append(faults, sdk.FieldFault{Field: field, Text: text})
		}
	}
	fault(!idForm.MatchString(w.ID), "id", "до 64 знаков A–Z a–z 0–9 _ -")
	fault(strings.TrimSpace(w.Text) == "", "text", "обязательное поле")
	fault(utf8.RuneCountInString(w.Text) > maxText, "text", fmt.Sprintf("длиннее %d знаков", maxText))
	fault(utf8.RuneCountInString(w.Subject) > maxSubject, "subject", fmt.Sprintf("длиннее %d знаков", maxSubject))
	fault(appeal && strings.TrimSpace(w.Subject) == "", "subject", "обязательное поле")
	fault(appeal && strings.TrimSpace(w.Sender.Name) == "", "sender.name", "обязательное поле")
	for _, field := range []struct{ name, value string }{
		{"sender.name", w.Sender.Name},
		{"sender.email", w.Sender.Email},
		{"sender.phone", w.Sender.Phone},
		{"account", w.Account},
		{"address", w.Address},
		{"reason", w.Reason},
	} {
		fault(utf8.RuneCountInString(field.value) > maxSubject, field.name, fmt.Sprintf("длиннее %d знаков", maxSubject))
	}
	fault(len(w.Uploads) > maxFiles, "uploads", fmt.Sprintf("больше %d файлов", maxFiles))
	if len(faults) > 0 {
		return &sdk.Error{Kind: "invalid", Code: "cabinet.invalid", Text: "обращение заполнено неверно", Source: "plugin", Faults: faults}
	}
	return nil
}

// message is what is registered: subject, text and sender of the document, and
// the requisites of a resident's appeal.
func (w *written) message(resident string) sdk.Message {
	m := sdk.Message{
		Kind: sdk.KindAppeal, At: w.At, Subject: w.Subject, Text: w.Text,
		From:   sdk.Party{Kind: "person", Name: strings.TrimSpace(w.Sender.Name)},
		Fields: map[string]string{sdk.FieldDeliveryType: deliveryType, sdk.FieldSenderType: senderType},
	}
	for _, a := range []sdk.Address{
		{Kind: "outside", Value: resident},
		{Kind: "email", Value: w.Sender.Email},
		{Kind: "phone", Value: w.Sender.Phone},
		{Kind: "account", Value: w.Account},
	} {
		if a.Value = strings.TrimSpace(a.Value); a.Value != "" {
			m.From.Addresses = append(m.From.Addresses, a)
		}
	}
	for name, value := range map[string]string{sdk.FieldAccount: w.Account, sdk.FieldAddress: w.Address, sdk.FieldReason: w.Reason} {
		if value = strings.TrimSpace(value); value != "" {
			m.Fields[name] = value
		}
	}
	if !w.ConsentAt.IsZero() {
		m.Fields[fieldConsent] = w.ConsentAt.UTC().Format(time.RFC3339)
	}
	return m
}

// ---- the body: JSON, or a form whose part appeal is that JSON

// parts are the files of a form, each in a nameless file of its own.
type parts struct{ parts []part }

type part struct {
	name string
	size int64
	f    *os.File
}

func (p *parts) free() {
	for _, one := range p.parts {
		one.f.Close() //nolint:errcheck // nameless: nothing can be lost
	}
}

func (p part) file() sdk.File {
	return sdk.File{Name: p.name, Size: p.size, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(p.f, 0, p.size)), nil
	}}
}

func (c *cabinet) written(x *exchange, r *http.Request) (*written, *parts, error) {
	in, files := new(written), new(parts)
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "multipart/form-data":
		err = c.form(multipart.NewReader(x.body, params["boundary"]), in, files)
	case err == nil && kind == "application/json":
		err = x.decode(in)
	default:
		err = sdk.Invalid("content-type", "нужен application/json или multipart/form-data")
	}
	return in, files, err
}

// form reads the parts appeal (JSON, first) and file (any number).
func (c *cabinet) form(form *multipart.Reader, in *written, files *parts) error {
	first := true
	for {
		p, err := form.NextPart()
		if errors.Is(err, io.EOF) && !first {
			return nil
		}
		if err != nil {
			return sdk.Invalid("body", "форма не читается")
		}
		switch {
		case first && p.FormName() == "appeal":
			err = decodeJSON(p, in)
		case !first && p.FormName() == "file" && len(files.parts) < maxFiles:
			err = c.part(p, files)
		case !first && p.FormName() == "file":
			err = sdk.Invalid("file", fmt.Sprintf("больше %d файлов", maxFiles))
		default:
			err = sdk.Invalid("body", "части формы: сначала appeal (JSON), затем file")
		}
		if err != nil {
			return err
		}
		first = false
	}
}

func (c *cabinet) part(p *multipart.Part, files *parts) error {
	f, err := nameless(c.env.Scratch)
	if err != nil {
		return err
	}
	files.parts = append(files.parts, part{name: p.FileName(), f: f})
	n, err := io.Copy(f, p)
	files.parts[len(files.parts)-1].size = n
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return sdk.Invalid("body", "форма не читается")
	}
	return err
}
