package rest_test

import (
	"fmt"
	"testing"

	"github.com/uzel-hub/uzel/core"
)

func TestFilesOfTheCorrespondenceAreAddedToAnAppealOnce(t *testing.T) {
	h := newHub(t)
	letter, _ := h.withFile("снимок.png", "image/png", "bytes")
	hash := letter.Files[0].Hash
	c := h.clerk()
	made := registered(c)
	path := "/api/v1/appeals/" + string(made.ID) + "/files"
	body := fmt.Sprintf(`{"from":[{"document":%q,"hash":%q}]}`, letter.ID, hash)
	for range 2 {
		got := read[core.Document](c.post(path, body).want(200))
		if len(got.Files) != 1 || got.Files[0].Name != "снимок.png" || got.Files[0].Role != core.FileAttachment {
			t.Errorf("%+v", got.Files)
		}
	}
	if b := string(c.get("/api/v1/documents/" + string(made.ID) + "/files/" + hash).want(200).body); b != "bytes" {
		t.Errorf("%q", b)
	}
	c.post(path, `{}`).problem(400, "request.body")
	c.post(path, fmt.Sprintf(`{"from":[{"document":%q,"hash":"00"}]}`, letter.ID)).problem(400, "request.body")
	c.post(path, fmt.Sprintf(`{"from":[{"document":"doc_nothing","hash":%q}]}`, hash)).problem(400, "request.body")
	h.as("audit", core.RoleAuditor).post(path, body).problem(403, "access.forbidden")
}
