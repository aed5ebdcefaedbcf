package appeal_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

func errorOf(err error) (*core.Error, bool) { return errors.AsType[*core.Error](err) }

func TestAppealTakenByHandGetsItsNumberAndIsInWork(t *testing.T) {
	d := newDesk(t)
	doc := &core.Document{Kind: core.MessageCall, Subject: "Нет света", Sender: anna, Appeal: &core.Appeal{Applicant: anna, Operator: olga, Line: "line_1"}}
	d.update(func(tx store.Tx) error { return d.Register(tx, doc, "") })
	got := d.read(doc.ID)
	if got.Number.Text != "Вх-2026/000001" || got.Appeal.State != core.AppealInWork || got.State != core.DocumentInWork || got.Appeal.TakenAt == nil {
		t.Fatalf("%+v %+v", got, got.Appeal)
	}
	err := d.as(olga, func(tx store.Tx) error {
		return d.Register(tx, &core.Document{Sender: anna, Appeal: &core.Appeal{Applicant: anna, Line: "nowhere", Reason: "unknown", Notify: "drum"}}, "")
	})
	wantError(t, err, core.KindInvalid, "appeal.invalid")
	if e, _ := errorOf(err); len(e.Faults) != 3 {
		t.Errorf("faults %v", e.Faults)
	}
	if next := d.letter(); next.Number.Seq != 2 {
		t.Errorf("a refused appeal took number %d", next.Number.Seq-1)
	}
}

func TestOneOperatorAtATime(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	if again := d.do(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, appeal.Ref{ID: doc.ID}, olga) }); again.Version != doc.Version {
		t.Error("taking twice changed something")
	}
	_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, appeal.Ref{ID: doc.ID}, pavl) })
	wantError(t, err, core.KindConflict, "appeal.taken")
	other := d.letter()
	_, err = d.try(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, ref(other), gone) })
	wantError(t, err, core.KindInvalid, "appeal.invalid")
}

func TestStaleEditIsToldWhatChanged(t *testing.T) {
	d := newDesk(t)
	doc := d.letter()
	d.do(func(tx store.Tx) (*core.Document, error) { return d.Transfer(tx, ref(doc), "line_1", "") })
	d.do(func(tx store.Tx) (*core.Document, error) {
		return d.Edit(tx, appeal.Ref{ID: doc.ID}, func(doc *core.Document) { doc.Appeal.Description, doc.Subject = "Прорвало", "Авария" })
	})
	_, err := d.try(func(tx store.Tx) (*core.Document, error) {
		return d.Edit(tx, ref(doc), func(doc *core.Document) { doc.Appeal.Comment = "x" })
	})
	wantError(t, err, core.KindConflict, "documents.stale")
	e, _ := errorOf(err)
	var fields []string
	for _, f := range e.Faults {
		fields = append(fields, f.Field)
	}
	if !slices.Equal(fields, []string{"description", "line", "subject"}) {
		t.Fatalf("changed %v", e.Faults)
	}
	if strings.Contains(err.Error(), "Прорвало") {
		t.Error("the error has what people wrote")
	}
}

func TestEditNamesEveryFault(t *testing.T) {
	d := newDesk(t)
	doc := d.letter()
	_, err := d.try(func(tx store.Tx) (*core.Document, error) {
		return d.Edit(tx, ref(doc), func(doc *core.Document) {
			doc.Appeal.Reason, doc.Appeal.ReasonGroup, doc.Appeal.Tags = "leak", "nowhere", []core.EntryID{"tag_1", "none"}
		})
	})
	wantError(t, err, core.KindInvalid, "appeal.invalid")
	e, _ := errorOf(err)
	var fields []string
	for _, f := range e.Faults {
		fields = append(fields, f.Field)
	}
	if !slices.Equal(fields, []string{"reason_group", "tags.1", "extra.floor"}) {
		t.Fatalf("%v", e.Faults)
	}
	got := d.do(func(tx store.Tx) (*core.Document, error) {
		return d.Edit(tx, ref(doc), func(doc *core.Document) {
			doc.Appeal.Reason, doc.Appeal.Extra = "leak", map[string]string{"floor": "3"}
		})
	})
	if got.Appeal.Reason != "leak" || d.read(doc.ID).Appeal.Extra["floor"] != "3" {
		t.Fatalf("%+v", got.Appeal)
	}
}

func TestTransfersFromLineToLineAreCounted(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	steps := []struct {
		line      core.EntryID
		operator  core.UserID
		transfers int
	}{{"line_1", "", 0}, {"line_2", "", 1}, {"line_2", pavl, 1}, {"line_1", pavl, 2}}
	for _, s := range steps {
		doc = d.do(func(tx store.Tx) (*core.Document, error) { return d.Transfer(tx, ref(doc), s.line, s.operator) })
		if a := doc.Appeal; a.Transfers != s.transfers || a.State != core.AppealNew || a.Operator != s.operator {
			t.Fatalf("%+v after %+v", a, s)
		}
	}
	for name, to := range map[string]struct {
		line     core.EntryID
		operator core.UserID
	}{"nowhere": {}, "no such line": {"attic", ""}, "no such operator": {"line_1", "usr_x"}, "one who left": {"", gone}} {
		_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Transfer(tx, ref(doc), to.line, to.operator) })
		if core.KindOf(err) != core.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlannedOnesWakeAtTheirMoment(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	at := d.clock.Now().Add(time.Hour)
	doc = d.do(func(tx store.Tx) (*core.Document, error) { return d.Plan(tx, ref(doc), at) })
	_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Plan(tx, ref(doc), d.clock.Now()) })
	wantError(t, err, core.KindInvalid, "appeal.invalid")
	for _, step := range []struct {
		now  time.Time
		want int
	}{{at.Add(-time.Nanosecond), 0}, {at, 1}, {at.Add(time.Hour), 0}} {
		if n, err := d.WakePlanned(t.Context(), d.store, step.now); err != nil || n != step.want {
			t.Fatalf("woke %d at %v, want %d: %v", n, step.now, step.want, err)
		}
	}
	if a := d.read(doc.ID).Appeal; a.State != core.AppealNew || a.PlannedAt != nil || a.Operator != olga {
		t.Fatalf("%+v", a)
	}
}

func TestManyPlannedOnesWakeInPortions(t *testing.T) {
	d := newDesk(t)
	at := d.clock.Now().Add(time.Hour)
	d.update(func(tx store.Tx) error {
		for range 250 {
			doc := &core.Document{Kind: core.MessageCall, Sender: anna, Appeal: &core.Appeal{Applicant: anna}}
			if err := d.Register(tx, doc, ""); err != nil {
				return err
			}
			if _, err := d.Plan(tx, ref(doc), at); err != nil {
				return err
			}
		}
		return nil
	})
	if n, err := d.WakePlanned(t.Context(), d.store, at); n != 250 || err != nil {
		t.Fatal(n, err)
	}
}

func TestForwardingGoesToWhoTakesIt(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	for name, to := range map[string][]core.ChannelID{"nobody": nil, "one that cannot": {sms}, "none": {"nowhere"}, "back": {mail}} {
		_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Forward(tx, ref(doc), to) })
		if core.KindOf(err) != core.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	got := d.do(func(tx store.Tx) (*core.Document, error) { return d.Forward(tx, ref(doc), []core.ChannelID{gis}) })
	if got.Appeal.State != core.AppealForwarded || !slices.Contains(d.sent(doc.ID), "forward gis") {
		t.Fatalf("%s %v", got.Appeal.State, d.sent(doc.ID))
	}
}

func TestOriginHearsWhatItsConnectorCarries(t *testing.T) {
	for channel, want := range map[core.ChannelID][]string{
		chat: {"performer chat", "status chat", "status chat"},
		mail: {"status mail", "status mail"},
		post: nil,
	} {
		t.Run(string(channel), func(t *testing.T) {
			d := newDesk(t)
			doc := d.arrive(channel, core.MessageAppeal, nil)
			doc = d.do(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, ref(doc), olga) })
			d.answer(doc.ID, false)
			d.closed(d.read(doc.ID))
			if got := d.sent(doc.ID); !slices.Equal(got, want) {
				t.Errorf("sent %v, want %v", got, want)
			}
		})
	}
}

func TestReportTellsTheNewsAndNotTheLetter(t *testing.T) {
	d := newDesk(t)
	doc := d.arrive(chat, core.MessageAppeal, func(m *core.Message) {
		m.Files, m.Thread.External = []core.Attachment{{Name: "a.jpg", Hash: "00"}}, "77"
	})
	d.do(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, ref(doc), olga) })
	parcels, err := d.out.Claim(t.Context(), chat, 10)
	if err != nil || len(parcels) != 2 {
		t.Fatal(parcels, err)
	}
	for _, p := range parcels {
		want := "Обращение № Вх-2026/000001: в работе"
		if p.Delivery.Purpose == core.PurposePerformer {
			want = "Обращение № Вх-2026/000001: назначен исполнитель Ольга"
			if p.Performer == nil || p.Performer.Name != "Ольга" {
				t.Errorf("performer %+v", p.Performer)
			}
		}
		if p.Document.Text != want || len(p.Document.Files) > 0 || p.Origin == nil || p.Origin.ID != doc.ID || p.Thread.External != "77" {
			t.Errorf("%s: %+v origin %+v thread %+v", p.Delivery.Purpose, p.Document, p.Origin, p.Thread)
		}
	}
}

func TestClosingTellsTheApplicantAsHeWishes(t *testing.T) {
	for way, want := range map[core.NotifyWay]struct {
		notices []string
		call    bool
	}{
		"":               {},
		core.NotifyPhone: {call: true},
		core.NotifyEmail: {notices: []string{"mail: Ваше обращение № Вх-2026/000001 закрыто.\nРезультат: Выполнено\n— Заменён кран\n— Проверен стояк"}},
		core.NotifySMS:   {notices: []string{"sms: Ваше обращение № Вх-2026/000001 закрыто.\nРезультат: Выполнено\n— Заменён кран\n— Проверен стояк"}},
		core.NotifyChat:  {notices: []string{"chat: Ваше обращение № Вх-2026/000001 закрыто.\nРезультат: Выполнено\n— Заменён кран\n— Проверен стояк"}},
	} {
		t.Run(string(way), func(t *testing.T) {
			d := newDesk(t)
			doc := d.taken()
			got := d.do(func(tx store.Tx) (*core.Document, error) {
				return d.Close(tx, ref(doc), appeal.Result{Template: "done", Notify: &way})
			})
			call := slices.ContainsFunc(got.Marks, func(m core.Mark) bool { return m.Kind == core.MarkToCall })
			if notices := d.notices(got); !slices.Equal(notices, want.notices) || call != want.call {
				t.Fatalf("notices %q, to call %v", notices, call)
			}
			if got.State != core.DocumentClosed || got.Appeal.Result.By != olga || got.Appeal.EndedAt == nil {
				t.Errorf("%+v", got.Appeal)
			}
			if _, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Called(tx, ref(got)) }); (err == nil) != want.call {
				t.Error(err)
			}
		})
	}
}

func TestNoticeNobodyCanSendIsRefusedWithTheReason(t *testing.T) {
	d := newDesk(t)
	email := core.NotifyEmail
	doc := d.arrive(mail, core.MessageLetter, func(m *core.Message) {
		m.From = core.Correspondent{Addresses: []core.Address{{Kind: core.AddressPostal, Value: "Ленина, 1"}}}
	})
	_, err := d.try(func(tx store.Tx) (*core.Document, error) {
		return d.Close(tx, ref(doc), appeal.Result{Text: "Готово", Notify: &email})
	})
	wantError(t, err, core.KindInvalid, "appeal.notify")
	d.update(func(tx store.Tx) error {
		ch, err := store.Channels.Get(tx, string(mail))
		if err != nil {
			return err
		}
		ch.Enabled = false
		return store.Channels.Put(tx, ch)
	})
	other := d.arrive(chat, core.MessageChat, nil)
	_, err = d.try(func(tx store.Tx) (*core.Document, error) {
		return d.Close(tx, ref(other), appeal.Result{Text: "Готово", Notify: &email})
	})
	wantError(t, err, core.KindInvalid, "appeal.notify")
	if e, _ := errorOf(err); e.Field != "notify" || e.Text != "нет канала, который отправляет уведомления по электронной почте" {
		t.Errorf("%+v", e)
	}
	if d.read(other.ID).Appeal.State != core.AppealNew {
		t.Error("closed all the same")
	}
}

func TestRejectingNeedsAReasonIfTheSettingSaysSo(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	reject := func(tx store.Tx) (*core.Document, error) { return d.Reject(tx, ref(doc), " ", nil) }
	_, err := d.try(reject)
	wantError(t, err, core.KindInvalid, "appeal.invalid")
	coretest.Update(t, d.store, settings.Seed)
	coretest.Update(t, d.store, func(tx store.Tx) error {
		_, err := new(settings.Service).Put(tx, "appeals", 1, []byte(`{"reject_reason":false,"idle_minutes":5}`))
		return err
	})
	if got := d.do(reject); got.Appeal.State != core.AppealRejected || got.State != core.DocumentClosed {
		t.Fatalf("%+v", got.Appeal)
	}
}

func TestReopeningStartsAnew(t *testing.T) {
	d := newDesk(t)
	doc := d.closed(d.taken())
	doc = d.do(func(tx store.Tx) (*core.Document, error) { return d.Rate(tx, ref(doc), 2, "долго") })
	if _, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, ref(doc), olga) }); core.KindOf(err) != core.KindConflict {
		t.Fatal("took a closed one:", err)
	}
	doc = d.do(func(tx store.Tx) (*core.Document, error) { return d.Reopen(tx, ref(doc)) })
	if a := doc.Appeal; a.State != core.AppealInWork || a.Operator != olga || a.Result != nil || a.Rating != nil || a.EndedAt != nil || a.Reopened != 1 {
		t.Fatalf("%+v", a)
	}
	if doc.State != core.DocumentInWork {
		t.Error(doc.State)
	}
	_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Reopen(tx, ref(doc)) })
	wantError(t, err, core.KindConflict, "appeal.transition")
	unowned := d.closed(d.letter())
	if got := d.do(func(tx store.Tx) (*core.Document, error) { return d.Reopen(tx, ref(unowned)) }); got.Appeal.State != core.AppealNew {
		t.Error(got.Appeal.State)
	}
}

func TestRatingComesAfterTheAnswer(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Rate(tx, ref(doc), 5, "") })
	wantError(t, err, core.KindConflict, "appeal.transition")
	d.answer(doc.ID, false)
	for _, score := range []int{0, 6} {
		_, err = d.try(func(tx store.Tx) (*core.Document, error) { return d.Rate(tx, appeal.Ref{ID: doc.ID}, score, "") })
		wantError(t, err, core.KindInvalid, "appeal.invalid")
	}
	if got := d.do(func(tx store.Tx) (*core.Document, error) {
		return d.Rate(tx, appeal.Ref{ID: doc.ID}, 5, "спасибо")
	}); got.Appeal.Rating.Score != 5 {
		t.Fatalf("%+v", got.Appeal.Rating)
	}
}

func TestTimeIsCountedWhileTheOperatorWorks(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	beat := func(user core.UserID) (spent int64, err error) {
		err = d.as(user, func(tx store.Tx) error { spent, err = d.Beat(tx, doc.ID, user); return err })
		return spent, err
	}
	for _, step := range []struct {
		pause time.Duration
		want  int64
	}{{0, 0}, {30 * time.Second, 30}, {idle, 330}, {idle + time.Second, 330}, {10 * time.Second, 340}} {
		d.clock.Add(step.pause)
		if spent, err := beat(olga); err != nil || spent != step.want {
			t.Fatalf("spent %d after %v, want %d: %v", spent, step.pause, step.want, err)
		}
	}
	if now := d.read(doc.ID); now.Version != doc.Version {
		t.Error("a sign of life made edits stale")
	}
	_, err := beat(pavl)
	wantError(t, err, core.KindConflict, "appeal.not_in_work")
	d.clock.Add(20 * time.Second)
	doc = d.closed(doc)
	if doc.Appeal.SpentSeconds != 360 {
		t.Errorf("spent %d", doc.Appeal.SpentSeconds)
	}
	_, err = beat(olga)
	wantError(t, err, core.KindConflict, "appeal.not_in_work")
	doc = d.do(func(tx store.Tx) (*core.Document, error) { return d.Reopen(tx, ref(doc)) })
	if spent, err := beat(olga); err != nil || spent != 360 {
		t.Errorf("a second stretch begins with %d: %v", spent, err)
	}
	d.clock.Add(idle + time.Hour) // he went home
	if doc = d.closed(doc); doc.Appeal.SpentSeconds != 360 {
		t.Errorf("idle time was counted: %d", doc.Appeal.SpentSeconds)
	}
}

func TestEveryChangeIsOneVersionWithItsEvents(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	d.bus.Take(bus.DocumentUpdated)
	if got := d.told(bus.AppealUpdated, doc.ID); !slices.Equal(got, []core.AppealState{core.AppealInWork}) {
		t.Fatal(got)
	}
	got := d.closed(doc)
	if got.Version != doc.Version+1 || len(d.bus.Take(bus.DocumentUpdated)) != 1 || !slices.Equal(d.told(bus.AppealUpdated, doc.ID), []core.AppealState{core.AppealClosed}) {
		t.Fatalf("version %d after %d", got.Version, doc.Version)
	}
	_, err := d.try(func(tx store.Tx) (*core.Document, error) {
		if _, err := d.Reopen(tx, ref(got)); err != nil {
			return nil, err
		}
		return nil, core.Conflict("test", "")
	})
	wantError(t, err, core.KindConflict, "test")
	if n := len(d.bus.Take(bus.AppealUpdated)); n != 0 || d.read(doc.ID).Appeal.State != core.AppealClosed {
		t.Errorf("%d events of a transaction that failed", n)
	}
}

func TestWhatIsNoAppealIsNotFound(t *testing.T) {
	d := newDesk(t)
	letter := d.arrive(post, core.MessageLetter, nil)
	for _, id := range []core.DocumentID{letter.ID, "doc_none"} {
		_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, appeal.Ref{ID: id}, olga) })
		if core.KindOf(err) != core.KindNotFound {
			t.Error(err)
		}
	}
	coretest.View(t, d.store, func(tx store.Tx) error {
		page, err := store.Documents.List(tx, store.Query[core.Document]{Where: []store.Term{{Index: "appeal", Value: store.AppealFacet(store.FacetView, store.ViewAll)}}})
		if len(page.Items) != 0 {
			t.Errorf("%d appeals", len(page.Items))
		}
		return err
	})
}
