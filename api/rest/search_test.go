package rest_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/search"
)

// newSearchHub is a hub whose search runs.
func newSearchHub(t *testing.T) *hub {
	t.Helper()
	var service *search.Service
	h := newHub(t, func(c *rest.Config) {
		events, ok := c.Events.(search.Events)
		if !ok {
			t.Fatal("the bus cannot be followed")
		}
		service = search.New(search.Config{Store: c.Store, Blobs: c.Blobs, Events: events, Dir: filepath.Join(t.TempDir(), "search"), Share: 1})
		c.Search, c.Reports = service, &report.Service{Store: c.Store, Now: c.Now}
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return h
}

// untilIndexed waits until so many documents can be found.
func untilIndexed(t *testing.T, c *client, n int64) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) { // polls: indexing is off the way
		var st search.Status
		c.get("/api/v1/search/index").want(200).read(&st)
		if st.State == search.Ready && st.Documents == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v after a minute", st)
		}
	}
}

func findPath(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "/api/v1/search?" + v.Encode()
}

func TestSearchFindsWhatThePageShows(t *testing.T) {
	h := newSearchHub(t)
	clerk := h.clerk()
	for i := range 3 {
		clerk.post("/api/v1/documents", map[string]any{
			"direction": "incoming", "subject": fmt.Sprintf("О протечке %d", i), "text": "Течёт кровля",
			"sender": map[string]any{"name": "Иванов", "addresses": []core.Address{{Kind: core.AddressPhone, Value: "+7 916 123-45-67"}}},
		}).want(201)
	}
	clerk.post("/api/v1/documents", map[string]any{"direction": "internal", "subject": "Протечка, служебная записка"}).want(201)
	untilIndexed(t, clerk, 4)

	var page rest.SearchPage
	clerk.get(findPath("q", "кровли", "limit", "2")).want(200).read(&page)
	if page.Total != 3 || len(page.Items) != 2 || page.Next == "" || !page.Complete || len(page.Items[0].Passages) != 1 {
		t.Errorf("%+v", page)
	}
	next := page.Next
	page = rest.SearchPage{}
	clerk.get(findPath("q", "кровли", "limit", "2", "after", next)).want(200).read(&page)
	if len(page.Items) != 1 || page.Next != "" {
		t.Errorf("%+v", page)
	}
	for filter, want := range map[string]int{"direction=internal": 1, "sender=%2B79161234567": 3, "state=closed": 0, "kind=letter": 4, "from=2026-03-02&to=2026-03-02": 4, "to=2026-03-01": 0} {
		page = rest.SearchPage{}
		clerk.get("/api/v1/search?q=" + url.QueryEscape("протечка") + "&" + filter).want(200).read(&page)
		if len(page.Items) != want {
			t.Errorf("%s: %d, want %d", filter, len(page.Items), want)
		}
	}
}

func TestSearchTellsAllFaultsOfAQuery(t *testing.T) {
	h := newSearchHub(t)
	clerk := h.clerk()
	untilIndexed(t, clerk, 0)
	clerk.get("/api/v1/search?colour=red&order=price&limit=500").problem(400, "request.query")
	clerk.get(findPath("q", "п*")).problem(400, "search.prefix")
	clerk.get(findPath("after", "###")).problem(400, "list.cursor")
}

func TestTheIndexIsRebuiltByAdministratorsOnly(t *testing.T) {
	h := newSearchHub(t)
	h.clerk().post("/api/v1/search/index", nil).problem(403, "access.forbidden")
	admin := h.administrator()
	untilIndexed(t, admin, 0)
	admin.post("/api/v1/search/index", nil).want(202)
	untilIndexed(t, admin, 0)
}

func TestFiltersAreOnesOwnUnlessShared(t *testing.T) {
	h := newSearchHub(t)
	maria, ivan, admin := h.clerk(), h.as("ivan", core.RoleOperator), h.administrator()
	in := rest.FilterInput{Title: " Протечки ", List: core.FilterSearch, Values: map[string]string{"q": "протечка"}}
	made := maria.with("Idempotency-Key", "1").post("/api/v1/filters", in).want(201)
	maria.with("Idempotency-Key", "1").post("/api/v1/filters", in).want(201)
	var f core.Filter
	made.read(&f)
	path := "/api/v1/filters/" + string(f.ID)
	if f.Title != "Протечки" || made.header.Get("Location") != path {
		t.Errorf("%+v at %s", f, made.header.Get("Location"))
	}
	ivan.get(path).problem(404, "filters.not_found")
	ivan.with("If-Match", `"1"`).put(path, in).problem(404, "filters.not_found")

	in.Shared = true
	maria.put(path, in).problem(428, "request.if_match")
	maria.with("If-Match", `"1"`).put(path, in).want(200)
	maria.with("If-Match", `"1"`).put(path, in).problem(409, "filters.stale")
	ivan.get(path).want(200)
	ivan.with("If-Match", `"2"`).put(path, in).problem(403, "filters.foreign")
	ivan.with("If-Match", `"2"`).delete(path).problem(403, "filters.foreign")

	for who, want := range map[*client]int{maria: 1, ivan: 1} {
		var got struct{ Items []core.Filter }
		who.get("/api/v1/filters?list=search").want(200).read(&got)
		if len(got.Items) != want {
			t.Errorf("%d filters", len(got.Items))
		}
		who.get("/api/v1/filters?list=reports").want(200).read(&got)
		if len(got.Items) != 0 {
			t.Errorf("%d filters of another list", len(got.Items))
		}
	}
	admin.with("If-Match", `"2"`).delete(path).want(204)
	maria.get(path).problem(404, "filters.not_found")
	if p := maria.post("/api/v1/filters", map[string]any{"title": "", "list": "colour"}).problem(400, "request.body"); len(p.Errors) != 2 {
		t.Errorf("%+v", p.Errors)
	}
	h.as("audit", core.RoleAuditor).post("/api/v1/filters", in).problem(403, "access.forbidden")
}

func TestReportsCountAndList(t *testing.T) {
	h := newSearchHub(t)
	maria := h.clerk()
	for _, d := range []core.Direction{core.Incoming, core.Incoming, core.Internal} {
		maria.post("/api/v1/documents", map[string]any{"direction": d, "subject": "О протечке"}).want(201)
	}
	var got rest.Summary
	maria.get("/api/v1/reports/summary?group=direction,day&from=2026-03-02").want(200).read(&got)
	if len(got.Rows) != 2 || got.Total.Documents != 3 || got.Rows[0].Documents != 2 || got.Rows[0].Keys[0].Title != "Входящий" || got.Rows[0].Keys[1].Value != "2026-03-02" {
		t.Errorf("%+v", got)
	}
	maria.get("/api/v1/reports/summary?group=direction,day,line&colour=red").problem(400, "request.query")
	maria.get("/api/v1/reports/summary?group=colour").problem(400, "request.query")
	maria.get("/api/v1/reports/documents?columns=number,colour").problem(400, "request.query")

	r := maria.get("/api/v1/reports/documents?columns=number,subject&direction=internal").want(200)
	lines := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(r.body), "\ufeff")))
	lines.Comma = ';'
	rows, err := lines.ReadAll()
	if err != nil || len(rows) != 2 || rows[1][1] != "О протечке" || !strings.HasPrefix(r.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%q, %v, %v", rows, err, r.header)
	}
	if r := maria.get("/api/v1/reports/summary?group=day&format=xlsx").want(200); !strings.HasPrefix(string(r.body), "PK") {
		t.Errorf("%q", r.body[:10])
	}
	h.as("robot", core.RoleIntegration).get("/api/v1/reports/summary").problem(403, "access.forbidden")
}
