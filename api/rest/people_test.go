package rest_test

import (
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
)

func TestEverybodyKnowsHisColleaguesByName(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	ivan := newUser(admin, rest.UserInput{Login: "ivan", Name: "Иван Сидоров", Email: "ivan@example.org", Roles: []core.Role{core.RoleOperator}, Lines: []core.EntryID{"lin_1"}})
	petr := newUser(admin, rest.UserInput{Login: "petr", Name: "Пётр", Roles: []core.Role{core.RoleClerk}, State: core.UserDismissed, StateReason: "уволен"})
	answer := h.as("olga", core.RoleOperator).get("/api/v1/people").want(200)
	states := map[core.UserID]core.UserState{}
	for _, p := range read[struct{ Items []rest.Colleague }](answer).Items {
		states[p.ID] = p.State
		if p.ID == ivan && (p.Name != "Иван Сидоров" || len(p.Lines) != 1) {
			t.Errorf("Ivan is %+v", p)
		}
	}
	if len(states) != 4 || states[ivan] != core.UserActive || states[petr] != core.UserDismissed {
		t.Errorf("the colleagues are %v", states)
	}
	if body := string(answer.body); strings.Contains(body, "ivan@example.org") || strings.Contains(body, `"login"`) {
		t.Errorf("a colleague is told more than names: %s", body)
	}
}
