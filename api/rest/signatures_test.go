package rest_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
)

// signingDesk stands for the channels that sign and verify: a signature is the
// word «подпись» and the name of its file.
type signingDesk struct {
	mu      sync.Mutex
	blobs   func() blob.Store
	status  core.SignatureStatus // of everything verified; empty: valid
	pending bool
}

func (d *signingDesk) set(change func(*signingDesk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *signingDesk) Ask(ctx context.Context, r signing.Request) (signing.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch r.Service {
	case "certificates":
		return signing.Answer{Output: json.RawMessage(`{"certificates":[{"thumbprint":"00ff","default":true,"holder":{"name":"Иванов"},"der":"AA=="}]}`)}, nil
	case "verify":
		status := d.status
		if status == "" {
			status = core.SignatureValid
		}
		raw, err := json.Marshal(map[string]any{"reports": []core.SignatureReport{{
			SignatureFile: r.Files[0].Name, Status: status, Signer: core.SignerIdentity{Name: "Иванов Иван"},
			Checks: []core.SignatureCheck{{Name: "integrity", Title: "Документ не изменён", Status: "passed"}},
		}}})
		return signing.Answer{Output: raw}, err
	}
	if d.pending {
		return signing.Answer{Pending: true, Token: "t", AskAfter: time.Minute}, nil
	}
	ref, err := d.blobs().Put(ctx, strings.NewReader("подпись "+r.Files[0].Name))
	return signing.Answer{Files: []core.Attachment{{Hash: ref.Hash, Size: ref.Size, Name: r.Files[0].Name + ".sig", MediaType: "application/pkcs7-signature"}}}, err
}

// signAll does what the hub does in the background.
func (h *hub) signAll() {
	h.t.Helper()
	for range 3 {
		if _, err := h.signing.Step(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *hub) outgoing(files ...file) core.DocumentID {
	h.t.Helper()
	d := core.Document{ID: "doc_out", Direction: core.Outgoing, Kind: core.MessageLetter, State: core.DocumentSent, Subject: "Ответ", Text: "Починим", Thread: "doc_out"}
	for _, f := range files {
		ref, err := h.blobs.Put(h.t.Context(), strings.NewReader(f.body))
		if err != nil {
			h.t.Fatal(err)
		}
		d.Files = append(d.Files, core.Attachment{Hash: ref.Hash, Size: ref.Size, Name: f.name, MediaType: "text/plain", Role: core.FileAttachment})
	}
	put(h, store.Documents, &d)
	return d.ID
}

type signatures struct{ Items []core.Signature }

func TestDocumentIsSignedOverREST(t *testing.T) {
	h := newHub(t)
	maria := h.clerk()
	one := "/api/v1/documents/" + string(h.outgoing(file{"план.txt", "план"}, file{"смета.txt", "смета"}))
	maria.post(one+"/signatures", object{"files": []string{strings.Repeat("0", 64)}}).problem(400, "request.body")
	asked := maria.with("Idempotency-Key", "s1").post(one+"/signatures", object{}).want(202)
	again := maria.with("Idempotency-Key", "s1").post(one+"/signatures", object{}).want(202)
	if a, b := read[signatures](asked), read[signatures](again); len(a.Items) != 2 || a.Items[0].ID != b.Items[0].ID || a.Items[0].State != core.SignatureSigning {
		t.Fatalf("%+v\n%+v", a, b)
	}
	maria.get(one+"/signed").problem(404, "signatures.none")
	h.signAll()
	got := read[signatures](maria.get(one + "/signatures").want(200))
	for _, s := range got.Items {
		if s.State != core.SignatureVerified || s.Status != core.SignatureValid || s.Signature.Signs != s.File.Name || s.CheckedAt == nil {
			t.Errorf("%+v", s)
		}
	}
	card := read[rest.DocumentCard](maria.get(one).want(200))
	if len(card.Signatures) != 2 || card.Signatures[0].Reports[0].Signer.Name != "Иванов Иван" {
		t.Errorf("card: %+v", card.Signatures)
	}
	sig := "/api/v1/signatures/" + string(got.Items[0].ID)
	if r := maria.get(sig + "/file").want(200); string(r.body) != "подпись план.txt" {
		t.Errorf("signature: %s", r.body)
	}
	if r := maria.get(sig + "/file?part=signed").want(200); string(r.body) != "план" {
		t.Errorf("signed: %s", r.body)
	}
	archive := unzip(t, maria.get(one+"/signed").want(200).body)
	if string(archive["план.txt"]) != "план" || string(archive["смета.txt.sig"]) != "подпись смета.txt" || !strings.Contains(string(archive["Отчёт о проверке.txt"]), "Подпись действительна") || !json.Valid(archive["report.json"]) {
		t.Errorf("archive: %v", archive)
	}
	h.desk.set(func(d *signingDesk) { d.status = core.SignatureInvalid })
	maria.post(sig+"/verify", nil).want(200)
	h.signAll()
	if s := read[core.Signature](maria.get(sig).want(200)); s.Status != core.SignatureInvalid {
		t.Errorf("verified again: %+v", s)
	}
	h.as("auditor", core.RoleAuditor).post(one+"/signatures", object{}).problem(403, "access.forbidden")
}

func TestReadySignaturesAreVerified(t *testing.T) {
	h := newHub(t)
	maria := h.clerk()
	one := "/api/v1/documents/" + string(h.outgoing(file{"план.txt", "план"}))
	maria.form(one+"/signatures", object{}, file{"моя подпись.sig", "p"}).want(202)
	h.signAll()
	got := read[signatures](maria.get(one + "/signatures").want(200)).Items
	if len(got) != 1 || got[0].Origin != core.SignatureBrought || got[0].File == nil || got[0].File.Name != "план.txt" || got[0].Status != core.SignatureValid {
		t.Errorf("%+v", got)
	}
	put(h, store.Documents, &core.Document{ID: "doc_in", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Subject: "Вх", Thread: "doc_in"})
	maria.post("/api/v1/documents/doc_in/signatures", object{}).problem(409, "signature.incoming")
	r := read[struct{ Items []core.SigningCertificate }](maria.get("/api/v1/signing-certificates").want(200))
	if len(r.Items) != 1 || r.Items[0].Thumbprint != "00ff" {
		t.Errorf("certificates: %+v", r)
	}
}

func TestPendingSignatureMayBeCancelled(t *testing.T) {
	h := newHub(t)
	maria := h.clerk()
	h.desk.set(func(d *signingDesk) { d.pending = true })
	one := "/api/v1/documents/" + string(h.outgoing())
	asked := read[signatures](maria.post(one+"/signatures", object{}).want(202)).Items
	h.signAll()
	sig := "/api/v1/signatures/" + string(asked[0].ID)
	if s := read[core.Signature](maria.get(sig).want(200)); s.State != core.SignatureSigning || s.Token != "t" || s.File.MediaType != "text/plain; charset=utf-8" {
		t.Errorf("%+v", s)
	}
	maria.get(sig+"/file").problem(404, "files.not_found")
	maria.post(sig+"/verify", nil).problem(409, "signature.transition")
	maria.post(sig+"/cancel", nil).want(200)
	h.pass(time.Hour)
	h.signAll()
	if s := read[core.Signature](maria.get(sig).want(200)); s.State != core.SignatureFailed {
		t.Errorf("%+v", s)
	}
}

// TestDraftIsSignedAndAgreedWithSignature goes the whole way: text signed, visa
// signed, and both out with the document.
func TestDraftIsSignedAndAgreedWithSignature(t *testing.T) {
	h := newHub(t)
	maria, lawyer := h.clerk(), h.as("lawyer", core.RoleClerk)
	put(h, store.Channels, &core.Channel{ID: "mail"})
	put(h, store.Documents, &core.Document{
		ID: "doc_1", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Subject: "Крыша", Channel: "mail", Thread: "doc_1",
		Sender: core.Correspondent{Addresses: []core.Address{{Kind: core.AddressEmail, Value: "anna@mail.test"}}},
	})
	way := object{"route": object{"order": "sequence", "approvers": []object{{"user": lawyer.me(), "signed": true}}}}
	r := maria.form("/api/v1/drafts", object{"in_reply_to": "doc_1", "way": way, "text": object{"text": "Починим"}}, file{"план.txt", "план"}).want(201)
	one := "/api/v1/drafts/" + string(read[rest.DraftCard](r).Draft.ID)
	maria.post(one+"/signatures", object{"version": 2}).problem(409, "draft.version")
	maria.post(one+"/signatures", object{"version": 1, "text": true}).want(202)
	maria.with("If-Match", r.etag()).post(one+"/submit", nil).want(200)
	sheet := string(lawyer.get(one + "/visa?version=1").want(200).body)
	if !strings.Contains(sheet, "Лист согласования") || !strings.Contains(sheet, "план.txt") {
		t.Errorf("sheet: %s", sheet)
	}
	visa := read[signatures](lawyer.post(one+"/signatures", object{"version": 1, "visa": true}).want(202)).Items[0]
	lawyer.post(one+"/visa", object{"version": 1, "agreed": true, "signature": visa.ID}).problem(409, "signature.pending")
	maria.get("/api/v1/signatures/" + string(visa.ID)).want(200)
	h.signAll()
	if got := string(lawyer.get("/api/v1/signatures/" + string(visa.ID) + "/file?part=signed").want(200).body); got != sheet {
		t.Errorf("signed %q, the sheet is %q", got, sheet)
	}
	lawyer.post(one+"/visa", object{"version": 1, "agreed": true, "signature": "sig_none"}).problem(400, "request.body")
	sent := read[rest.DraftCard](lawyer.post(one+"/visa", object{"version": 1, "agreed": true, "signature": visa.ID}).want(200))
	if sent.Draft.State != core.DraftSent || len(sent.Signatures) != 3 || sent.Signatures[0].Document != sent.Draft.Document {
		t.Fatalf("draft %+v, %d signatures", sent.Draft, len(sent.Signatures))
	}
	d := read[rest.DocumentCard](maria.get("/api/v1/documents/" + string(sent.Draft.Document)).want(200)).Document
	var names []string
	for _, f := range d.Files {
		names = append(names, f.Name)
	}
	want := []string{"план.txt", "план.txt.sig", "Письмо.txt", "Письмо.txt.sig"}
	if !slices.Equal(names, want) {
		t.Errorf("went out: %q", names)
	}
}

func TestUnsignedTextIsNotSentWhileItIsBeingSigned(t *testing.T) {
	h := newHub(t)
	maria := h.clerk()
	put(h, store.Channels, &core.Channel{ID: "mail"})
	put(h, store.Documents, &core.Document{
		ID: "doc_1", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Subject: "Крыша", Channel: "mail", Thread: "doc_1",
		Sender: core.Correspondent{Addresses: []core.Address{{Kind: core.AddressEmail, Value: "anna@mail.test"}}},
	})
	r := maria.post("/api/v1/drafts", object{"in_reply_to": "doc_1", "way": object{}, "text": object{"text": "Починим"}}).want(201)
	one := "/api/v1/drafts/" + string(read[rest.DraftCard](r).Draft.ID)
	maria.post(one+"/signatures", object{"version": 1}).want(202)
	maria.with("If-Match", r.etag()).post(one+"/send", nil).problem(409, "signature.pending")
	h.desk.set(func(d *signingDesk) { d.status = core.SignatureInvalid })
	h.signAll()
	maria.with("If-Match", r.etag()).post(one+"/send", nil).problem(409, "signature.invalid")
}
