package appeal_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/intake"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

const (
	mail core.ChannelID = "mail" // carries everything but performer, makes appeals of letters
	chat core.ChannelID = "chat" // carries everything
	post core.ChannelID = "post" // carries answers only
	sms  core.ChannelID = "sms"  // carries notices
	gis  core.ChannelID = "gis"  // takes forwarded appeals

	olga core.UserID = "usr_olga"
	pavl core.UserID = "usr_pavl"
	gone core.UserID = "usr_gone" // disabled
)

const idle = 5 * time.Minute

// desk is the service over a real store, real outgoing and real intake.
type desk struct {
	testing.TB
	*appeal.Service
	store  store.Store
	bus    *coretest.Recorder
	clock  *coretest.Clock
	out    *outgoing.Service
	intake *intake.Service
	n      int
}

var carried = map[core.ChannelID][]core.Purpose{
	mail: {core.PurposeAnswer, core.PurposeStatus, core.PurposeNotice},
	chat: {core.PurposeAnswer, core.PurposeStatus, core.PurposePerformer, core.PurposeNotice},
	post: {core.PurposeAnswer},
	sms:  {core.PurposeNotice},
	gis:  {core.PurposeForward},
}

func newDesk(t testing.TB) *desk {
	clock := coretest.NewClock()
	d := &desk{TB: t, store: coretest.Open(t, clock), bus: &coretest.Recorder{}, clock: clock}
	d.out = &outgoing.Service{Store: d.store, Bus: d.bus}
	d.Service = &appeal.Service{
		Bus: d.bus, Outgoing: d.out, Directories: &lists{},
		Carries: func(ch *core.Channel, p core.Purpose) bool { return slices.Contains(carried[ch.ID], p) },
	}
	d.out.Answered = d.Answered
	d.intake = &intake.Service{Bus: d.bus, Forward: d.out.Forward, Arrive: d.Arrive}
	coretest.Update(t, d.store, func(tx store.Tx) error {
		for _, ch := range []*core.Channel{
			{ID: mail, Enabled: true, Appeals: true, Notices: []core.NotifyWay{core.NotifyEmail}},
			{ID: chat, Enabled: true},
			{ID: post, Enabled: true},
			{ID: gis, Enabled: true},
			{ID: sms, Enabled: true, Notices: []core.NotifyWay{core.NotifySMS}},
		} {
			if err := store.Channels.Put(tx, ch); err != nil {
				return err
			}
		}
		for _, u := range []*core.User{
			{ID: olga, Login: "olga", Name: "Ольга"},
			{ID: pavl, Login: "pavl", Name: "Павел"},
			{ID: gone, Login: "gone", Name: "Уволен", State: core.UserDismissed},
		} {
			if err := store.Users.Put(tx, u); err != nil {
				return err
			}
		}
		return nil
	})
	return d
}

// lists are directories with a few entries.
type lists struct{}

func (*lists) Has(_ store.Tx, _ core.DirectoryName, id core.EntryID) (bool, error) {
	return slices.Contains([]core.EntryID{"line_1", "line_2", "leak", "heat", "roof", "tag_1"}, id), nil
}

func (*lists) CheckExtra(_ store.Tx, reason core.EntryID, extra map[string]string) (out []core.FieldFault, err error) {
	if reason == "leak" && extra["floor"] == "" {
		out = append(out, core.FieldFault{Field: "floor", Text: "обязательное поле"})
	}
	return out, nil
}

func (*lists) Result(_ store.Tx, template core.EntryID) (string, []string, error) {
	if template != "done" {
		return "", nil, core.NotFound("entries.not_found", "нет")
	}
	return "Выполнено", []string{"Заменён кран", "Проверен стояк"}, nil
}

var anna = core.Correspondent{Name: "Анна", Addresses: []core.Address{
	{Kind: core.AddressEmail, Value: "anna@mail.test"},
	{Kind: core.AddressPhone, Value: "+79160000000"},
	{Kind: core.AddressChat, Value: "77", Channel: chat},
}}

// arrive has a message come in and registers it.
func (d *desk) arrive(channel core.ChannelID, kind core.MessageKind, edit func(*core.Message)) *core.Document {
	d.Helper()
	d.n++
	d.clock.Add(time.Second)
	id := core.NewID("msg", d.clock.Now())
	m := &core.Message{
		ID: core.MessageID(id), Channel: channel, ExternalID: id, Kind: kind, Change: core.ChangeNew, At: d.clock.Now(),
		From: anna, Subject: "Течёт кран", Text: "На кухне",
	}
	if edit != nil {
		edit(m)
	}
	d.update(func(tx store.Tx) error {
		if err := store.Messages.Put(tx, m); err != nil {
			return err
		}
		return d.intake.Take(tx, bus.MessageEvent{Message: m.ID, Channel: channel, Kind: kind})
	})
	var got *core.Document
	coretest.View(d, d.store, func(tx store.Tx) error {
		for doc, err := range store.Documents.Find(tx, "external", store.ExternalKey(channel, m.ExternalID)) {
			got = doc
			return err
		}
		return nil
	})
	return got
}

// letter is a new appeal by e-mail.
func (d *desk) letter() *core.Document { return d.arrive(mail, core.MessageLetter, nil) }

func (d *desk) update(fn func(tx store.Tx) error) {
	d.Helper()
	coretest.Update(d, d.store, fn)
}

// as runs fn as the user.
func (d *desk) as(user core.UserID, fn func(tx store.Tx) error) error {
	ctx := core.WithActor(d.Context(), core.Actor{Kind: core.ActorUser, ID: string(user)})
	return d.store.Update(ctx, fn)
}

// do runs an operation as Olga and fails the test on an error.
func (d *desk) do(op func(tx store.Tx) (*core.Document, error)) *core.Document {
	d.Helper()
	out, err := d.try(op)
	if err != nil {
		d.Fatal(err)
	}
	return out
}

func (d *desk) try(op func(tx store.Tx) (*core.Document, error)) (out *core.Document, err error) {
	err = d.as(olga, func(tx store.Tx) error {
		out, err = op(tx)
		return err
	})
	return out, err
}

// taken is a letter in Olga's hands.
func (d *desk) taken() *core.Document {
	d.Helper()
	doc := d.letter()
	return d.do(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, ref(doc), olga) })
}

func (d *desk) closed(doc *core.Document) *core.Document {
	d.Helper()
	return d.do(func(tx store.Tx) (*core.Document, error) {
		return d.Close(tx, ref(doc), appeal.Result{Text: "Починили"})
	})
}

func (d *desk) read(id core.DocumentID) *core.Document {
	d.Helper()
	var doc *core.Document
	coretest.View(d, d.store, func(tx store.Tx) (err error) {
		doc, err = store.Documents.Get(tx, string(id))
		return err
	})
	return doc
}

func (d *desk) answer(id core.DocumentID, keepOpen bool) {
	d.Helper()
	err := d.as(olga, func(tx store.Tx) error {
		_, _, err := d.out.Reply(tx, id, outgoing.Reply{Text: "Мастер придёт завтра", KeepOpen: keepOpen})
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
}

// sent are the purposes of the deliveries of a document, with their channel.
func (d *desk) sent(id core.DocumentID) (out []string) {
	d.Helper()
	coretest.View(d, d.store, func(tx store.Tx) error {
		for dlv, err := range store.Deliveries.Find(tx, "document", string(id)) {
			if err != nil {
				return err
			}
			out = append(out, string(dlv.Purpose)+" "+string(dlv.Channel))
		}
		return nil
	})
	slices.Sort(out)
	return out
}

// notices are the texts of the outgoing notices about a document.
func (d *desk) notices(about *core.Document) (out []string) {
	d.Helper()
	coretest.View(d, d.store, func(tx store.Tx) error {
		for doc, err := range store.Documents.Find(tx, "thread", string(about.Thread)) {
			if err != nil {
				return err
			}
			if doc.Direction == core.Outgoing && doc.InReplyTo == about.ID {
				out = append(out, string(doc.Channel)+": "+doc.Text)
			}
		}
		return nil
	})
	return out
}

// told are the states the events of a topic told of a document since last asked.
func (d *desk) told(topic bus.Topic, id core.DocumentID) (out []core.AppealState) {
	d.Helper()
	for _, ev := range d.bus.Take(topic) {
		var about bus.AppealEvent
		if err := json.Unmarshal(ev.Payload, &about); err != nil {
			d.Fatal(err)
		}
		if about.Document == id {
			out = append(out, about.State)
		}
	}
	return out
}

func ref(d *core.Document) appeal.Ref { return appeal.Ref{ID: d.ID, Version: d.Version} }

func wantError(t testing.TB, err error, kind core.Kind, code string) {
	t.Helper()
	e, ok := errorOf(err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Fatalf("error %v, want %v %s", err, kind, code)
	}
}
