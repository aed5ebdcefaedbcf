package rest_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

func TestReplyIsRegisteredAndQueuedOnce(t *testing.T) {
	h := newHub(t)
	h.mailbox()
	d := h.letter("Протечка", "ivan@example.org")
	c := h.clerk()
	once := c.with("Idempotency-Key", "1f0c")
	first := once.post(path(d, "reply"), map[string]any{"text": "Починим."}).want(201)
	again := once.post(path(d, "reply"), map[string]any{"text": "Починим."}).want(201)
	if string(first.body) != string(again.body) || first.header.Get("Location") != again.header.Get("Location") {
		t.Fatalf("another answer:\n%s\n%s", first.body, again.body)
	}
	r := read[rest.Replied](first)
	if r.Document.Number.Text != "Исх-2026/000001" || r.Document.Fields["author"] != "Мария Петрова" || r.Delivery.State != core.DeliveryQueued {
		t.Fatalf("%+v", r.Document)
	}
	once.post(path(d, "reply"), map[string]any{"text": "Не починим."}).problem(422, "request.idempotency")
	if n := len(read[rows](c.get("/api/v1/documents?direction=outgoing")).Items); n != 1 {
		t.Fatalf("%d replies", n)
	}
	c.with("Idempotency-Key", "2").post(path(d, "reply"), map[string]any{"text": "Починили."}).want(201)
	other := h.as("ivan", core.RoleClerk)
	other.with("Idempotency-Key", "1f0c").post(path(d, "reply"), map[string]any{"text": "Я тоже."}).want(201)
	c.with("Idempotency-Key", strings.Repeat("k", 300)).post(path(d, "reply"), map[string]any{"text": "x"}).problem(400, "request.header")
}

func TestRequestSentManyTimesAtOnceIsDoneOnce(t *testing.T) {
	h := newHub(t)
	h.mailbox()
	d := h.letter("Протечка", "ivan@example.org")
	c := h.clerk().with("Idempotency-Key", "k")
	bodies := make([]string, 8)
	var wg sync.WaitGroup
	for i := range bodies {
		wg.Go(func() { bodies[i] = string(c.post(path(d, "reply"), map[string]any{"text": "Починим."}).body) })
	}
	wg.Wait()
	for _, body := range bodies {
		if body != bodies[0] {
			t.Fatalf("answers differ:\n%s\n%s", bodies[0], body)
		}
	}
	if n := len(read[rows](c.get("/api/v1/documents?direction=outgoing")).Items); n != 1 {
		t.Fatalf("%d replies", n)
	}
}

func TestRefusedRequestMayBeMendedUnderTheSameKey(t *testing.T) {
	h := newHub(t)
	h.mailbox()
	d := h.letter("Протечка", "ivan@example.org")
	once := h.clerk().with("Idempotency-Key", "k")
	p := once.post(path(d, "reply"), map[string]any{"text": " "}).problem(400, "reply.invalid")
	if len(p.Errors) != 1 || p.Errors[0].Field != "text" {
		t.Fatalf("%+v", p)
	}
	once.post(path(d, "reply"), map[string]any{"text": "Починим."}).want(201)
}

func TestKeptAnswersAreForgottenAfterThreeDays(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	party := map[string]any{"kind": "person", "name": "Иванов"}
	first := read[core.Party](c.with("Idempotency-Key", "k").post("/api/v1/parties", party).want(201))
	h.pass(71 * time.Hour)
	c.signIn("maria", password)
	if again := read[core.Party](c.with("Idempotency-Key", "k").post("/api/v1/parties", party).want(201)); again.ID != first.ID {
		t.Fatal("made twice")
	}
	h.pass(2 * time.Hour)
	if later := read[core.Party](c.with("Idempotency-Key", "k").post("/api/v1/parties", party).want(201)); later.ID == first.ID {
		t.Fatal("remembered for ever")
	}
	h.pass(73 * time.Hour)
	if err := h.server.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := 0
	h.update(func(tx store.Tx) error {
		for range store.SavedAnswers.All(tx) {
			left++
		}
		return nil
	})
	if left != 0 {
		t.Fatalf("%d answers left", left)
	}
}

func TestDeliveryIsCalledOffAndTakenUpAgain(t *testing.T) {
	h := newHub(t)
	h.mailbox()
	d := h.letter("Протечка", "ivan@example.org")
	c := h.clerk()
	dlv := read[rest.Replied](c.post(path(d, "reply"), map[string]any{"text": "Чиним."}).want(201)).Delivery
	own := "/api/v1/deliveries/" + string(dlv.ID)
	if got := read[core.Delivery](c.post(own+"/cancel", nil).want(200)); got.State != core.DeliveryCancelled {
		t.Fatal(got.State)
	}
	if got := read[core.Delivery](c.post(own+"/retry", nil).want(200)); got.State != core.DeliveryQueued {
		t.Fatal(got.State)
	}
	put(h, store.Deliveries, func() *core.Delivery {
		sent := read[core.Delivery](c.get(own).want(200))
		sent.State = core.DeliverySent
		return &sent
	}())
	c.post(own+"/cancel", nil).problem(409, "delivery.transition")
	c.post("/api/v1/deliveries/dlv_x/cancel", nil).problem(404, "deliveries.not_found")
	if n := len(read[struct{ Items []store.Entry }](c.get(own + "/history").want(200)).Items); n != 4 {
		t.Fatalf("%d changes", n)
	}
	reply := read[struct{ Items []rest.DeliveryRow }](c.get("/api/v1/deliveries?direction=outgoing").want(200)).Items
	if len(reply) != 1 || reply[0].Direction != core.Outgoing || reply[0].Number == "" || !strings.Contains(reply[0].Subject, "Протечка") {
		t.Errorf("%+v", reply)
	}
	for query, want := range map[string]int{"": 1, "direction=incoming": 0, "state=sent": 1, "state=queued": 0, "channel=mail&state=sent": 1, "document=x": 0} {
		if n := len(read[struct{ Items []core.Delivery }](c.get("/api/v1/deliveries?" + query).want(200)).Items); n != want {
			t.Errorf("%q: %d", query, n)
		}
	}
}
