package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// What the appeals of a residents' desk are spread over.
const (
	lines     = 12
	operators = 60
	reasons   = 150
	houses    = 5000
)

// resident is a letter that is an appeal: one of ten is still open.
func resident(now time.Time, seq uint64, text string) *core.Document {
	d := letter(now, seq, text)
	reason := rand.IntN(reasons)
	due := now.Add(time.Duration(24+rand.IntN(30*24)) * time.Hour)
	d.Appeal = &core.Appeal{
		State: core.AppealClosed, Applicant: d.Sender, Line: ref[core.EntryID]("line", rand.IntN(lines)),
		Operator: ref[core.UserID]("usr", rand.IntN(operators)), ReasonGroup: ref[core.EntryID]("group", reason/10),
		Reason: ref[core.EntryID]("reason", reason), Source: ref[core.EntryID]("source", rand.IntN(6)),
		Accounts: []core.AccountRef{{Number: fmt.Sprintf("%010d", rand.IntN(senders))}},
		Premises: &core.Premises{Text: fmt.Sprintf("г. Казань, ул. Баумана, д. %d, кв. %d", rand.IntN(houses), rand.IntN(200))},
		TakenAt:  &now, SpentSeconds: int64(rand.IntN(3000)),
	}
	d.SetDeadline(&core.Deadline{DueAt: due, StartAt: now, Term: core.Term{Kind: core.TermCalendarDays, Amount: 10}})
	d.State = core.DocumentClosed
	if rand.IntN(10) == 0 {
		d.State, d.Appeal.State = core.DocumentInWork, core.AppealInWork
		return d
	}
	d.Appeal.Result, d.Appeal.EndedAt = &core.AppealResult{Text: "Выполнено, замечаний нет", At: due, By: d.Appeal.Operator}, &due
	return d
}

// waiting is an appeal that somebody has in work.
func waiting(now time.Time, seq uint64, text string) *core.Document {
	d := resident(now, seq, text)
	d.State, d.Appeal.State, d.Appeal.Result, d.Appeal.EndedAt = core.DocumentInWork, core.AppealInWork, nil, nil
	return d
}

func ref[T ~string](prefix string, n int) T { return T(fmt.Sprintf("%s_%03d", prefix, n)) }

// desk makes, once in a run, a store of a year of appeals with those who work on
// them.
func (b *runner) desk(ctx context.Context) (*boltstore.Store, error) {
	dir := filepath.Join(b.dir, "desk")
	if !b.seeded {
		b.say("store of appeals")
		if _, err := b.seedWith(ctx, dir, b.documents, resident); err != nil {
			return nil, err
		}
		b.seeded = true
	}
	s, err := boltstore.Open(filepath.Join(dir, maintenance.DatabaseName), boltstore.Options{})
	if err != nil {
		return nil, err
	}
	return s, s.Update(ctx, staff)
}

// staff are the people and the lists the appeals refer to.
func staff(tx store.Tx) error {
	for n := range operators {
		u := &core.User{ID: ref[core.UserID]("usr", n), Login: fmt.Sprint("operator", n), Name: fmt.Sprint("Оператор ", n)}
		if known, err := store.Users.Has(tx, string(u.ID)); err != nil || known {
			return err
		}
		if err := store.Users.Put(tx, u); err != nil {
			return err
		}
	}
	for n := range reasons {
		for _, e := range []*core.Entry{
			{ID: ref[core.EntryID]("reason", n), Directory: core.DirReasons},
			{ID: ref[core.EntryID]("line", n), Directory: core.DirSupportLines},
		} {
			e.Values = map[string]any{"title": fmt.Sprint("Запись ", n)}
			if err := store.Entries.Put(tx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// spent is the time of the processors this program has used so far.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0 // it cannot fail for oneself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// timing is what some work took.
type timing struct{ wall, cpu time.Duration }

// time runs the work and adds what it took.
func (t *timing) time(work func() error) error {
	start, used := time.Now(), spent()
	err := work()
	t.wall += time.Since(start)
	t.cpu += spent() - used
	return err
}

// against is how the same work done without the hub compares: in time, and in
// time of the processors, which neighbours on the machine disturb less.
func (t timing) against(floor timing) (wall, cpu float64) {
	return floor.wall.Seconds() / t.wall.Seconds(), floor.cpu.Seconds() / t.cpu.Seconds()
}
