package report_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

// fact is a document as it was made up, with what became of it elsewhere.
type fact struct {
	core.Document
	forwards []core.Delivery
	clock    *core.WorkClock
}

// someone makes up facts.
type someone struct {
	*rand.Rand
	*desk
}

func pick[T any](s *someone, of ...T) T { return of[s.IntN(len(of))] }

// maybe is a moment some whole seconds after from, or none.
func (s *someone) maybe(from time.Time) *time.Time {
	if s.IntN(2) == 0 {
		return nil
	}
	t := from.Add(time.Duration(s.IntN(72*3600)) * time.Second)
	return &t
}

// fact makes one up and keeps it.
func (s *someone) fact() fact {
	now := s.desk.clock.Now()
	f := fact{Document: core.Document{
		ID: core.DocumentID(core.NewID("doc", now)), Organization: pick(s, core.OrganizationID(""), "org_1", "org_2"),
		Direction: pick(s, core.Incoming, core.Outgoing), Kind: pick(s, core.MessageLetter, core.MessageCall), Channel: pick(s, core.ChannelID(""), "mail", "lk"),
		State: pick(s, core.DocumentRegistered, core.DocumentInWork, core.DocumentAnswered, core.DocumentSent, core.DocumentClosed, core.DocumentUndeliv),
	}}
	if s.IntN(3) > 0 {
		f.Appeal = s.appeal(now)
	} else if f.State.Done() {
		f.DoneAt = s.maybe(now)
	}
	if s.IntN(3) > 0 {
		f.SetDeadline(s.term(now))
	}
	for range s.IntN(4) {
		f.forwards = append(f.forwards, core.Delivery{
			ID: core.DeliveryID(core.NewID("dlv", now)), Document: f.ID, Channel: pick(s, core.ChannelID("gis"), "1c"),
			Purpose: pick(s, core.PurposeForward, core.PurposeForward, core.PurposeAnswer),
			State:   pick(s, core.DeliveryQueued, core.DeliverySent, core.DeliveryCancelled, core.DeliveryRejected),
		})
	}
	if f.Appeal != nil && s.IntN(2) == 0 {
		since := now.Add(time.Hour)
		last := since.Add(time.Duration(s.IntN(1000)) * time.Second)
		f.clock = &core.WorkClock{Document: f.ID, SpentSeconds: f.Appeal.SpentSeconds, Since: &since, Last: &last}
	}
	s.keep(&f)
	return f
}

func (s *someone) appeal(now time.Time) *core.Appeal {
	a := &core.Appeal{
		State: pick(s, core.AppealStates()...), Line: pick(s, core.EntryID(""), "ent_l1", "ent_l2"), Operator: pick(s, core.UserID(""), "usr_1", "usr_2"),
		ReasonGroup: pick(s, core.EntryID(""), "ent_g1"), Reason: pick(s, core.EntryID(""), "ent_r1", "ent_r2"), Source: pick(s, core.EntryID(""), "ent_s1"),
		Tags:     pick(s, nil, []core.EntryID{"ent_t1"}, []core.EntryID{"ent_t1", "ent_t2"}),
		Reopened: s.IntN(3), Transfers: s.IntN(3), SpentSeconds: int64(s.IntN(900)),
		TakenAt: s.maybe(now), AnsweredAt: s.maybe(now), EndedAt: s.maybe(now),
	}
	if s.IntN(3) == 0 {
		a.Rating = &core.Rating{Score: 1 + s.IntN(5)}
	}
	return a
}

// term is one that is over or not, and may stand still.
func (s *someone) term(now time.Time) *core.Deadline {
	d := &core.Deadline{DueAt: now.Add(time.Duration(s.IntN(200*3600)) * time.Second)}
	switch s.IntN(4) {
	case 0:
		d.Pauses = []core.Pause{{From: now}}
	case 1:
		d.Pauses = []core.Pause{{From: now, To: &now}}
	}
	return d
}

func (s *someone) keep(f *fact) {
	s.Helper()
	coretest.Update(s.desk, s.store, func(tx store.Tx) error {
		d := f.Document
		if err := store.Documents.Put(tx, &d); err != nil {
			return err
		}
		f.Meta = d.Meta
		for i := range f.forwards {
			if err := store.Deliveries.Put(tx, &f.forwards[i]); err != nil {
				return err
			}
		}
		if f.clock == nil {
			return nil
		}
		return store.WorkClocks.Put(tx, f.clock)
	})
}

// told are the values of a fact by each dimension, as a person would count them.
func (f *fact) told(by report.Dimension) (out []string) {
	at := f.CreatedAt.In(core.OfficeZone)
	year, week := at.ISOWeek()
	one := map[report.Dimension]string{
		report.Hour: at.Format("2006-01-02 15") + ":00", report.DayHour: at.Format("15:00"), report.Day: at.Format("2006-01-02"), report.Month: at.Format("2006-01"), report.Week: fmt.Sprintf("%04d-W%02d", year, week),
		report.Organization: string(f.Organization), report.Direction: string(f.Direction), report.Kind: string(f.Kind), report.State: string(f.State), report.Channel: string(f.Channel),
	}
	if a := f.Appeal; a != nil {
		maps.Copy(one, map[report.Dimension]string{
			report.AppealState: string(a.State), report.Line: string(a.Line), report.Operator: string(a.Operator),
			report.ReasonGroup: string(a.ReasonGroup), report.Reason: string(a.Reason), report.Source: string(a.Source),
		})
	}
	switch {
	case by == report.ForwardedTo:
		return f.systems()
	case by == report.Tag && f.Appeal != nil:
		for _, tag := range f.Appeal.Tags {
			out = append(out, string(tag))
		}
		return out
	case one[by] == "":
		return nil
	}
	return []string{one[by]}
}

// systems have the document: each once.
func (f *fact) systems() []string {
	all := map[string]bool{}
	for _, d := range f.forwards {
		if d.Purpose == core.PurposeForward && d.State != core.DeliveryCancelled && d.State != core.DeliveryRejected {
			all[string(d.Channel)] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// ready is when nothing was left to be done.
func (f *fact) ready() *time.Time {
	var all []time.Time
	switch {
	case f.Appeal != nil && slices.Contains([]core.AppealState{core.AppealNew, core.AppealWaiting, core.AppealInWork, core.AppealForwarded}, f.Appeal.State):
		return nil
	case f.Appeal != nil:
		for _, t := range []*time.Time{f.Appeal.AnsweredAt, f.Appeal.EndedAt} {
			if t != nil {
				all = append(all, *t)
			}
		}
	case f.DoneAt != nil:
		all = append(all, *f.DoneAt)
	case slices.Contains([]core.DocumentState{core.DocumentAnswered, core.DocumentSent, core.DocumentClosed}, f.State):
		all = append(all, f.UpdatedAt)
	}
	if len(all) == 0 {
		return nil
	}
	first := slices.MinFunc(all, time.Time.Compare)
	return &first
}

// inTime tells how a term was kept.
func (f *fact) kept(now time.Time) string {
	if f.Deadline == nil {
		return ""
	}
	stands := len(f.Deadline.Pauses) > 0 && f.Deadline.Pauses[0].To == nil
	done := f.ready()
	if done != nil {
		now = *done
	}
	broken := now.After(f.Deadline.DueAt) && !stands
	return map[[2]bool]string{{true, true}: "late", {true, false}: "in time", {false, true}: "overdue", {false, false}: "running"}[[2]bool{done != nil, broken}]
}

// naive are the sums of facts, each measure counted for itself.
func naive(facts []fact, now time.Time) (s report.Sums) {
	var appeals []fact
	timing := map[string]int64{}
	for _, f := range facts {
		s.Forwarded += int64(len(f.systems()))
		timing[f.kept(now)]++
		if f.Appeal != nil {
			appeals = append(appeals, f)
		}
	}
	sum := func(of func(fact) int64) (n int64) {
		for _, f := range appeals {
			n += of(f)
		}
		return n
	}
	count := func(of func(fact) bool) int64 {
		return sum(func(f fact) int64 { return map[bool]int64{true: 1}[of(f)] })
	}
	mean := func(of func(fact) *time.Time) int64 {
		n := count(func(f fact) bool { return of(f) != nil })
		return sum(func(f fact) int64 {
			if of(f) == nil {
				return 0
			}
			return int64(of(f).Sub(f.CreatedAt) / time.Second)
		}) / max(n, 1)
	}
	s.Documents, s.Appeals = int64(len(facts)), int64(len(appeals))
	s.Answered = count(func(f fact) bool { return f.Appeal.AnsweredAt != nil || f.Appeal.State == core.AppealAnswered })
	s.Closed = count(func(f fact) bool { return f.Appeal.State == core.AppealClosed })
	s.Rejected = count(func(f fact) bool { return f.Appeal.State == core.AppealRejected })
	s.Reopened = sum(func(f fact) int64 { return int64(f.Appeal.Reopened) })
	s.Transfers = sum(func(f fact) int64 { return int64(f.Appeal.Transfers) })
	s.InTime, s.Late, s.Overdue, s.Running = timing["in time"], timing["late"], timing["overdue"], timing["running"]
	s.SpentSeconds = sum(func(f fact) int64 {
		if f.clock != nil && f.Appeal.State == core.AppealInWork {
			return f.clock.SpentSeconds + int64(f.clock.Last.Sub(*f.clock.Since).Seconds())
		}
		return f.Appeal.SpentSeconds
	})
	s.TakenSeconds = mean(func(f fact) *time.Time { return f.Appeal.TakenAt })
	s.EndedSeconds = mean(func(f fact) *time.Time { return f.Appeal.EndedAt })
	if s.Rated = count(func(f fact) bool { return f.Appeal.Rating != nil }); s.Rated > 0 {
		s.Rating = float64(sum(func(f fact) int64 {
			if f.Appeal.Rating == nil {
				return 0
			}
			return int64(f.Appeal.Rating.Score)
		})) / float64(s.Rated)
	}
	return s
}

// grouped are the sums of each group: of a fact with several values, in each.
func grouped(facts []fact, by []report.Dimension, now time.Time) map[string]report.Sums {
	groups := map[string][]fact{}
	for _, f := range facts {
		keys := []string{""}
		for _, d := range by {
			values, next := f.told(d), []string(nil)
			if len(values) == 0 {
				values = []string{""}
			}
			for _, k := range keys {
				for _, v := range values {
					next = append(next, k+"/"+v)
				}
			}
			keys = next
		}
		for _, k := range keys {
			groups[k] = append(groups[k], f)
		}
	}
	out := map[string]report.Sums{}
	for k, of := range groups {
		out[k] = naive(of, now)
	}
	return out
}

// TestEveryMeasureIsWhatCountingByHandGives holds reports over made-up documents
// against sums that are counted one by one from what was made up.
func TestEveryMeasureIsWhatCountingByHandGives(t *testing.T) {
	d := newDesk(t)
	s := &someone{rand.New(rand.NewPCG(3, 4)), d}
	var facts []fact
	for range 250 {
		facts = append(facts, s.fact())
		d.clock.Add(time.Duration(1+s.IntN(4*3600)) * time.Second)
	}
	dimensions := report.Dimensions()
	for range 400 {
		q := report.Query{Where: map[report.Dimension]string{}}
		for range s.IntN(3) {
			by, one := dimensions[s.IntN(len(dimensions))], facts[s.IntN(len(facts))]
			if values := one.told(by); len(values) > 0 {
				q.Where[by] = values[s.IntN(len(values))]
			}
		}
		if s.IntN(2) == 0 {
			q.From = facts[s.IntN(len(facts))].CreatedAt
			q.To = q.From.Add(time.Duration(s.IntN(20*24)) * time.Hour)
		}
		for _, i := range s.Perm(len(dimensions))[:s.IntN(3)] {
			q.Group = append(q.Group, dimensions[i])
		}
		d.hold(q, facts)
	}
}

// hold makes a report and compares it.
func (d *desk) hold(q report.Query, facts []fact) {
	d.Helper()
	chosen := slices.DeleteFunc(slices.Clone(facts), func(f fact) bool {
		for by, v := range q.Where {
			if !slices.Contains(f.told(by), v) {
				return true
			}
		}
		return !q.From.IsZero() && (f.CreatedAt.Before(q.From) || !f.CreatedAt.Before(q.To))
	})
	rows, total, err := d.Summary(d.Context(), q)
	if err != nil {
		d.Fatal(err)
	}
	now := d.clock.Now()
	if want := naive(chosen, now); total != want {
		d.Errorf("%+v: total\n%+v, want\n%+v", q, total, want)
	}
	want := map[string]report.Sums{}
	if len(q.Group) > 0 {
		want = grouped(chosen, q.Group, now)
	}
	if len(rows) != len(want) {
		d.Errorf("%+v: %d rows, want %d", q, len(rows), len(want))
	}
	for _, r := range rows {
		key := ""
		for _, k := range r.Keys {
			key += "/" + k.Value
		}
		if r.Sums != want[key] {
			d.Errorf("%+v: %s\n%+v, want\n%+v", q, key, r.Sums, want[key])
		}
	}
}
