package main_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/plugins/eds/edstest"
)

// TestSignaturesThroughTheHub has a hub with the signature connector: what
// arrives signed is verified by itself, what we send is signed, survives a kill
// on the way, and OpenSSL agrees with what is downloaded.
func TestSignaturesThroughTheHub(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	own, theirs := ca.Issue("own"), ca.Issue("theirs")
	h := newHub(t)
	h.start()
	settings := object{
		"back_end": "openssl",
		"key":      object{"certificate": string(edstest.Read(t, own.Certificate)), "key": string(edstest.Read(t, own.Key))},
		"trust":    object{"roots": string(edstest.Read(t, ca.Root)), "lists": []string{ca.Write("ca.crl", string(ca.CRL()))}},
	}
	if err := h.call(http.MethodPost, "/api/v1/channels", object{"id": "eds", "title": "Подпись", "plugin": "eds", "enabled": true, "settings": settings}, nil); err != nil {
		t.Fatal(err)
	}
	h.awaitChannel("eds", core.ChannelRunning)

	text := "Прошу сделать перерасчёт\n"
	arrived := h.register("incoming", map[string]string{"заявление.txt": text, "заявление.txt.sig": string(ca.Sign(theirs, text))})
	if s := h.signature(arrived); s.Status != core.SignatureValid || s.Origin != core.SignatureArrived || s.Reports[0].Signer.INNLE != "7700000001" {
		t.Errorf("arrived: %+v", s)
	}
	changed := h.register("incoming", map[string]string{"заявление.txt": text + "и доплатить", "заявление.txt.sig": string(ca.Sign(theirs, text))})
	if s := h.signature(changed); s.Status != core.SignatureInvalid || s.Reports[0].Code != "hash_mismatch" {
		t.Errorf("changed: %+v", s)
	}

	sent := h.register("internal", map[string]string{"приказ.txt": "Назначить дежурного\n"})
	if err := h.call(http.MethodPost, "/api/v1/documents/"+string(sent)+"/signatures", object{}, nil); err != nil {
		t.Fatal(err)
	}
	h.kill()
	h.start()
	if s := h.signature(sent); s.Status != core.SignatureValid || s.Origin != core.SignatureMade || s.By == "" && s.File == nil {
		t.Errorf("made: %+v", s)
	}
	var archive []byte
	h.get("/api/v1/documents/"+string(sent)+"/signed", &archive)
	set := unpack(t, archive)
	if err := ca.Verify(set["приказ.txt.sig"], string(set["приказ.txt"])); err != nil {
		t.Error(err)
	}
}

// register registers a document with files by REST.
func (h *hub) register(direction string, files map[string]string) core.DocumentID {
	h.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	data, _ := json.Marshal(object{"direction": direction, "subject": "Подписанный"}) // a map of strings always marshals
	err := w.WriteField("data", string(data))
	for name, body := range files {
		part, ferr := w.CreateFormFile("file", name)
		if ferr == nil {
			_, ferr = io.WriteString(part, body)
		}
		err = errors.Join(err, ferr)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		h.Fatal(err)
	}
	var d core.Document
	if err := call(h.client, http.MethodPost, "http://hub/api/v1/documents", w.FormDataContentType(), form.Bytes(), &d); err != nil {
		h.Fatal(err)
	}
	return d.ID
}

// signature waits until the only signature of the document is verified.
func (h *hub) signature(id core.DocumentID) (s core.Signature) {
	h.Helper()
	h.await("the signature is verified", func() bool {
		var page struct{ Items []core.Signature }
		h.get("/api/v1/documents/"+string(id)+"/signatures", &page)
		if len(page.Items) == 1 {
			s = page.Items[0]
		}
		return s.State == core.SignatureVerified
	})
	return s
}

func unpack(t *testing.T, raw []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[filepath.Base(f.Name)], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
