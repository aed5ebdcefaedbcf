package audit_test

import (
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/audit"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// journal has a clock that moves a minute with each entry.
func journal(t *testing.T) audit.Journal {
	var minutes atomic.Int64
	now := func() time.Time { return start.Add(time.Duration(minutes.Add(1)) * time.Minute) }
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "uzel.db"), boltstore.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return audit.Journal{Store: s}
}

func fill(t *testing.T, j audit.Journal) {
	t.Helper()
	for _, e := range []core.AuditEntry{
		{Actor: core.Actor{Kind: core.ActorUser, ID: "usr_1"}, Operation: "documents.reply", Object: "documents/doc_1", Outcome: "ok"},
		{Actor: core.Actor{Kind: core.ActorUser, ID: "usr_2"}, Operation: "documents.reply", Object: "documents/doc_2", Outcome: "ok"},
		{Actor: core.Actor{Kind: core.ActorUser, ID: "usr_1"}, Operation: "channels.create", Outcome: "channels.id"},
		{Actor: core.Actor{Kind: core.ActorCommand, ID: "root"}, Operation: "user create", Object: "users/a\x00b", Outcome: "ok"},
	} {
		if err := j.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEntriesAreFoundByWhatIsKnownOfThem(t *testing.T) {
	j := journal(t)
	fill(t, j)
	for name, c := range map[string]struct {
		filter audit.Filter
		want   []string // operations, newest first
	}{
		"everything":       {audit.Filter{}, []string{"user create", "channels.create", "documents.reply", "documents.reply"}},
		"by actor":         {audit.Filter{Actor: "usr_1"}, []string{"channels.create", "documents.reply"}},
		"by operation":     {audit.Filter{Operation: "documents.reply"}, []string{"documents.reply", "documents.reply"}},
		"by object":        {audit.Filter{Object: "documents/doc_2"}, []string{"documents.reply"}},
		"by outcome":       {audit.Filter{Outcome: "channels.id"}, []string{"channels.create"}},
		"by several":       {audit.Filter{Actor: "usr_1", Outcome: "ok"}, []string{"documents.reply"}},
		"nothing":          {audit.Filter{Actor: "usr_3"}, nil},
		"since the third":  {audit.Filter{From: start.Add(3 * time.Minute)}, []string{"user create", "channels.create"}},
		"before the third": {audit.Filter{To: start.Add(3 * time.Minute)}, []string{"documents.reply", "documents.reply"}},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := j.List(t.Context(), c.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range page.Items {
				got = append(got, e.Operation)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			}
		})
	}
}

func TestPagesLeadToTheEnd(t *testing.T) {
	j := journal(t)
	fill(t, j)
	seen, after := 0, ""
	for {
		page, err := j.List(t.Context(), audit.Filter{Limit: 3, After: after})
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page.Items)
		if after = page.Next; after == "" {
			break
		}
	}
	if seen != 4 {
		t.Fatalf("saw %d of 4 entries", seen)
	}
}

func TestActorIsTakenFromTheContext(t *testing.T) {
	j := journal(t)
	who := core.Actor{Kind: core.ActorCommand, ID: "root"}
	if err := j.Append(core.WithActor(t.Context(), who), core.AuditEntry{Operation: "backup", Outcome: audit.OK}); err != nil {
		t.Fatal(err)
	}
	page, err := j.List(t.Context(), audit.Filter{})
	if err != nil || len(page.Items) != 1 || page.Items[0].Actor != who {
		t.Fatalf("%+v, %v", page.Items, err)
	}
}

func TestOutcomeNamesTheErrorByItsCode(t *testing.T) {
	for want, err := range map[string]error{
		"ok":             nil,
		"document.stale": core.Conflict("document.stale", "запись изменена"),
		"internal":       errors.New("secret detail"),
		"forbidden":      &core.Error{Kind: core.KindForbidden},
	} {
		if got := audit.Outcome(err); got != want {
			t.Errorf("outcome %q, want %q", got, want)
		}
	}
}
