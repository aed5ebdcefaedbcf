package rest_test

import (
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

// TestALineLimitedToTagsGivesOnlyReasonsThatHaveOne: what a support line has no
// access to its operators are not offered and may not give, but see on appeals
// that have it.
func TestALineLimitedToTagsGivesOnlyReasonsThatHaveOne(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	lifts, roofs := admin.entry("tags", object{"title": "Лифты"}), admin.entry("tags", object{"title": "Кровля"})
	group := admin.entry("reason_groups", object{"title": "Дом"})
	reason := func(title string, tags ...core.EntryID) core.EntryID {
		return admin.entry("reasons", object{"title": title, "group": group.ID, "tags": tags}).ID
	}
	own, other, plain := reason("Лифт стоит", lifts.ID), reason("Течёт крыша", roofs.ID), reason("Прочее")
	narrow := admin.entry("support_lines", object{"title": "Лифтёры", "reasons": "tags", "tags": []core.EntryID{lifts.ID}})
	wide := admin.entry("support_lines", object{"title": "Первая", "reasons": "all"})
	operator := func(login string, lines ...core.EntryID) *client {
		return h.profile(access.Profile{Login: login, Name: login, Roles: []core.Role{core.RoleOperator}, Lines: lines})
	}
	olga, ivan, pavel := operator("olga", narrow.ID), operator("ivan", narrow.ID, wide.ID), operator("pavel")
	for c, want := range map[*client]int{olga: 1, ivan: 3, pavel: 3, admin: 3} {
		if n := len(read[page[rest.EntryRow]](c.get("/api/v1/directories/reasons/entries").want(200)).Items); n != want {
			t.Errorf("%d reasons are offered, want %d", n, want)
		}
	}
	olga.get("/api/v1/directories/reasons/entries/" + string(other)).want(200) // to be named on a card

	appeal := func(c *client, reason core.EntryID) *response {
		return c.post("/api/v1/appeals", object{"subject": "x", "text": "x", "applicant": object{"name": "Анна"}, "reason": reason})
	}
	path := "/api/v1/appeals/" + string(read[core.Document](appeal(olga, own).want(201)).ID)
	appeal(ivan, other).want(201)
	for _, id := range []core.EntryID{other, plain} {
		refused := []rest.Problem{
			appeal(olga, id).problem(400, "request.body"),
			olga.with("If-Match", `"1"`).patch(path, object{"reason": id}).problem(400, "request.body"),
			olga.with("If-Match", `"1"`).post(path+"/split", object{"subject": "x", "reason": id}).problem(400, "request.body"),
			olga.with("If-Match", `"1"`).post(path+"/other", object{"result": object{"text": "x"}, "question": object{"subject": "x", "reason": id}}).problem(400, "request.body"),
		}
		for i, p := range refused {
			if want := map[bool]string{true: "question.reason", false: "reason"}[i == 3]; p.Field != want {
				t.Errorf("refusal %d names %q", i, p.Field)
			}
		}
	}
	// What somebody else gave may stay.
	admin.with("If-Match", `"1"`).patch(path, object{"reason": other}).want(200)
	olga.with("If-Match", `"2"`).patch(path, object{"reason": other, "comment": "кровельщики"}).want(200)
}
