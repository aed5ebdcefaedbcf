package rest_test

import (
	"fmt"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/store"
)

func TestALimitedUserSeesWhatIsHisAndNothingElse(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	clerk := h.clerk()
	me := clerk.session().User
	_, err := h.access.UpdateUser(t.Context(), me.ID, me.Version, access.Profile{Login: "maria", Name: "Мария", Roles: me.Roles, Organizations: []core.OrganizationID{"org_1"}})
	if err != nil {
		t.Fatal(err)
	}
	file := core.Attachment{Name: "a.txt", Hash: fmt.Sprintf("%064d", 1), MediaType: "text/plain", Role: core.FileAttachment}
	for i, org := range []core.OrganizationID{"org_1", "org_2", ""} {
		id := core.DocumentID(fmt.Sprintf("doc_%d", i+1))
		put(h, store.Documents, &core.Document{ID: id, Organization: org, Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Subject: "Письмо", Thread: "thr_1", Files: []core.Attachment{file}, PerhapsBelongsTo: []core.DocumentID{"doc_2"}})
		put(h, store.Deliveries, &core.Delivery{ID: core.DeliveryID(fmt.Sprintf("dlv_%d", i+1)), Document: id, Channel: "mail", Purpose: core.PurposeAnswer, State: core.DeliveryQueued})
	}
	type rows[T any] struct{ Items []T }
	for path, want := range map[string][2]int{"/api/v1/documents": {3, 2}, "/api/v1/deliveries": {3, 2}} {
		all := len(read[rows[map[string]any]](admin.get(path).want(200)).Items)
		seen := len(read[rows[map[string]any]](clerk.get(path).want(200)).Items)
		if all != want[0] || seen != want[1] {
			t.Errorf("%s: administrator %d, clerk %d, want %v", path, all, seen, want)
		}
	}
	card := read[rest.DocumentCard](clerk.get("/api/v1/documents/doc_1").want(200))
	if len(card.Thread) != 1 || card.Thread[0].ID != "doc_3" || len(card.PerhapsBelongsTo) != 0 {
		t.Errorf("the card shows %+v and %+v", card.Thread, card.PerhapsBelongsTo)
	}
	for _, path := range []string{"", "/history", "/files", "/files/" + file.Hash} {
		clerk.get("/api/v1/documents/doc_2"+path).problem(404, "documents.not_found")
	}
	clerk.with("If-Match", `"1"`).patch("/api/v1/documents/doc_2", map[string]any{"subject": "Моё"}).problem(404, "documents.not_found")
	clerk.with("If-Match", `"1"`).post("/api/v1/documents/doc_1/join", map[string]any{"document": "doc_2"}).problem(400, "request.body")
	clerk.post("/api/v1/documents/doc_2/reply", map[string]any{"text": "Ответ"}).problem(404, "documents.not_found")
	for _, path := range []string{"", "/history"} {
		clerk.get("/api/v1/deliveries/dlv_2"+path).problem(404, "documents.not_found")
		clerk.get("/api/v1/deliveries/dlv_1" + path).want(200)
	}
	clerk.post("/api/v1/deliveries/dlv_2/cancel", nil).problem(404, "documents.not_found")
	clerk.post("/api/v1/deliveries/dlv_2/retry", nil).problem(404, "documents.not_found")
	clerk.with("If-Match", `"1"`).patch("/api/v1/documents/doc_3", map[string]any{"subject": "Общее"}).want(200)
}
