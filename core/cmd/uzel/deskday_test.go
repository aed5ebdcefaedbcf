package main_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

// TestDeskDay is a day at a residents' desk, over REST against the whole hub.
func TestDeskDay(t *testing.T) {
	office := openOffice(t)
	a := office.letterComes("Не работает лифт", "Третий подъезд, с самого утра.")
	a.isOn("Аварийная линия", core.AppealNew)                       // the rule has seen «лифт»
	a.residentReads("Ваше обращение № " + a.number() + " получено") // and has answered with a template
	a.hasTask("Осмотреть лифт")                                     // and has told the foreman to go and look

	a.take()
	a.give(object{"reason": office.reason, "reason_group": office.group, "accounts": []object{{"number": "100500"}}})
	a.isFoundBy("account", "100500")
	a.isDueIn(24)   // hours of the reason for letters
	a.isWorkedOn(1) // second at least
	a.forwardTo("lift")
	a.isOn("Аварийная линия", core.AppealForwarded)

	a.closeWith(object{"template": office.template, "notify": "email"})
	a.isOn("Аварийная линия", core.AppealClosed)
	a.residentReads("закрыто", "Лифт запущен по обращению № "+a.number(), "— Заменён частотный преобразователь")
	a.isRated(5)

	office.reports("line", "Аварийная линия", sums{Appeals: 1, Closed: 1, Forwarded: 1, InTime: 1, Rated: 1, Rating: 5})
	office.reports("reason", "Лифт не работает", sums{Appeals: 1, Closed: 1, Forwarded: 1, InTime: 1, Rated: 1, Rating: 5})
	office.reports("operator", "Ольга Иванова", sums{Appeals: 1, Closed: 1, Forwarded: 1, InTime: 1, Rated: 1, Rating: 5})
}

// office is a hub with a mailbox, a system of the lift company, and what an
// administrator has filled in; its desk is an operator.
type office struct {
	*desk
	srv                     *mailtest.Server
	mailbox, resident       mailtest.User
	line                    core.EntryID
	group, reason, template core.EntryID
	foreman                 core.UserID
}

func openOffice(t *testing.T) *office {
	world := newWorld(t, 1, habits{batch: 1, silent: "lift"})
	h := newHub(t)
	h.start()
	srv := mailtest.Emulated(t)
	o := &office{srv: srv, mailbox: srv.NewUser(t), resident: srv.NewUser(t)}
	o.desk = newUser(h, "olga", "Ольга Иванова", core.RoleOperator,
		"appeals.read", "appeals.write", "documents.read", "deliveries.read", "tasks.read", "reports.read")
	o.fillDirectories()
	o.connect(world)
	o.setRules()
	return o
}

// admin does what an administrator does, by the command line's way in.
func (o *office) admin(path string, in, out any) {
	o.Helper()
	if err := o.hub.call(http.MethodPost, "/api/v1/"+path, in, out); err != nil {
		o.Fatalf("POST %s: %v", path, err)
	}
}

func (o *office) entry(directory string, values object) core.EntryID {
	o.Helper()
	var made struct{ ID core.EntryID }
	o.admin("directories/"+directory+"/entries", object{"values": values}, &made)
	return made.ID
}

func (o *office) fillDirectories() {
	o.Helper()
	var sources struct{ Items []struct{ ID core.EntryID } }
	o.get("/api/v1/directories/sources/entries?filter%5Bcode%5D=email", &sources)
	o.line = o.entry("support_lines", object{"title": "Аварийная линия", "code": "emergency"})
	o.group = o.entry("reason_groups", object{"title": "Лифты"})
	o.reason = o.entry("reasons", object{
		"title": "Лифт не работает", "group": o.group, "hours_by_source": object{string(sources.Items[0].ID): 24},
		"term": object{"kind": "working_days", "amount": 10},
	})
	o.template = o.entry("result_templates", object{
		"title": "Лифт", "text": "Лифт запущен по обращению № {number}", "works": []string{"Заменён частотный преобразователь"},
	})
}

func (o *office) connect(world *world) {
	o.Helper()
	o.admin("channels", object{
		"id": "mail", "title": "Почта", "plugin": "email", "enabled": true, "appeals": true, "notices": []string{"email"},
		"settings": object{
			"address": o.mailbox.Address, "name": "УК «Дом»", "password": o.mailbox.Password, "ca": string(o.srv.CAPEM),
			"imap": object{"host": o.srv.TLSName, "port": port(o.srv.IMAPS)},
			"smtp": object{"host": o.srv.TLSName, "port": port(o.srv.SMTPS), "save_sent": false},
		},
	}, nil)
	o.admin("channels", object{
		"id": "lift", "title": "Лифтовая служба", "plugin": "twoway", "enabled": true, "settings": object{"world": world.url},
	}, nil)
	o.awaitChannel("mail", core.ChannelRunning)
	o.awaitChannel("lift", core.ChannelRunning)
}

func (o *office) setRules() {
	o.Helper()
	o.foreman = newUser(o.hub, "boris", "Борис Кузнецов", core.RoleClerk, "documents.read").user()
	receipt := o.entry("message_templates", object{
		"title": "Получено", "subject": "Обращение {number}", "text": "Ваше обращение № {number} получено.",
	})
	o.admin("rules", object{
		"title": "Лифты", "on": true, "when": object{"field": "subject", "is": "words", "values": []string{"лифт"}},
		"then": []object{
			{"do": "set_line", "line": o.line},
			{"do": "reply", "template": receipt},
			{"do": "create_task", "title": "Осмотреть лифт", "performer": o.foreman, "term": object{"kind": "working_hours", "amount": 4}},
		},
	}, nil)
}

// user is who the desk's token belongs to.
func (d *desk) user() core.UserID {
	d.Helper()
	var me struct{ User core.User }
	d.do(http.MethodGet, "/api/v1/session", nil, &me)
	return me.User.ID
}

// appeal is one of the office's, as its operator works on it.
type appeal struct {
	*office
	id core.DocumentID
}

// letterComes has the resident write a letter.
func (o *office) letterComes(subject, text string) *appeal {
	o.Helper()
	o.srv.Deliver(o.T, o.resident.Address, o.mailbox.Address, fmt.Appendf(nil,
		"From: Анна Смирнова <%s>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <day@mail.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		o.resident.Address, o.mailbox.Address, subject, text))
	return &appeal{o, o.document(subject).Document.ID}
}

func (a *appeal) card() (c struct {
	Document     core.Document
	SpentSeconds int64 `json:"spent_seconds"`
},
) {
	a.Helper()
	a.do(http.MethodGet, a.path(""), nil, &c)
	return c
}

func (a *appeal) path(what string) string { return "/api/v1/appeals/" + string(a.id) + what }

func (a *appeal) number() string { return a.card().Document.Number.Text }

// change sends the operation with the version the operator sees.
func (a *appeal) change(method, what string, in object) {
	a.Helper()
	client := *a.client
	client.Transport = chain{header{"If-Match", fmt.Sprintf("%q", fmt.Sprint(a.card().Document.Version))}, a.client.Transport}
	if err := call(&client, method, a.base+a.path(what), "application/json", in, nil); err != nil {
		a.Fatalf("%s %s: %v", method, what, err)
	}
}

func (a *appeal) take()                   { a.change(http.MethodPost, "/take", nil) }
func (a *appeal) give(fields object)      { a.change(http.MethodPatch, "", fields) }
func (a *appeal) closeWith(result object) { a.change(http.MethodPost, "/close", result) }

func (a *appeal) isRated(score int) {
	a.Helper()
	a.do(http.MethodPost, a.path("/rating"), object{"score": score}, nil)
}

// isOn waits until the appeal is on the line and in the state.
func (a *appeal) isOn(line string, state core.AppealState) {
	a.Helper()
	a.await(fmt.Sprintf("the appeal is %s on the line «%s»", state, line), func() bool {
		doc := a.card().Document
		return doc.Appeal != nil && doc.Appeal.Line == a.line && doc.Appeal.State == state
	})
}

func (a *appeal) hasTask(title string) {
	a.Helper()
	var tasks struct{ Items []core.Task }
	a.do(http.MethodGet, "/api/v1/tasks?document="+string(a.id), nil, &tasks)
	if len(tasks.Items) != 1 || tasks.Items[0].Title != title || tasks.Items[0].Performer != a.foreman || tasks.Items[0].Deadline == nil {
		a.Errorf("tasks %+v", tasks.Items)
	}
}

// isDueIn looks at the term, counted from the registration.
func (a *appeal) isDueIn(hours int) {
	a.Helper()
	d := a.card().Document
	if d.Deadline == nil || d.DueAt == nil || !d.DueAt.Equal(d.Deadline.DueAt) || int(d.DueAt.Sub(d.CreatedAt).Hours()) != hours {
		a.Errorf("due at %v, registered at %v, deadline %+v", d.DueAt, d.CreatedAt, d.Deadline)
	}
}

// isFoundBy looks for the appeal in the list narrowed to a value.
func (a *appeal) isFoundBy(filter, value string) {
	a.Helper()
	var found struct {
		Items []struct{ ID core.DocumentID }
	}
	a.do(http.MethodGet, "/api/v1/appeals?"+filter+"="+value, nil, &found)
	if len(found.Items) != 1 || found.Items[0].ID != a.id {
		a.Errorf("found by %s %s: %+v", filter, value, found.Items)
	}
}

// isWorkedOn keeps the card open until so many seconds are counted.
func (a *appeal) isWorkedOn(seconds int64) {
	a.Helper()
	a.await("the work is counted", func() bool {
		a.do(http.MethodPost, a.path("/heartbeat"), nil, nil)
		return a.card().SpentSeconds >= seconds
	})
}

// forwardTo passes the appeal to a system and waits until it is there.
func (a *appeal) forwardTo(channel core.ChannelID) {
	a.Helper()
	a.change(http.MethodPost, "/forward", object{"to": []core.ChannelID{channel}})
	a.await("the appeal is with "+string(channel), func() bool {
		for _, dlv := range a.read(a.id).Deliveries {
			if dlv.Channel == channel && dlv.Purpose == core.PurposeForward && dlv.State == core.DeliverySent {
				return true
			}
		}
		return false
	})
}

// residentReads waits for a letter that says all that.
func (a *appeal) residentReads(texts ...string) {
	a.Helper()
	a.await(fmt.Sprintf("the resident reads %q", texts), func() bool {
		for _, letter := range a.srv.Letters(a.T, a.resident, "INBOX") {
			if has(plainText(a.T, letter.Raw), texts) {
				return true
			}
		}
		return false
	})
}

func has(text string, all []string) bool {
	for _, part := range all {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// plainText is the body of a letter of one part.
func plainText(t *testing.T, raw []byte) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Content-Transfer-Encoding") != "base64" {
		t.Fatalf("the letter is in %s of %s", m.Header.Get("Content-Transfer-Encoding"), m.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}

// sums are the figures of a report that a day at the desk moves.
type sums struct {
	Appeals, Closed, Forwarded, Late, Overdue int
	InTime                                    int `json:"in_time"`
	Rated                                     int
	Rating                                    float64
}

// reports looks at the group of a report; the time spent is there too.
func (o *office) reports(by, group string, want sums) {
	o.Helper()
	var got struct {
		Rows []struct {
			Keys []struct{ Title string }
			sums
			SpentSeconds int64 `json:"spent_seconds"`
		}
	}
	o.do(http.MethodGet, "/api/v1/reports/summary?direction=incoming&group="+by, nil, &got)
	for _, row := range got.Rows {
		if row.Keys[0].Title == group && row.sums == want && row.SpentSeconds > 0 {
			return
		}
	}
	o.Errorf("report by %s: %+v", by, got.Rows)
}
