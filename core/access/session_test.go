package access_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

func TestSessionEndsWhenIdleAndIsProlongedByUse(t *testing.T) {
	h := newHub(t)
	h.user("maria", core.RoleClerk)
	in, err := h.signIn("maria", goodPassword)
	h.must(err)
	for range 10 {
		h.pass(8 * time.Hour)
		if _, err := h.BySession(t.Context(), in.Cookie); err != nil {
			t.Fatal("a used session ended:", err)
		}
	}
	h.pass(13 * time.Hour)
	_, err = h.BySession(t.Context(), in.Cookie)
	wantKind(t, err, core.KindUnauthenticated)
}

func TestSessionEndsAfterItsLongestLifeHoweverMuchItIsUsed(t *testing.T) {
	h := newHub(t)
	h.user("maria", core.RoleClerk)
	in, err := h.signIn("maria", goodPassword)
	h.must(err)
	for range 200 {
		h.pass(8 * time.Hour)
		if _, err = h.BySession(t.Context(), in.Cookie); err != nil {
			wantKind(t, err, core.KindUnauthenticated)
			return
		}
	}
	t.Fatal("a session lived for 66 days")
}

func TestCookieIsNotKept(t *testing.T) {
	h := newHub(t)
	u := h.user("maria", core.RoleClerk)
	in, err := h.signIn("maria", goodPassword)
	h.must(err)
	sessions, err := h.Sessions(t.Context(), u.ID)
	h.must(err)
	if len(sessions) != 1 || string(sessions[0].ID) == in.Cookie {
		t.Fatalf("sessions %+v", sessions)
	}
	if _, err := h.BySession(t.Context(), string(sessions[0].ID)); err == nil {
		t.Fatal("what is stored opens the session")
	}
}

func TestSessionsAreEndedOneByOneOrAll(t *testing.T) {
	h := newHub(t)
	u := h.user("maria", core.RoleClerk)
	other := h.user("ivan", core.RoleClerk)
	var cookies []string
	for range 3 {
		in, err := h.signIn("maria", goodPassword)
		h.must(err)
		cookies = append(cookies, in.Cookie)
	}
	sessions, err := h.Sessions(t.Context(), u.ID)
	h.must(err)
	wantKind(t, h.EndSession(t.Context(), other.ID, sessions[0].ID), core.KindNotFound)
	h.must(h.EndSession(t.Context(), u.ID, sessions[0].ID))
	left, err := h.Sessions(t.Context(), u.ID)
	h.must(err)
	if len(left) != 2 {
		t.Fatalf("%d sessions left, want 2", len(left))
	}
	h.must(h.EndSessions(t.Context(), u.ID, ""))
	for _, c := range cookies {
		_, err := h.BySession(t.Context(), c)
		wantKind(t, err, core.KindUnauthenticated)
	}
}

func TestOldSessionsGiveWayToNewOnes(t *testing.T) {
	h := newHub(t)
	u := h.user("maria", core.RoleClerk)
	first, err := h.signIn("maria", goodPassword)
	h.must(err)
	for range 25 {
		h.pass(time.Second)
		_, err = h.signIn("maria", goodPassword)
		h.must(err)
	}
	sessions, err := h.Sessions(t.Context(), u.ID)
	h.must(err)
	if len(sessions) != 20 {
		t.Fatalf("%d sessions, want 20", len(sessions))
	}
	_, err = h.BySession(t.Context(), first.Cookie)
	wantKind(t, err, core.KindUnauthenticated)
}

func TestSweepErasesEndedSessionsOnly(t *testing.T) {
	h := newHub(t)
	u := h.user("maria", core.RoleClerk)
	_, err := h.signIn("maria", goodPassword)
	h.must(err)
	h.pass(11 * time.Hour)
	_, err = h.signIn("maria", goodPassword)
	h.must(err)
	h.pass(2 * time.Hour)
	h.must(h.Sweep(t.Context()))
	var kept int
	h.must(h.store.View(t.Context(), func(tx store.Tx) error {
		for range store.Sessions.FindKeys(tx, "user", string(u.ID)) {
			kept++
		}
		return nil
	}))
	if kept != 1 {
		t.Fatalf("%d sessions kept, want 1", kept)
	}
}
