package main_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/demo"
	emulated "github.com/uzel-hub/uzel/plugins/email/emulator"
	"github.com/uzel-hub/uzel/plugins/gis/emulator"
)

// TestStory lets the demo play, as `make demo` does: a hub, the real connectors
// as processes, emulators of what is outside, all work done over REST. Then it
// looks at the outcome for itself, from the hub and from outside.
func TestStory(t *testing.T) {
	s := openStory(t)
	letter, lk, gis := s.letterIs(), s.cabinetIs(), s.gisIs()
	s.masterIsKnown(gis)
	for _, doc := range []core.Document{letter, lk, gis} {
		s.answerIsSigned(doc)
	}
	s.gisHears()
	s.gisWantsSignatures()
	s.residentReads(lk)
	s.mailboxHasReply(letter)
	s.hub.stop()
	r := s.check()
	if in, out := journalOf(r, "incoming"), journalOf(r, "outgoing"); in != 12 || out != 3 || r.Unregistered != 0 {
		t.Errorf("%d came in, %d went out, %d are not registered", in, out, r.Unregistered)
	}
}

// story is the hub after the demo, and where the demo says everything is.
type story struct {
	*desk
	demo.World
	dir string
}

func openStory(t *testing.T) *story {
	h := newHub(t)
	h.flags = []string{"--demo"}
	h.start()
	awaitFor(t, 4*patience, "the story is over", func() bool { // a busy machine may take longer than the minute it is meant to
		if state := h.process.State(); state != nil {
			t.Fatalf("the demo ended: %v", state)
		}
		said, err := os.ReadFile(h.log)
		return err == nil && strings.Contains(string(said), "\n"+demo.Done)
	})
	s := &story{dir: filepath.Join(h.data, demo.FolderName)}
	raw, err := os.ReadFile(filepath.Join(s.dir, demo.WorldName))
	if err == nil {
		err = json.Unmarshal(raw, &s.World)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.desk = newDesk(h)
	return s
}

// requisites are what a document of the story must have, no more and no less.
type requisites struct {
	subject, text, sender string
	kind                  core.PartyKind
	addresses, fields     map[string]string
	files                 map[string]string // name -> media type
}

func (s *story) has(channel, subject string, want requisites) core.Document {
	s.Helper()
	doc := s.oldest(channel, subject)
	if doc.Number == nil || doc.Subject != want.subject || !strings.Contains(doc.Text, want.text) || doc.Sender.Name != want.sender || doc.Sender.Kind != want.kind {
		s.Errorf("%s: number %v, subject %q, text %q, sender %+v", channel, doc.Number, doc.Subject, doc.Text, doc.Sender)
	}
	addresses := map[string]string{}
	for _, a := range doc.Sender.Addresses {
		addresses[string(a.Kind)] = a.Value
	}
	if !same(addresses, want.addresses) {
		s.Errorf("%s: addresses %v", channel, addresses)
	}
	for _, name := range news {
		delete(doc.Fields, name)
	}
	if !same(doc.Fields, want.fields) {
		s.Errorf("%s: requisites %v", channel, doc.Fields)
	}
	files := map[string]string{}
	for _, f := range doc.Files {
		files[f.Name] = f.MediaType
	}
	if !maps.Equal(files, want.files) {
		s.Errorf("%s: files %v", channel, files)
	}
	if doc.State != core.DocumentAnswered && doc.State != core.DocumentClosed {
		s.Errorf("%s: the document is %s", channel, doc.State)
	}
	return doc
}

// news are requisites that GIS changes while an appeal is worked on.
var news = []string{"gis_status", "gis_answerer", "gis_planned", "gis_answer"}

// same compares; a wanted value of "*" is any that is not empty.
func same(got, want map[string]string) bool {
	return maps.EqualFunc(got, want, func(have, wanted string) bool { return have == wanted || wanted == "*" && have != "" })
}

// oldest is the first document that came through the channel with the subject.
func (s *story) oldest(channel, subject string) core.Document {
	s.Helper()
	var page struct{ Items []row }
	s.do(http.MethodGet, "/api/v1/documents?direction=incoming&limit=100&channel="+channel, nil, &page)
	page.Items = slices.DeleteFunc(page.Items, func(r row) bool { return !strings.HasPrefix(r.Subject, subject) })
	if len(page.Items) == 0 {
		s.Fatalf("nothing of %s is «%s»", channel, subject)
	}
	first := slices.MinFunc(page.Items, func(a, b row) int { return int(a.Number.Seq) - int(b.Number.Seq) })
	return s.read(first.ID).Document
}

func (s *story) letterIs() core.Document {
	return s.has("demo-mail", "Протечка с потолка", requisites{
		subject: "Протечка с потолка, ул. Садовая, 14, кв. 37", text: "снова потекло с потолка", sender: "Елена Сорокина",
		addresses: map[string]string{"email": "sorokina@zhiltsy.test"},
		fields:    map[string]string{"delivery_type": "Электронная почта"},
		files:     map[string]string{"письмо.eml": "message/rfc822", "Потолок в комнате.png": "image/png", "IMG_2041.png": "image/png"},
	})
}

func (s *story) cabinetIs() core.Document {
	return s.has("demo-cabinet", "Сломан домофон", requisites{
		subject: "Сломан домофон", text: "Дверь второго подъезда не закрывается", sender: "Анна Смирнова", kind: core.PartyPerson,
		addresses: map[string]string{"outside": "*", "phone": "+79160000001", "account": "100500"},
		fields: map[string]string{
			"delivery_type": "ЛК жителя", "sender_type": "Физическое лицо", "account": "100500",
			"address": "г. Примерск, ул. Садовая, д. 14, кв. 38", "consent_at": "*",
		},
		files: map[string]string{"дверь.jpg": "image/jpeg", "панель.jpg": "image/jpeg"},
	})
}

func (s *story) gisIs() core.Document {
	doc := s.has("demo-gis", "Освещение мест общего пользования", requisites{
		subject: "Освещение мест общего пользования", text: "В подъезде третий день не горит свет.", sender: "Тестова Анна Петровна", kind: core.PartyPerson,
		addresses: map[string]string{
			"email": "a.testova@example.org", "phone": "+70000000001", "postal": "г. Примерск, ул. Тестовая, д. 1, кв. 5", "outside": "*",
		},
		fields: map[string]string{
			"delivery_type": "ГИС ЖКХ", "sender_type": "Физическое лицо", "address": "г. Примерск, ул. Тестовая, д. 1, кв. 5", "reason": "1.1",
			"gis_number": "*", "gis_oktmo": "*", "gis_due": "*", "gis_requirement": "*", "gis_mobile": "да",
		},
		files: map[string]string{"подъезд.gif": "image/gif", "appeal.xml": "application/xml"},
	})
	if doc.DueAt == nil || doc.DueAt.In(core.OfficeZone).Format(time.DateOnly) != doc.Fields["gis_due"] {
		s.Errorf("due at %v, GIS says %s", doc.DueAt, doc.Fields["gis_due"])
	}
	return doc
}

// masterIsKnown looks at the task, and at what GIS was told of it.
func (s *story) masterIsKnown(doc core.Document) {
	s.Helper()
	var tasks struct{ Items []core.Task }
	if err := s.call(http.MethodGet, "/api/v1/tasks?document="+string(doc.ID), nil, &tasks); err != nil {
		s.Fatal(err)
	}
	if len(tasks.Items) != 1 || tasks.Items[0].Deadline == nil {
		s.Fatalf("tasks %+v", tasks.Items)
	}
	due := tasks.Items[0].Deadline.DueAt.In(core.OfficeZone).Format(time.DateOnly)
	// Later it shows who answered: the demo looked before.
	said, err := os.ReadFile(s.log)
	if shown := "в работе, исполнитель " + s.GIS.Master + ", срок " + due; err != nil || !strings.Contains(string(said), shown) {
		s.Errorf("GIS did not show «%s», %v", shown, err)
	}
	if a := s.first(); a.Planned != due || a.Answerer != s.GIS.Answerer {
		s.Errorf("GIS shows %+v, the task is due %s", a, due)
	}
	for _, dlv := range s.read(doc.ID).Deliveries {
		if dlv.Purpose == core.PurposePerformer && dlv.State == core.DeliverySent {
			return
		}
	}
	s.Error("no delivery tells the performer")
}

// answerIsSigned downloads the signed set of the answer; OpenSSL agrees with it,
// and with a changed document it does not.
func (s *story) answerIsSigned(origin core.Document) {
	s.Helper()
	var answer core.Document
	for _, r := range s.hub.documents(map[string][]string{"direction": {"outgoing"}}) {
		if d := s.read(r.ID).Document; d.InReplyTo == origin.ID {
			answer = d
		}
	}
	if answer.Number == nil {
		s.Fatalf("%s has no answer", origin.Number.Text)
	}
	sig := s.signature(answer.ID)
	if sig.Status != core.SignatureValid || sig.Reports[0].Signer.Organization != "УК «Демо»" || sig.Reports[0].Revocation.Source == "" {
		s.Errorf("signature %+v", sig)
	}
	var archive []byte
	s.do(http.MethodGet, "/api/v1/documents/"+string(answer.ID)+"/signed", nil, &archive)
	set := unpack(s.T, archive)
	act, sum := set["Акт осмотра.txt"], set["Акт осмотра.txt.sig"]
	if err := s.openssl(act, sum); err != nil {
		s.Error(err)
	}
	if s.openssl(append(act, '!'), sum) == nil {
		s.Error("a changed act verifies")
	}
}

// openssl verifies a detached signature as a stranger who trusts the authority.
func (s *story) openssl(text, sig []byte) error {
	dir := s.TempDir()
	for name, body := range map[string][]byte{"act": text, "act.sig": sig} {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			return err
		}
	}
	ca := filepath.Join(s.dir, "ca")
	cmd := exec.CommandContext(s.Context(), "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "act.sig", "-content", "act",
		"-CAfile", filepath.Join(ca, "ca.pem"), "-purpose", "any", "-out", os.DevNull)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "OPENSSL_CONF="+filepath.Join(ca, "openssl.cnf"))
	return cmd.Run()
}

// first is the story's appeal as GIS has it.
func (s *story) first() emulator.Seen {
	s.Helper()
	var all []emulator.Seen
	if err := call(http.DefaultClient, http.MethodGet, s.GIS.Seen(), "", nil, &all); err != nil || len(all) == 0 {
		s.Fatalf("GIS shows %v, %v", all, err)
	}
	return all[0]
}

func (s *story) gisHears() {
	s.Helper()
	a := s.first()
	if a.Status != "Executed" || len(a.Answers) != 1 || !strings.HasPrefix(a.Answers[0], "Освещение в подъезде восстановлено") || a.Files != 1 {
		s.Errorf("GIS shows %+v", a)
	}
}

// gisWantsSignatures shows that what the story did in GIS it could do only by
// signing: one unsigned request is refused.
func (s *story) gisWantsSignatures() {
	s.Helper()
	request := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:b="http://dom.gosuslugi.ru/schema/integration/base/" ` +
		`xmlns:a="http://dom.gosuslugi.ru/schema/integration/appeals/"><s:Header><b:RequestHeader><b:Date>2026-03-02T09:00:00+03:00</b:Date>` +
		`<b:MessageGUID>aaaaaaaa-0001-4000-8000-000000000001</b:MessageGUID><b:orgPPAGUID>` + s.GIS.Org + `</b:orgPPAGUID></b:RequestHeader></s:Header>` +
		`<s:Body><a:exportAppealRequest Id="x" b:version="14.4.0.1"/></s:Body></s:Envelope>`
	client := &http.Client{Transport: header{"SOAPAction", "urn:exportAppeal"}}
	err := call(client, http.MethodPost, s.GIS.URL+"/ext-bus-appeals-service/services/AppealsAsync", "text/xml", []byte(request), nil)
	if err == nil || !strings.Contains(err.Error(), "AUT011005") {
		s.Errorf("an unsigned request: %v", err)
	}
}

// residentReads signs in to the cabinet anew and opens the appeal.
func (s *story) residentReads(doc core.Document) {
	s.Helper()
	jar, _ := cookiejar.New(nil) // cannot fail without options
	web := &http.Client{Jar: jar, Transport: header{"X-Cabinet", "1"}}
	ask := func(method, path string, in, out any) {
		if err := call(web, method, s.Cabinet+path, "application/json", in, out); err != nil {
			s.Fatal(err)
		}
	}
	var shown struct{ Code string }
	ask(http.MethodPost, "/api/code", object{"name": s.Resident.Name, "phone": s.Resident.Phone}, &shown)
	ask(http.MethodPost, "/api/login", object{"phone": s.Resident.Phone, "code": shown.Code}, nil)
	var appeal struct {
		Number, State string
		Messages      []struct {
			Direction, Text string
			Files           []struct {
				Name      string
				MediaType string `json:"media_type"`
			}
		}
	}
	ask(http.MethodGet, "/api/appeals/"+doc.ExternalID, nil, &appeal)
	last := appeal.Messages[len(appeal.Messages)-1]
	if appeal.Number != doc.Number.Text || appeal.State != "answered" || last.Direction != "outgoing" ||
		!strings.HasPrefix(last.Text, "Домофон починен") || len(last.Files) != 2 || last.Files[0].MediaType == "" {
		s.Errorf("the resident reads %+v", appeal)
	}
}

func (s *story) mailboxHasReply(origin core.Document) {
	s.Helper()
	var letters []emulated.Shown
	if err := call(http.DefaultClient, http.MethodGet, s.Mail.Web+"/letters", "", nil, &letters); err != nil {
		s.Fatal(err)
	}
	for _, l := range letters {
		if l.Box == "sorokina@zhiltsy.test" && l.Folder == "INBOX" && strings.Contains(l.Subject, origin.Number.Text) && l.InReplyTo != "" &&
			strings.HasPrefix(l.Text, "Кровлю над вашей квартирой") && slices.Equal(l.Files, []string{"Акт осмотра.txt", "Акт осмотра.txt.sig"}) {
			return
		}
	}
	s.Errorf("the resident's letters are %+v", letters)
}
