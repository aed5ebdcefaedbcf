package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/mail"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

// desk is a clerk at the hub's network door, with an API token.
type desk struct {
	*hub
	base   string
	client *http.Client
}

var served = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// newDesk makes a clerk.
func newDesk(h *hub) *desk {
	return newUser(h, "maria", "Мария Петрова", core.RoleClerk, "documents.read", "documents.write", "deliveries.read", "parties.read", "parties.write")
}

// newUser makes a user, who signs in with the one-time password, changes it and
// makes a token for the rest of the day.
func newUser(h *hub, login, name string, role core.Role, scopes ...string) *desk {
	h.Helper()
	raw, err := os.ReadFile(h.log)
	if err != nil {
		h.Fatal(err)
	}
	jar, _ := cookiejar.New(nil) // cannot fail without options
	d := &desk{hub: h, base: served.FindString(string(raw)), client: &http.Client{Jar: jar}}
	var made struct{ Password string }
	if err := json.Unmarshal([]byte(h.must("user", "add", login, "--name", name, "--role", string(role), "--json")), &made); err != nil {
		h.Fatal(err)
	}
	var session struct{ CSRF string }
	d.do(http.MethodPost, "/api/v1/session", object{"login": login, "password": made.Password}, &session)
	d.client.Transport = header{"X-CSRF-Token", session.CSRF}
	d.do(http.MethodPost, "/api/v1/session/password", object{"old_password": made.Password, "new_password": "верблюд-и-скрепка"}, nil)
	var token struct{ Secret string }
	d.do(http.MethodPost, "/api/v1/tokens", object{
		"title": "Проверка", "scopes": scopes,
	}, &token)
	d.client = &http.Client{Transport: header{"Authorization", "Bearer " + token.Secret}}
	return d
}

// header is sent with every request.
type header struct{ name, value string }

// RoundTrip implements http.RoundTripper.
func (h header) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(h.name, h.value)
	return http.DefaultTransport.RoundTrip(r)
}

func (d *desk) do(method, path string, in, out any) {
	d.Helper()
	if err := call(d.client, method, d.base+path, "application/json", in, out); err != nil {
		d.Fatalf("%s %s: %v", method, path, err)
	}
}

// document waits for the only document with the subject.
func (d *desk) document(subject string) card {
	d.Helper()
	var found row
	d.await("«"+subject+"» is registered", func() bool {
		var page struct{ Items []row }
		d.do(http.MethodGet, "/api/v1/documents?direction=incoming", nil, &page)
		i := slices.IndexFunc(page.Items, func(r row) bool { return r.Subject == subject })
		if i >= 0 {
			found = page.Items[i]
		}
		return i >= 0
	})
	return d.read(found.ID)
}

func (d *desk) read(id core.DocumentID) (c card) {
	d.Helper()
	d.do(http.MethodGet, "/api/v1/documents/"+string(id), nil, &c)
	return c
}

// replied is the answer to a reply.
type replied struct {
	Document core.Document
	Delivery core.Delivery
}

// reply answers a document, with a file.
func (d *desk) reply(to core.DocumentID, text, name, body string) (r replied) {
	d.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	data, _ := json.Marshal(object{"text": text}) // a map of strings always marshals
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = io.WriteString(part, body)
	}
	if err == nil {
		err = w.WriteField("data", string(data))
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = call(d.client, http.MethodPost, d.base+"/api/v1/documents/"+string(to)+"/reply", w.FormDataContentType(), form.Bytes(), &r)
	}
	if err != nil {
		d.Fatal(err)
	}
	return r
}

// awaitDelivery waits until the delivery is in the state.
func (d *desk) awaitDelivery(id core.DeliveryID, want core.DeliveryState) (got core.Delivery) {
	d.Helper()
	d.await(fmt.Sprintf("delivery becomes %s", want), func() bool {
		d.do(http.MethodGet, "/api/v1/deliveries/"+string(id), nil, &got)
		return got.State == want
	})
	return got
}

// connectMailbox adds the office's mailbox, first with a wrong setting, then
// with a wrong password, then heals it by a new setting.
func connectMailbox(h *hub, srv *mailtest.Server, office mailtest.User) {
	h.Helper()
	settings, err := json.Marshal(object{
		"address": office.Address, "name": "УК «Дом»", "ca": string(srv.CAPEM),
		"imap":   object{"host": srv.TLSName, "port": port(srv.IMAPS)},
		"smtp":   object{"host": srv.TLSName, "port": port(srv.SMTPS), "save_sent": false},
		"letter": object{"signature": "УК «Дом»"},
	})
	if err != nil {
		h.Fatal(err)
	}
	file := filepath.Join(h.TempDir(), "mailbox.json")
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		h.Fatal(err)
	}
	add := []string{"channel", "add", "mail", "--plugin", "email", "--settings", file, "--set", "password=wrong"}
	answer, ok := h.uzel(append(add, "--set", "imap.port=0", "--set", "smtp.ports=1")...)
	if ok || !strings.Contains(answer, "imap.port") || !strings.Contains(answer, "smtp.ports") {
		h.Errorf("wrong settings: %s", answer)
	}
	h.must(add...)
	status := h.awaitChannel("mail", core.ChannelDegraded)
	if status.Field != "password" || status.Reason == "" {
		h.Errorf("wrong password: field %q, reason %q", status.Field, status.Reason)
	}
	if answer, ok := h.uzel("channel", "check", "mail"); ok || !strings.Contains(answer, "связи нет") {
		h.Errorf("check with a wrong password: %s", answer)
	}
	h.must("channel", "set", "mail", "password="+office.Password)
	h.awaitChannel("mail", core.ChannelRunning)
	if answer, ok := h.uzel("channel", "check", "mail"); !ok {
		h.Errorf("check with the right password: %s", answer)
	}
}

func port(address string) int {
	_, p, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(p)
	return n
}

// letter is a letter with an HTML text and a file.
func letter(from, to, id, subject string, more ...string) []byte {
	return fmt.Appendf(nil, "From: Анна Смирнова <%s>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s>\r\nDate: %s\r\n%s"+
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nПятый подъезд, верхний этаж.\r\n"+
		"--b\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment; filename*=UTF-8''%s\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n",
		from, to, subject, id, time.Now().Format(time.RFC1123Z), strings.Join(more, ""),
		url.PathEscape("Крыша.jpg"), base64.StdEncoding.EncodeToString([]byte(picture)))
}

const picture = "\xff\xd8\xff\xe0 not much of a picture"

// received is a letter as a resident's mail program sees it.
type received struct {
	head  mail.Header
	text  string
	files map[string]string
}

func read(t *testing.T, raw []byte) received {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r := received{head: m.Header, files: map[string]string{}}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for p, err := parts.NextPart(); err == nil; p, err = parts.NextPart() {
		body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
		if err != nil {
			t.Fatal(err)
		}
		if name := fileName(p.Header); name != "" {
			r.files[name] = string(body)
		} else {
			r.text = strings.ReplaceAll(string(body), "\r\n", "\n")
		}
	}
	return r
}

func fileName(h textproto.MIMEHeader) string {
	_, params, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	return words(params["filename"])
}

// words decodes RFC 2047.
func words(text string) string {
	decoded, err := (&mime.WordDecoder{}).DecodeHeader(text)
	if err != nil {
		return text
	}
	return decoded
}

func (r received) field(name string) string { return words(r.head.Get(name)) }

func TestLetterToReply(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		h := newHub(t)
		h.start()
		office, resident, lift := srv.NewUser(t), srv.NewUser(t), srv.NewUser(t)
		connectMailbox(h, srv, office)
		d := newDesk(h)
		d.do(http.MethodPost, "/api/v1/parties", object{
			"kind": "organization", "name": "ООО «Лифт»", "addresses": []object{{"kind": "email", "value": lift.Address}},
		}, nil)

		raw := letter(resident.Address, office.Address, "first@mail.test", "Течёт крыша")
		srv.Deliver(t, resident.Address, office.Address, raw)
		first := d.document("Течёт крыша")
		d.checkSeed(first, resident.Address, raw)

		srv.Deliver(t, lift.Address, office.Address, letter(lift.Address, office.Address, "lift@mail.test", "Акт осмотра"))
		if act := d.document("Акт осмотра").Document; act.Sender.Name != "ООО «Лифт»" || act.Sender.Kind != core.PartyOrganization || act.Sender.Party == "" {
			t.Errorf("a known organisation's letter is from %+v", act.Sender)
		}

		reply := d.reply(first.Document.ID, "Мастер придёт завтра.", "Наряд.txt", "завтра в десять")
		d.checkSent(reply, first.Document)
		answer := srv.Await(t, resident, "INBOX", 1)[0].Raw
		checkAnswer(t, read(t, answer), first.Document, office.Address)

		back := letter(resident.Address, office.Address, "second@mail.test", "Спасибо",
			"In-Reply-To: "+read(t, answer).head.Get("Message-ID")+"\r\n")
		srv.Deliver(t, resident.Address, office.Address, back)
		second := d.document("Спасибо").Document
		if second.Thread != first.Document.Thread || second.InReplyTo != reply.Document.ID {
			t.Errorf("the answer to the answer continues %s in %s", second.InReplyTo, second.Thread)
		}
		if second.Number == nil || second.Number.Seq != 3 {
			t.Errorf("the answer to the answer has the number %+v", second.Number)
		}

		srv.Deliver(t, lift.Address, office.Address,
			letter(lift.Address, office.Address, "stranger@mail.test", "По вашему [№ "+first.Document.Number.Text+"]"))
		stranger := d.document("По вашему [№ " + first.Document.Number.Text + "]")
		if stranger.Document.Thread == first.Document.Thread || len(stranger.PerhapsBelongsTo) != 1 ||
			stranger.PerhapsBelongsTo[0].ID != first.Document.ID {
			t.Errorf("a stranger who quotes the number: thread %s, perhaps of %v", stranger.Document.Thread, stranger.PerhapsBelongsTo)
		}

		srv.Deliver(t, resident.Address, office.Address, letter(srv.Bouncing, office.Address, "ghost@mail.test", "Ответьте мне"))
		d.checkBounce(d.document("Ответьте мне").Document)

		h.stop()
		r := h.check()
		if in, out := journalOf(r, "incoming"), journalOf(r, "outgoing"); in != 5 || out != 2 || r.Unregistered != 0 {
			t.Errorf("%d came in, %d went out, %d are not registered", in, out, r.Unregistered)
		}
	})
}

// checkSeed compares the document with the letter it was made of.
func (d *desk) checkSeed(c card, from string, raw []byte) {
	d.Helper()
	doc := c.Document
	if doc.Number == nil || doc.Number.Text != fmt.Sprintf("Вх-%d/000001", time.Now().In(core.OfficeZone).Year()) {
		d.Errorf("the number is %+v", doc.Number)
	}
	if doc.Subject != "Течёт крыша" || strings.TrimSpace(doc.Text) != "Пятый подъезд, верхний этаж." {
		d.Errorf("subject %q, text %q", doc.Subject, doc.Text)
	}
	if doc.Sender.Name != "Анна Смирнова" || doc.Sender.Party != "" || len(doc.Sender.Addresses) != 1 || doc.Sender.Addresses[0].Value != from {
		d.Errorf("sender %+v", doc.Sender)
	}
	if !maps.Equal(doc.Fields, map[string]string{"delivery_type": "Электронная почта"}) {
		d.Errorf("requisites %v", doc.Fields)
	}
	if len(doc.Files) != 2 || len(doc.Marks) != 0 {
		d.Fatalf("files %+v, marks %+v", doc.Files, doc.Marks)
	}
	eml, jpg := doc.Files[0], doc.Files[1]
	if eml.Role != core.FileOriginal || !bytes.HasSuffix(d.file(doc.ID, eml, ""), raw) {
		d.Errorf("the letter as it came is not kept: %+v", eml)
	}
	if jpg.Name != "Крыша.jpg" || jpg.Role != core.FileAttachment || string(d.file(doc.ID, jpg, "")) != picture {
		d.Errorf("the file is %+v", jpg)
	}
	if part := d.file(doc.ID, jpg, "bytes=5-7"); string(part) != picture[5:8] {
		d.Errorf("a part of the file is %q", part)
	}
}

func (d *desk) file(id core.DocumentID, f core.Attachment, part string) (body []byte) {
	d.Helper()
	client := *d.client
	if part != "" {
		client.Transport = chain{header{"Range", part}, d.client.Transport}
	}
	err := call(&client, http.MethodGet, d.base+"/api/v1/documents/"+string(id)+"/files/"+f.Hash, "", nil, &body)
	if err != nil {
		d.Fatal(err)
	}
	return body
}

// chain sends two headers.
type chain struct {
	header
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c chain) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(c.name, c.value)
	return c.next.RoundTrip(r)
}

func (d *desk) checkSent(r replied, origin core.Document) {
	d.Helper()
	if r.Document.Number == nil || r.Document.Number.Seq != 1 || r.Document.Thread != origin.Thread || r.Document.InReplyTo != origin.ID {
		d.Errorf("the outgoing document is %+v", r.Document)
	}
	sent := d.awaitDelivery(r.Delivery.ID, core.DeliverySent)
	if sent.Attempts != 1 || sent.SentAt == nil || !strings.Contains(sent.ExternalID, string(sent.ID)) {
		d.Errorf("delivery %+v", sent)
	}
	if out, in := d.read(r.Document.ID).Document, d.read(origin.ID).Document; out.State != core.DocumentSent || in.State != core.DocumentAnswered {
		d.Errorf("the answer is %s, the letter is %s", out.State, in.State)
	}
}

// checkAnswer looks at what the resident got.
func checkAnswer(t *testing.T, got received, origin core.Document, office string) {
	t.Helper()
	if got.head.Get("In-Reply-To") != "<first@mail.test>" || !strings.Contains(got.head.Get("References"), "<first@mail.test>") {
		t.Errorf("in reply to %s, references %s", got.head.Get("In-Reply-To"), got.head.Get("References"))
	}
	if s := got.field("Subject"); !strings.HasPrefix(s, "Re: Течёт крыша") || !strings.Contains(s, origin.Number.Text) {
		t.Errorf("subject %q", s)
	}
	from, err := got.head.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "УК «Дом»" || from[0].Address != office {
		t.Errorf("from %v %v", from, err)
	}
	if strings.TrimSpace(got.text) != "Мастер придёт завтра.\n\nУК «Дом»" || got.files["Наряд.txt"] != "завтра в десять" {
		t.Errorf("text %q, files %v", got.text, got.files)
	}
}

// checkBounce answers a letter whose sender does not exist.
func (d *desk) checkBounce(origin core.Document) {
	d.Helper()
	r := d.reply(origin.ID, "Мы вам пишем.", "Письмо.txt", "текст")
	rejected := d.awaitDelivery(r.Delivery.ID, core.DeliveryRejected)
	if !strings.HasPrefix(rejected.OutsideCode, "5.") || rejected.OutsideText == "" {
		d.Errorf("the bounce says %q %q", rejected.OutsideCode, rejected.OutsideText)
	}
	if out := d.read(r.Document.ID).Document; out.State != core.DocumentUndeliv {
		d.Errorf("the document that bounced is %s", out.State)
	}
}
