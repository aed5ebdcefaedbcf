package rest_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// subjects are those of a list of appeals, page by page.
func subjects(t *testing.T, c *client, query string, limit int) string {
	t.Helper()
	var out []string
	for after := ""; ; {
		got := read[page[rest.AppealRow]](c.get(fmt.Sprintf("/api/v1/appeals?limit=%d%s%s", limit, query, after)).want(200))
		for _, row := range got.Items {
			out = append(out, row.Subject)
		}
		if got.Next == "" {
			return strings.Join(out, " ")
		}
		after = "&after=" + got.Next
	}
}

func threeAppeals(h *hub) *client {
	c := h.clerk()
	for i, a := range []struct{ subject, name, due string }{
		{"б", "Яковлев", `,"due_at":"2026-03-05T00:00:00Z"`}, {"в", "", ""}, {"а", "Борисова", `,"due_at":"2026-03-04T00:00:00Z"`},
	} {
		c.post("/api/v1/appeals", fmt.Sprintf(`{"subject":%q,"applicant":{"name":%q},"take":%t,"accounts":[{"number":"%d"}]%s}`, a.subject, a.name, i == 0, i%2, a.due)).want(201)
		h.pass(time.Minute)
	}
	return c
}

func TestAppealsAreSortedByColumnsPageByPage(t *testing.T) {
	c := threeAppeals(newHub(t))
	for order, want := range map[string]string{
		"": "а в б", "received": "б в а", "-received": "а в б", "number": "б в а", "-number": "а в б", "subject": "а б в", "-subject": "в б а",
		"due": "а б в", "-due": "б а в", "applicant": "а б в", "-applicant": "б а в", "state": "в а б",
	} {
		query := ""
		if order != "" {
			query = "&order=" + order
		}
		for _, limit := range []int{1, 2, 50} {
			if got := subjects(t, c, query, limit); got != want {
				t.Errorf("%q by %d: %s, want %s", order, limit, got, want)
			}
		}
	}
	if got := subjects(t, c, "&view=not_in_work&order=subject", 1); got != "а в" {
		t.Errorf("with a view: %s", got)
	}
	c.get("/api/v1/appeals?order=colour").problem(400, "request.query")
	c.get("/api/v1/appeals?order=subject&after=!").problem(400, "list.cursor")
}

func TestMoreThanCanBeSortedIsRefused(t *testing.T) {
	h := newHub(t)
	h.update(func(tx store.Tx) error {
		for i := range 2001 {
			d := &core.Document{ID: core.DocumentID(fmt.Sprintf("doc_%026d", i)), Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Thread: "t", Appeal: &core.Appeal{State: core.AppealNew}}
			if err := store.Documents.Put(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	c := h.clerk()
	c.get("/api/v1/appeals?order=subject").problem(400, "list.order")
	c.get("/api/v1/appeals?order=received").want(200)
}

func TestFileOfAListHasWhatTheListHas(t *testing.T) {
	c := threeAppeals(newSearchHub(t))
	file := func(query string) string {
		r := c.get("/api/v1/reports/appeals?columns=subject" + query).want(200)
		lines := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(r.body), "\ufeff")))
		rows, err := lines.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, row := range rows[1:] {
			out = append(out, row[0])
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"": "а в б", "&account=0": "а б", "&view=not_in_work": "а в", "&view=not_in_work&account=0&order=-subject": "а", "&order=subject": "а б в", "&from=2030-01-01": "",
	} {
		if got := file(query); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	c.get("/api/v1/reports/appeals?colour=red").problem(400, "request.query")
}
