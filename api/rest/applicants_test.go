package rest_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/store"
)

type object = map[string]any

// person makes a party over REST.
func (c *client) person(name string, contacts ...object) core.Party {
	c.hub.t.Helper()
	return read[core.Party](c.post("/api/v1/parties", object{"kind": "person", "name": name, "addresses": append([]object{}, contacts...)}).want(201))
}

func ofParty(p core.Party) string { return "/api/v1/parties/" + string(p.ID) }

// sees is the client with the version it has read.
func (c *client) sees(version uint64) *client {
	return c.with("If-Match", fmt.Sprintf("%q", fmt.Sprint(version)))
}

type candidates struct{ Items []party.Candidate }

func TestFoundMatchIsSubstituted(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	anna := c.person("Анна Иванова", object{"kind": "phone", "value": "+7 916 123-45-67"})
	found := read[candidates](c.post("/api/v1/parties/match", object{"addresses": []object{{"kind": "phone", "value": "8 (916) 123-45-67"}}}).want(200)).Items
	if len(found) != 1 || found[0].Party.ID != anna.ID || !found[0].Sure || found[0].Proofs[0].Value != "+7 916 123-45-67" {
		t.Fatalf("found %+v", found)
	}
	doc := read[core.Document](c.form("/api/v1/documents", object{
		"direction": "incoming", "subject": "Жалоба", "sender": object{"name": "Аня", "addresses": []object{{"kind": "phone", "value": "9161234567"}}},
	}).want(201))
	at := "/api/v1/documents/" + string(doc.ID)
	if found := read[candidates](c.get(at + "/candidates").want(200)).Items; len(found) != 1 || found[0].Party.ID != anna.ID {
		t.Fatalf("candidates %+v", found)
	}
	c.post(at+"/party", object{"party": anna.ID}).problem(428, "request.if_match")
	c.sees(doc.Version).post(at+"/party", object{"party": "pty_x"}).problem(400, "request.body")
	got := read[core.Document](c.sees(doc.Version).post(at+"/party", object{"party": anna.ID}).want(200))
	if got.Sender.Party != anna.ID || got.Sender.Name != "Анна Иванова" || len(got.Sender.Addresses) != 1 {
		t.Errorf("sender %+v", got.Sender)
	}
	c.sees(doc.Version).post(at+"/party", object{"party": anna.ID}).problem(409, "documents.stale")
	if rows := read[struct{ Items []rest.DocumentRow }](c.get("/api/v1/documents?party=" + string(anna.ID)).want(200)).Items; len(rows) != 1 {
		t.Errorf("documents of the party: %+v", rows)
	}
}

func TestContactIsDecidedForAllWhoHaveIt(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	for i := range 6 {
		c.person(fmt.Sprint("Житель ", i), object{"kind": "phone", "value": "88005553535"})
	}
	waiting := read[struct{ Items []core.Party }](c.get("/api/v1/parties?mark=unconfirmed").want(200)).Items
	if len(waiting) != 6 {
		t.Fatalf("%d wait for a decision", len(waiting))
	}
	decide := func(mark, comment string) *response {
		return c.post("/api/v1/parties/contacts", object{"kind": "phone", "value": "+78005553535", "mark": mark, "comment": comment})
	}
	if p := decide("unconfirmed", " ").problem(400, "request.body"); len(p.Errors) != 2 {
		t.Errorf("faults %+v", p.Errors)
	}
	if n := read[rest.Decided](decide("public", "горячая линия").want(200)).Parties; n != 6 {
		t.Errorf("decided for %d", n)
	}
	c.post("/api/v1/parties/contacts", object{"kind": "phone", "value": "1", "mark": "public", "comment": "x"}).problem(404, "contact.not_found")
	c.post("/api/v1/parties", object{"kind": "person", "name": "x", "addresses": []object{{"kind": "phone", "value": "2", "mark": "public"}}}).problem(400, "party.invalid")
}

func TestConsentAndItsWithdrawal(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	p := c.person("Анна")
	if got := c.post(ofParty(p)+"/consents", object{"state": "maybe"}).problem(400, "request.body"); len(got.Errors) != 3 {
		t.Errorf("faults %+v", got.Errors)
	}
	given := object{"state": "given", "at": "2026-03-01T09:00:00Z", "way": "на бумаге", "text_version": "2"}
	once := c.with("Idempotency-Key", "k1")
	once.post(ofParty(p)+"/consents", given).want(201)
	once.post(ofParty(p)+"/consents", given).want(201)
	given["file"] = strings.Repeat("a", 64)
	c.post(ofParty(p)+"/consents", given).problem(400, "party.consent")
	got := read[core.Party](c.post(ofParty(p)+"/consents", object{"state": "withdrawn", "at": "2026-03-02T08:00:00Z", "way": "письмом"}).want(201))
	if len(got.Consents) != 2 || got.Consent().State != core.ConsentWithdrawn {
		t.Errorf("consents %+v", got.Consents)
	}
}

func TestMergeAndItsUndo(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	one, two := c.person("Анна"), c.person("Анна И.", object{"kind": "email", "value": "a@a.test"})
	c.post(ofParty(two)+"/merge", object{"into": one.ID}).problem(428, "request.if_match")
	merged := read[core.Party](c.sees(two.Version).post(ofParty(two)+"/merge", object{"into": one.ID}).want(200))
	c.sees(one.Version).post(ofParty(one)+"/merge", object{"into": two.ID}).problem(409, "party.merge")
	match := object{"addresses": []object{{"kind": "email", "value": "A@A.test"}}}
	if found := read[candidates](c.post("/api/v1/parties/match", match).want(200)).Items; found[0].Party.ID != one.ID {
		t.Errorf("found %+v", found)
	}
	apart := read[core.Party](c.sees(merged.Version).post(ofParty(two)+"/unmerge", nil).want(200))
	if apart.MergedInto != "" {
		t.Errorf("party %+v", apart)
	}
	c.sees(apart.Version).post(ofParty(two)+"/unmerge", nil).problem(409, "party.merge")
}

// runPeople works on erasures as long as the test runs.
func (h *hub) runPeople() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.people.Run(ctx) }()
	h.t.Cleanup(func() { cancel(); <-ended })
}

func TestExportThenErasureOfOnePerson(t *testing.T) {
	h := newHub(t)
	h.runPeople()
	c, admin := h.clerk(), h.administrator()
	p := c.person("Анна Забелина", object{"kind": "email", "value": "zabelina@mail.test"})
	doc := read[core.Document](c.form("/api/v1/documents", object{
		"direction": "incoming", "subject": "Жалоба", "text": "тайна", "sender": object{"party": p.ID, "addresses": []object{{"kind": "email", "value": "zabelina@mail.test"}}},
	}, file{"паспорт.txt", "серия и номер"}).want(201))

	c.post(ofParty(p)+"/export", nil).problem(403, "access.forbidden")
	admin.post("/api/v1/parties/pty_x/export", nil).problem(404, "parties.not_found")
	out := admin.post(ofParty(p)+"/export", nil).want(200)
	entries := unzip(t, out.body)
	var m party.Manifest
	if err := json.Unmarshal(entries["manifest.json"], &m); err != nil || m.Parties != 1 || m.Documents != 1 || m.Files != 1 || m.Audit == 0 || m.By.Name == "" {
		t.Errorf("manifest %+v, %v", m, err)
	}
	if !bytes.Contains(entries["documents/"+string(doc.ID)+".json"], []byte("тайна")) || string(entries["files/"+doc.Files[0].Hash+".txt"]) != "серия и номер" {
		t.Errorf("export %q", entries)
	}

	c.sees(p.Version).post(ofParty(p)+"/erasure", object{"ground": "152-ФЗ"}).problem(403, "access.forbidden")
	admin.sees(p.Version+1).post(ofParty(p)+"/erasure", object{"ground": "152-ФЗ"}).problem(409, "parties.stale")
	admin.sees(p.Version).post(ofParty(p)+"/erasure", object{"keep": []object{{"id": "doc_x"}}}).problem(400, "request.body")
	act := read[core.Erasure](admin.sees(p.Version).post(ofParty(p)+"/erasure", object{"ground": "152-ФЗ"}).want(201))
	for until := time.Now().Add(time.Minute); act.State != core.ErasureFinished; time.Sleep(time.Millisecond) { // polls: REST has no wait for an act
		if time.Now().After(until) {
			t.Fatalf("act %+v", act)
		}
		act = read[core.Erasure](c.get("/api/v1/erasures/" + string(act.ID)).want(200))
	}
	if len(act.Documents) != 1 || act.Files != 1 || act.OrderedBy.Kind != core.ActorUser || act.Ground != "152-ФЗ" || len(act.Remains) == 0 {
		t.Errorf("act %+v", act)
	}
	for _, path := range []string{ofParty(p), ofParty(p) + "/history", "/api/v1/documents/" + string(doc.ID), "/api/v1/documents/" + string(doc.ID) + "/history"} {
		got := c.get(path).want(200)
		for _, secret := range []string{"Забелина", "zabelina", "тайна", "Жалоба", "паспорт"} {
			if bytes.Contains(got.body, []byte(secret)) {
				t.Errorf("%s still tells %q: %s", path, secret, got.body)
			}
		}
	}
	if got := read[rest.DocumentCard](c.get("/api/v1/documents/" + string(doc.ID))).Document; got.Number.Text != doc.Number.Text {
		t.Errorf("number %+v", got.Number)
	}
	if _, err := h.blobs.Open(t.Context(), doc.Files[0].Hash); core.KindOf(err) != core.KindNotFound {
		t.Errorf("the file is there: %v", err)
	}
	if list := read[struct{ Items []core.Erasure }](c.get("/api/v1/erasures?state=finished&party=" + string(p.ID)).want(200)).Items; len(list) != 1 {
		t.Errorf("acts %+v", list)
	}
	admin.sees(p.Version).put(ofParty(p), object{"kind": "person", "name": "x"}).problem(409, "party.erased")
	h.update(func(tx store.Tx) error {
		for e, err := range store.Audit.Find(tx, "operation", "parties.erase") {
			if err != nil || e.Outcome == "ok" && e.Object != "parties/"+string(p.ID) {
				t.Errorf("audit %+v, %v", e, err)
			}
		}
		return nil
	})
}

func unzip(t *testing.T, body []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
