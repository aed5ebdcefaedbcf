package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/plugins/gis/internal/filestore"
	"github.com/uzel-hub/uzel/sdk"
)

// hash is a short sum of what an appeal says, its spelling left aside.
func hash(ap *appeals.Appeal) string {
	raw, err := json.Marshal(ap)
	if err != nil {
		panic(err) // strings and booleans always marshal
	}
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// next is what is known once the appeal has been told.
func (s seen) next(ap *appeals.Appeal, today time.Time) seen {
	out := seen{
		Hash: hash(ap), Count: s.Count + 1, Closed: s.Closed,
		Withdrawn: ap.Status == appeals.Withdrawn, Ratings: len(ratings(ap)),
	}
	switch {
	case ap.Open():
		out.Closed = ""
	case out.Closed == "":
		out.Closed = today.Format(time.DateOnly)
	}
	return out
}

func ratings(ap *appeals.Appeal) (out []appeals.Event) {
	for _, e := range ap.History {
		if e.Rating != nil {
			out = append(out, e)
		}
	}
	return out
}

// messages are what there is to tell of an appeal: itself or its change, that
// it was taken back, and what the applicant thinks of the answer.
func (a *account) messages(ctx context.Context, ap *appeals.Appeal, had seen, known bool) ([]sdk.Message, error) {
	m, err := a.message(ctx, ap)
	if err != nil {
		return nil, err
	}
	version := fmt.Sprintf("%s/%d/%s", ap.Key(), had.Count+1, hash(ap))
	if known {
		m.ExternalID, m.Change, m.About = version, sdk.Edited, ap.Key()
	} else {
		dropEmpty(m.Fields)
		m.Files = append(m.Files, original(ap))
	}
	out := []sdk.Message{m}
	if ap.Status == appeals.Withdrawn && !had.Withdrawn {
		w := sdk.Message{
			ExternalID: version + "/withdrawn", Kind: sdk.KindAppeal, Change: sdk.Withdrawn, About: ap.Key(),
			At: a.clock.now(), From: m.From, Subject: m.Subject, Text: "отозвано заявителем", Thread: m.Thread,
		}
		if ap.Withdrawal != nil && ap.Withdrawal.Text != "" {
			w.Text += ": " + plain(ap.Withdrawal.Text)
		}
		out = append(out, w)
	}
	for i, e := range ratings(ap) {
		if i >= had.Ratings && !e.Rating.Received {
			out = append(out, a.complaint(ap, &m, i, e))
		}
	}
	return out, nil
}

// complaint is the word of an applicant who is not content with the answer: a
// letter in the matter, so that it goes back to whoever answered.
func (a *account) complaint(ap *appeals.Appeal, m *sdk.Message, i int, e appeals.Event) sdk.Message {
	return sdk.Message{
		ExternalID: fmt.Sprintf("%s/rating/%d", ap.Key(), i+1), Kind: sdk.KindLetter, At: midnight(e.Date, a.clock.now()),
		From: m.From, Subject: "Оценка ответа: " + m.Subject, Text: rating(e.Rating), Thread: m.Thread,
		Fields: map[string]string{sdk.FieldDeliveryType: deliveryType, sdk.FieldSenderType: m.Fields[sdk.FieldSenderType]},
	}
}

func rating(r *appeals.Rating) string {
	var out string
	switch {
	case r.Received:
		out = "Необходимая информация получена"
	case r.Partly:
		out = "Необходимая информация получена частично"
	default:
		out = "Ответом не удовлетворён"
	}
	if r.Comment != "" {
		out += ": " + plain(r.Comment)
	}
	return out
}

const deliveryType = "ГИС ЖКХ"

// message is the appeal as a new message, with every requisite, empty or not.
func (a *account) message(ctx context.Context, ap *appeals.Appeal) (sdk.Message, error) {
	from, kind, err := a.sender(ctx, ap)
	if err != nil {
		return sdk.Message{}, err
	}
	topic, err := a.topic(ctx, ap)
	if err != nil {
		return sdk.Message{}, err
	}
	m := sdk.Message{
		ExternalID: ap.Key(), Kind: sdk.KindAppeal, At: midnight(ap.Created, a.clock.now()), From: from,
		Subject: topic, Text: plain(ap.Text), Thread: sdk.ThreadHint{External: ap.Key()}, Fields: fields(ap),
	}
	if ap.Parent != "" {
		m.Thread.References = []string{appeals.Key(ap.Parent)}
	}
	m.Fields[sdk.FieldSenderType] = kind
	if due := ap.Due(); !due.IsZero() {
		m.DueAt = endOf(due)
	}
	return m, a.attach(ctx, ap, &m)
}

// midnight is the beginning of a day of GIS; now if it tells none.
func midnight(day string, now time.Time) time.Time {
	d := appeals.Day(day)
	if d.IsZero() {
		return now
	}
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, moscow)
}

// endOf is the last second of a day of GIS.
func endOf(d time.Time) time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), 23, 59, 59, 0, moscow)
}

// statuses are the states as the cabinet of GIS names them.
var statuses = map[string]string{
	appeals.Sent: "Получено", appeals.InWork: "В работе", appeals.Executed: "Выполнено", appeals.Withdrawn: "Отозвано",
}

// fields are the requisites of an appeal.
func fields(ap *appeals.Appeal) map[string]string {
	f := map[string]string{
		sdk.FieldDeliveryType: deliveryType,
		sdk.FieldAddress:      address(&ap.Applicant),
		sdk.FieldReason:       ap.Topic.Code,
		"gis_number":          ap.Number,
		"gis_status":          statuses[ap.Status],
		"gis_house":           ap.House,
		"gis_oktmo":           strings.TrimSpace(ap.OKTMO.Code + " " + ap.OKTMO.Name),
		"gis_parent":          ap.Parent,
		"gis_answerer":        ap.Answerer,
		"gis_due":             dayText(ap.Due()),
		"gis_planned":         dayText(appeals.Day(ap.Planned)),
		"gis_requirement":     ap.Norm,
		"gis_redirected":      yes(ap.Redirected || ap.RedirectOut),
		"gis_extended":        yes(ap.Extended),
		"gis_not_required":    yes(ap.NotRequired),
		"gis_mobile":          yes(ap.Mobile),
		"gis_collective":      collective(ap),
		"gis_answer":          answers(ap),
		"gis_rating":          "",
	}
	if f["gis_status"] == "" {
		f["gis_status"] = ap.Status
	}
	if list := ratings(ap); len(list) > 0 {
		f["gis_rating"] = rating(list[len(list)-1].Rating)
	}
	return f
}

func dropEmpty(f map[string]string) {
	for k, v := range f {
		if v == "" {
			delete(f, k)
		}
	}
}

func yes(b bool) string {
	if b {
		return "да"
	}
	return ""
}

func dayText(d time.Time) string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

func collective(ap *appeals.Appeal) string {
	if !ap.Collective && len(ap.Neighbours) == 0 {
		return ""
	}
	return fmt.Sprintf("да, присоединились: %d", len(ap.Neighbours))
}

// answers are the numbers of the answers sent.
func answers(ap *appeals.Appeal) string {
	var out []string
	for _, e := range ap.History {
		if e.Answer == nil || !e.Answer.Sent {
			continue
		}
		number := e.Answer.Number
		if number == "" {
			number = "без номера"
		}
		out = append(out, strings.TrimSpace(number+" "+dayText(appeals.Day(e.Answer.SentOn))))
	}
	return strings.Join(out, "; ")
}

func address(who *appeals.Applicant) string {
	out, flat := strings.TrimSpace(who.Postal), strings.TrimSpace(who.Flat)
	if flat == "" || regexp.MustCompile(`(?i)(кв\.?|квартира|пом\.?|помещение)\s*`+regexp.QuoteMeta(flat)+`\b`).MatchString(out) {
		return out
	}
	return strings.TrimPrefix(out+", кв. "+flat, ", ")
}

// sender is who wrote, and what sort of a sender that is. Everybody has an
// address: the appeal itself, for an answer goes to it.
func (a *account) sender(ctx context.Context, ap *appeals.Appeal) (sdk.Party, string, error) {
	who := &ap.Applicant
	p := sdk.Party{Kind: "person"}
	add := func(kind, value string) {
		if value = strings.TrimSpace(value); value != "" {
			p.Addresses = append(p.Addresses, sdk.Address{Kind: kind, Value: value})
		}
	}
	add("email", who.Email)
	add("phone", who.Phone)
	add("postal", address(who))
	switch {
	case who.HCS:
		p.Kind, p.Name = "organization", deliveryType
		add("outside", ap.Key())
		return p, "ГИС ЖКХ", nil
	case who.Org != "":
		p.Kind = "organization"
		org, err := a.lookups.organization(ctx, who.Org)
		if err != nil {
			return p, "", err
		}
		p.Name = org.Name
		add("inn", org.INN)
		add("ogrn", org.OGRN)
		add("kpp", org.KPP)
		add("outside", appeals.Key(who.Org))
		return p, "Юридическое лицо", nil
	}
	if who.Person != nil {
		p.Name = who.Person.Name()
	}
	add("outside", ap.Key())
	return p, "Физическое лицо", nil
}

// topic is the subject: the topic's name, or its code if nobody knows the name.
func (a *account) topic(ctx context.Context, ap *appeals.Appeal) (string, error) {
	switch {
	case ap.OtherTopic != "":
		return plain(ap.OtherTopic), nil
	case ap.Topic.Name != "":
		return plain(ap.Topic.Name), nil
	case ap.Topic.Code == "":
		return "Обращение " + ap.Number, nil
	}
	name, err := a.lookups.topic(ctx, ap.Topic.Code)
	if name == "" {
		name = "Тема " + ap.Topic.Code
	}
	return name, err
}

var tags = regexp.MustCompile(`(?i)</?(p|br|div|span|b|i|u|em|strong|a|ul|ol|li|h[1-6]|table|tr|td|font|script|style)\b[^<>]*>`)

// plain is the text without the tags the cabinet of GIS leaves in it. A text
// without tags stays as it is: residents write "<" too.
func plain(text string) string {
	text = appeals.Clean(text)
	if !tags.MatchString(text) {
		return strings.TrimSpace(text)
	}
	var out strings.Builder
	hidden := 0
	for z := html.NewTokenizer(strings.NewReader(text)); ; {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return strings.TrimSpace(out.String())
		case html.TextToken:
			if hidden == 0 {
				out.Write(z.Text())
			}
			continue
		}
		name, _ := z.TagName()
		switch string(name) {
		case "script", "style":
			hidden = max(0, hidden+map[html.TokenType]int{html.StartTagToken: 1, html.EndTagToken: -1}[kind])
		case "br":
			out.WriteString("\n")
		case "p", "div", "li", "tr":
			if kind == html.EndTagToken {
				out.WriteString("\n")
			}
		}
	}
}

// ---- files

// unreadError names the file that could not be read.
type unreadError struct {
	name string
	err  error
}

func (e *unreadError) Error() string { return e.err.Error() }
func (e *unreadError) Unwrap() error { return e.err }

// attach gives the message the files of the appeal. One that is not ready
// delays the appeal; one the store refuses is left out with a mark.
func (a *account) attach(ctx context.Context, ap *appeals.Appeal, m *sdk.Message) error {
	for _, f := range ap.Files {
		info, err := a.files.Info(ctx, f.GUID)
		refused, isRefused := errors.AsType[*filestore.Error](err)
		switch {
		case isRefused && !refused.Temporary():
			*m = without(*m, f.Name, fileFault(refused))
			continue
		case isRefused, err == nil && !info.Complete:
			return errNotReady
		case err != nil:
			return told(err)
		}
		m.Files = append(m.Files, a.file(ctx, f, info))
	}
	return nil
}

func (a *account) file(ctx context.Context, f appeals.Attachment, info filestore.Info) sdk.File {
	name := f.Name
	if name == "" {
		name = info.Name
	}
	note := f.Description
	if note == name {
		note = ""
	}
	return sdk.File{Name: name, Note: note, Size: max(info.Length, 0), Open: func() (io.ReadCloser, error) {
		r, err := a.files.Open(ctx, f.GUID, info.Length)
		if err != nil {
			return nil, &unreadError{name, err}
		}
		return &reader{r, name}, nil
	}}
}

// reader names its file when it fails.
type reader struct {
	io.ReadCloser
	name string
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &unreadError{r.name, err}
	}
	return n, err
}

// without is the message without a file that cannot be had.
func without(m sdk.Message, name, why string) sdk.Message {
	var kept []sdk.File
	for _, f := range m.Files {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	m.Files = kept
	m.Marks = append(m.Marks, sdk.Mark{Kind: sdk.MarkQuarantine, Reason: "файл «" + name + "» не получен: " + why})
	return m
}

// original is the appeal as GIS sent it.
func original(ap *appeals.Appeal) sdk.File {
	body := append([]byte("<ExportAppealResult>"), ap.Raw...)
	f := sdk.Bytes("appeal.xml", append(body, "</ExportAppealResult>"...))
	f.MediaType, f.Role = "application/xml", sdk.RoleOriginal
	return f
}
