package rest_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// journalIDs are those a list of journals shows.
func journalIDs(c *client, query string) (out []string) {
	c.hub.t.Helper()
	for _, j := range read[struct{ Items []rest.Journal }](c.get("/api/v1/journals" + query).want(200)).Items {
		out = append(out, string(j.ID))
	}
	return out
}

func TestAJournalIsPutAwayAndBroughtBack(t *testing.T) {
	c := newHub(t).administrator()
	c.post("/api/v1/journals", rest.JournalInput{ID: "fkr", Title: "ФКР", Direction: core.Incoming, Template: "ФКР-{n}"}).want(201)
	c.delete("/api/v1/journals/fkr").problem(428, "request.if_match")
	c.with("If-Match", `"7"`).delete("/api/v1/journals/fkr").problem(409, "journals.stale")
	c.with("If-Match", `"1"`).delete("/api/v1/journals/none").problem(404, "journals.not_found")
	c.with("If-Match", `"1"`).delete("/api/v1/journals/fkr").want(204)
	c.get("/api/v1/journals/fkr").problem(404, "journals.not_found")
	c.post("/api/v1/documents", map[string]any{"direction": "incoming", "subject": "Письмо", "journal": "fkr"}).problem(400, "request.body")
	if live, gone := journalIDs(c, ""), journalIDs(c, "?deleted=true"); slices.Contains(live, "fkr") || !slices.Equal(gone, []string{"fkr"}) {
		t.Errorf("live %q, deleted %q", live, gone)
	}
	c.with("If-Match", `"1"`).post("/api/v1/journals/fkr/restore", nil).problem(409, "journals.stale")
	back := read[rest.Journal](c.with("If-Match", `"2"`).post("/api/v1/journals/fkr/restore", nil).want(200))
	if back.Next != "ФКР-1" || len(journalIDs(c, "?deleted=true")) != 0 {
		t.Errorf("%+v", back)
	}
	c.with("If-Match", `"3"`).post("/api/v1/journals/fkr/restore", nil).want(200)
}

func TestAJournalInUseIsNotDeleted(t *testing.T) {
	h := newHub(t)
	c := h.administrator()
	c.with("If-Match", `"1"`).delete("/api/v1/journals/outgoing").problem(409, "journal.last")
	for _, id := range []core.JournalID{"given", "named"} {
		c.post("/api/v1/journals", rest.JournalInput{ID: id, Title: "Исходящие", Direction: core.Outgoing, Template: "{n}"}).want(201)
	}
	c.post("/api/v1/documents", map[string]any{"direction": "outgoing", "subject": "Письмо", "journal": "given"}).want(201)
	c.with("If-Match", `"1"`).delete("/api/v1/journals/given").problem(409, "journal.used")
	draft := &core.Draft{ID: "drf_1", State: core.DraftApproval, Author: "usr_1", Versions: 1, Journal: "named"}
	put(h, store.Drafts, draft)
	c.with("If-Match", `"1"`).delete("/api/v1/journals/named").problem(409, "journal.awaited")
	draft.State = core.DraftCancelled
	put(h, store.Drafts, draft)
	c.with("If-Match", `"1"`).delete("/api/v1/journals/named").want(204)
}

func TestJournalsAreWrittenAsATable(t *testing.T) {
	c := newHub(t).administrator()
	c.post("/api/v1/journals", rest.JournalInput{ID: "fkr", Title: "=ФКР", Direction: core.Incoming, Template: "ФКР-{yyyy}-{n}", Yearly: true}).want(201)
	lines := func(c *client) [][]string {
		t.Helper()
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(c.get("/api/v1/reports/journals").want(200).body), "\ufeff")))
		r.Comma = ';'
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	rows := lines(c)
	if want := []string{"fkr", "'=ФКР", "Входящий", "ФКР-{yyyy}-{n}", "", "да", "ФКР-2026-1"}; len(rows) != 5 || !slices.ContainsFunc(rows, func(row []string) bool { return slices.Equal(row, want) }) {
		t.Errorf("%q", rows)
	}
	if head := lines(c.with("Accept-Language", "en"))[0]; !slices.Equal(head, []string{"Code", "Title", "Direction", "Number template", "Index", "Yearly", "Next number"}) {
		t.Errorf("%q", head)
	}
	c.get("/api/v1/reports/journals?format=xlsx").want(200)
	c.get("/api/v1/reports/journals?format=pdf").problem(400, "request.query")
}
