package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

func TestTokenIsBoundedByScopesRolesAndTime(t *testing.T) {
	h := newHub(t)
	u := h.user("maria", core.RoleAuditor)
	until := h.clock().Add(time.Hour)
	token, plain, err := h.CreateToken(t.Context(), u.ID, access.NewToken{
		Title: "1С", Until: &until, Scopes: []access.Operation{access.ReadDocuments, access.WriteDocuments},
	})
	h.must(err)
	if strings.Contains(token.Hash, plain) {
		t.Fatal("the token itself is kept")
	}
	p, err := h.ByToken(t.Context(), plain)
	h.must(err)
	for op, want := range map[access.Operation]bool{
		access.ReadDocuments:  true,
		access.WriteDocuments: false, // in the scope, but an auditor may not
		access.ReadAudit:      false, // an auditor may, but not in the scope
	} {
		if p.Can(op) != want {
			t.Errorf("Can(%s) = %v", op, !want)
		}
	}
	h.pass(time.Hour)
	_, err = h.ByToken(t.Context(), plain)
	wantKind(t, err, core.KindUnauthenticated)
}

func TestRevokedTokenOpensNothing(t *testing.T) {
	h := newHub(t)
	u, other := h.user("maria", core.RoleClerk), h.user("ivan", core.RoleClerk)
	token, plain, err := h.CreateToken(t.Context(), u.ID, access.NewToken{Title: "1С", Scopes: []access.Operation{access.ReadDocuments}})
	h.must(err)
	wantKind(t, h.RevokeToken(t.Context(), other.ID, token.ID), core.KindNotFound)
	h.must(h.RevokeToken(t.Context(), u.ID, token.ID))
	_, err = h.ByToken(t.Context(), plain)
	wantKind(t, err, core.KindUnauthenticated)
	left, err := h.Tokens(t.Context(), u.ID)
	h.must(err)
	if len(left) != 0 {
		t.Fatalf("%d tokens left", len(left))
	}
}

func TestTokenFaultsAreReportedTogether(t *testing.T) {
	h := newHub(t)
	past := h.clock()
	_, _, err := h.CreateToken(t.Context(), "usr_x", access.NewToken{Title: " ", Scopes: []access.Operation{"everything"}, Until: &past})
	fault, ok := err.(*core.Error)
	if !ok || len(fault.Faults) != 3 {
		t.Fatalf("error %v", err)
	}
}
