package rest_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
)

func TestACardTellsWhoElseHasItOpen(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	h := newHub(t, func(c *rest.Config) { c.Now = func() time.Time { return now } })
	maria, oleg := h.as("maria", core.RoleOperator), h.as("oleg", core.RoleOperator)
	made := read[core.Document](maria.post("/api/v1/appeals", map[string]any{"subject": "Протечка", "applicant": map[string]any{"name": "Иванов"}}).want(201))
	card := "/api/v1/appeals/" + string(made.ID) + "/presence"
	others := func(c *client) int {
		return len(read[struct{ Items []rest.Present }](c.post(card, nil).want(200)).Items)
	}
	if n := others(maria); n != 0 {
		t.Errorf("alone at the card, %d others are told", n)
	}
	if n := others(oleg); n != 1 {
		t.Errorf("the second one hears of %d others", n)
	}
	now = now.Add(41 * time.Second)
	if n := others(oleg); n != 0 {
		t.Errorf("who gave no sign is still told: %d", n)
	}
	others(maria)
	oleg.delete(card).want(204)
	if n := others(maria); n != 0 {
		t.Errorf("who has left is still told: %d", n)
	}
	maria.post("/api/v1/appeals/doc_nowhere/presence", nil).want(404)
}
