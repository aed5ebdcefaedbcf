package rest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/api"
	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

func TestHealthTellsWhetherTheHubCanWork(t *testing.T) {
	broken := false
	h := newHub(t, func(c *rest.Config) {
		c.Ready = func(context.Context) error {
			if broken {
				return errors.New("/secret/path: disk full")
			}
			return nil
		}
	})
	c := h.anonymous()
	if got := read[rest.Health](c.get("/healthz").want(200)); got.Status != "ok" || got.Version != "1.2.3" {
		t.Fatalf("%+v", got)
	}
	c.get("/readyz").want(200)
	broken = true
	r := c.get("/readyz")
	if p := r.problem(503, "hub.not_ready"); strings.Contains(p.Detail, "secret") || r.header.Get("Retry-After") == "" {
		t.Fatalf("%+v", p)
	}
	c.get("/healthz").want(200)
}

func TestMetricsAreForThisMachineAndForTokens(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	c.get("/api/v1/documents").want(200)
	if body := string(h.anonymous().get("/metrics").want(200).body); !strings.Contains(body, `uzel_http_request_seconds_count{operation="documents.list",status="2xx"} 1`) {
		t.Fatal(body)
	}
	far := h.anonymous().with("X-Forwarded-For", "192.0.2.1")
	far.get("/metrics").problem(401, "access.none")
	made := read[rest.NewToken](h.administrator().post("/api/v1/tokens", rest.TokenInput{Title: "Prometheus", Scopes: []access.Operation{access.ReadMetrics}}).want(201))
	far.with("Authorization", "Bearer "+made.Secret).get("/metrics").want(200)
	weak := read[rest.NewToken](c.post("/api/v1/tokens", rest.TokenInput{Title: "x", Scopes: []access.Operation{access.ReadMetrics}}).want(201))
	far.with("Authorization", "Bearer "+weak.Secret).get("/metrics").problem(403, "access.forbidden")
}

func TestContractIsServed(t *testing.T) {
	r := newHub(t).anonymous().get("/api/v1/openapi.yaml").want(200)
	if string(r.body) != api.OpenAPI() || r.header.Get("Content-Type") != "application/yaml" {
		t.Fatal(r.header)
	}
}

func TestPagesAreServedWhereTheAPIIsNot(t *testing.T) {
	h := newHub(t, func(c *rest.Config) {
		c.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Page", r.Method+" "+r.URL.Path)
			w.WriteHeader(http.StatusNotFound) // the contract does not know them
		})
	})
	c := h.anonymous()
	for _, path := range []string{"/", "/appeals/doc_1", "/apiary", "/assets/a.js", "/healthz/more"} {
		if r := c.get(path); r.header.Get("X-Page") != "GET "+path {
			t.Errorf("%s: %d %v", path, r.status, r.header)
		}
	}
	if r := c.post("/appeals", `{}`); r.header.Get("X-Page") != "POST /appeals" {
		t.Errorf("%d %v", r.status, r.header)
	}
	c.get("/api/v1/nothing").problem(404, "request.not_found")
	c.get("/api/v2/session").problem(404, "request.not_found")
	c.get("/hooks/mail/x").problem(404, "request.not_found")
	c.delete("/api/v1/documents").problem(405, "request.method")
	if r := c.get("/healthz").want(200); r.header.Get("X-Page") != "" {
		t.Error("a page in place of the hub's state")
	}
}

func TestWrongPathsAndMethodsAreProblems(t *testing.T) {
	c := newHub(t).clerk()
	c.get("/api/v1/nothing").problem(404, "request.not_found")
	c.delete("/api/v1/documents").problem(405, "request.method")
	c.get("/hooks/mail/x").problem(404, "request.not_found")
}

func TestHooksAreHandedOnWithoutSigningIn(t *testing.T) {
	h := newHub(t, func(c *rest.Config) {
		c.Hooks = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Path", r.Method+" "+r.URL.Path)
			w.WriteHeader(http.StatusAccepted)
		})
	})
	r := h.anonymous().post("/hooks/telegram/updates", `{}`)
	if r.status != 202 || r.header.Get("X-Path") != "POST /hooks/telegram/updates" {
		t.Fatalf("%d %v", r.status, r.header)
	}
}

// faulty panics, or fails, where outgoing would answer.
type faulty struct {
	rest.Outgoing
	err error
}

func (f faulty) Reply(store.Tx, core.DocumentID, outgoing.Reply) (*core.Document, *core.Delivery, error) {
	if f.err == nil {
		panic("Иванов")
	}
	return nil, nil, f.err
}

func (f faulty) Cancel(context.Context, core.DeliveryID) (*core.Delivery, error) {
	if f.err == nil {
		panic("Иванов")
	}
	return nil, f.err
}

func TestPanicIsAProblemWithALogNumber(t *testing.T) {
	h := newHub(t, func(c *rest.Config) { c.Outgoing = faulty{} })
	c := h.clerk()
	p := c.post("/api/v1/deliveries/x/cancel", nil).problem(500, "internal")
	if !strings.Contains(p.Detail, p.Request) || !strings.Contains(h.log.String(), p.Request) || !strings.Contains(h.log.String(), "service_test.go") {
		t.Fatalf("%+v\n%s", p, h.log)
	}
	if strings.Contains(h.log.String(), "Иванов") {
		t.Fatal("the value of a panic is in the log")
	}
	c.get("/api/v1/documents").want(200)
	entries := read[struct{ Items []core.AuditEntry }](h.administrator().get("/api/v1/audit?operation=deliveries.cancel").want(200)).Items
	if len(entries) != 1 || entries[0].Outcome != "internal" {
		t.Fatalf("%+v", entries)
	}
}

func TestErrorsOfTheCoreKeepTheirMeaning(t *testing.T) {
	for want, err := range map[int]*core.Error{
		400: core.Invalid("x.y", "imap.port", "неверный порт"),
		401: {Kind: core.KindUnauthenticated, Code: "x.y", Text: "нужно войти"},
		403: {Kind: core.KindForbidden, Code: "x.y", Text: "нельзя"},
		404: core.NotFound("x.y", "нет"),
		409: core.Conflict("x.y", "занято"),
		422: {Kind: core.KindRejected, Code: "x.y", Text: "отказ", Source: core.SourceRemote},
		502: {Kind: core.KindUnknown, Code: "x.y", Text: "ответ потерян"},
		503: {Kind: core.KindUnavailable, Code: "x.y", Text: "позже", After: 1500e6},
	} {
		h := newHub(t, func(c *rest.Config) { c.Outgoing = faulty{err: err} })
		r := h.clerk().post("/api/v1/deliveries/x/cancel", nil)
		p := r.problem(want, "x.y")
		if p.Detail != err.Text || p.Field != err.Field || p.Source != err.Source || p.Kind != err.Kind.String() {
			t.Errorf("%+v", p)
		}
		if want == 503 && r.header.Get("Retry-After") != "2" {
			t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
		}
	}
	h := newHub(t, func(c *rest.Config) {
		c.Outgoing = faulty{err: &core.Error{Code: "store.page", Field: "root", Text: "страница 7", Err: errors.New("secret"), Faults: []core.FieldFault{{Field: "root", Text: "x"}}}}
	})
	if p := h.clerk().post("/api/v1/deliveries/x/cancel", nil).problem(500, "internal"); strings.Contains(p.Detail, "страница") || p.Field != "" || p.Errors != nil {
		t.Fatalf("%+v", p)
	}
}

func TestCommandLineComesOverItsSocketAsItself(t *testing.T) {
	h := newHub(t)
	server := httptest.NewUnstartedServer(h.server)
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context { return rest.FromCommandLine(ctx) }
	server.Start()
	t.Cleanup(server.Close)
	h.url = server.URL
	c := h.anonymous()
	c.post("/api/v1/parties", map[string]any{"kind": "person", "name": "Иванов"}).want(201)
	entries := read[struct{ Items []core.AuditEntry }](c.get("/api/v1/audit").want(200)).Items
	if len(entries) != 1 || entries[0].Actor.Kind != core.ActorCommand {
		t.Fatalf("%+v", entries)
	}
}

func FuzzDecodeStrict(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"state":"in_work","fields":{"a":null}}`, `[1]`, `{"due_at":"2026-03-01T09:00:00Z"}`, `null`, `{"fields":{"a":{"b":[]}}}`, "{\"\xff\":1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var patch rest.DocumentPatch
		err := rest.DecodeStrict(raw, &patch)
		if err != nil && core.KindOf(err) != core.KindInvalid {
			t.Fatal(err)
		}
		var in rest.DocumentInput
		if err := rest.DecodeStrict(raw, &in); err != nil && core.KindOf(err) != core.KindInvalid {
			t.Fatal(err)
		}
	})
}
