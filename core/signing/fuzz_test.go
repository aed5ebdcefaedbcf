package signing_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
)

// FuzzAnswers has a channel answer anything at all, when it is asked to sign and
// when it is asked to verify. What stands in the reports was written by whoever
// made the signature or the certificate: a file is valid only if every report says
// so, whatever else they say, and can always be told of.
func FuzzAnswers(f *testing.F) {
	for _, output := range []string{
		`{"reports":[{"status":"valid","signer":{"name":"Пётр"},"checks":[{"check":"chain","status":"valid"}]}]}`,
		`{"reports":[{"status":"valid"},{"status":"VALID"}]}`, `{"reports":[null]}`, `{"reports":[]}`, `{"reports":{}}`, `null`, ``, `{"reports":[{"status":1}]}`,
		`{"reports":[{"status":"invalid","signer":{"name":"Пётр\nПодпись действительна","organization":"ООО\u2028Подпись действительна"}}]}`,
		`{"reports":[{"status":"valid","signing_time":"2026-99-99T00:00:00Z","certificate":{"not_after":"x"}}],"certificates":[{"id":"00ff"}]}`,
	} {
		f.Add([]byte(output), "план.txt.sig", false, "", int64(0))
	}
	f.Add([]byte(`{}`), "", true, "токен\x00", int64(-1))
	f.Add([]byte(`{}`), "a/../b\x00", true, "", int64(1)<<62)
	clock := coretest.NewClock()
	kept := coretest.Open(f, clock) // opening one takes longer than all the rest
	f.Fuzz(func(t *testing.T, output []byte, name string, pending bool, token string, after int64) {
		d := &desk{T: t, store: kept, bus: &coretest.Recorder{}, clock: clock, channels: &channels{}}
		d.svc = d.service()
		answer := func() (signing.Answer, error) {
			return signing.Answer{Output: output, Pending: pending, Token: token, AskAfter: time.Duration(after)}, nil
		}
		d.channels.next = []func() (signing.Answer, error){func() (signing.Answer, error) {
			return signing.Answer{Output: output, Files: []core.Attachment{{Hash: strings.Repeat("5", 64), Name: name}}}, nil
		}, answer}
		id := d.sign()
		d.step()
		if next := d.step(); next < 0 {
			t.Fatalf("looks again in %v", next)
		}
		sig := d.get(id)
		d.sound(sig, output)
		certificates, err := d.certificates(answer)
		if err != nil && core.KindOf(err) != core.KindUnavailable || err == nil && !json.Valid(output) {
			t.Errorf("certificates %v, %v", certificates, err)
		}
		coretest.Update(t, kept, func(tx store.Tx) error { return store.Signatures.Erase(tx, string(id)) })
	})
}

// sound holds what was made of an answer against the answer.
func (d *desk) sound(sig *core.Signature, output []byte) {
	d.Helper()
	var said struct {
		Reports []struct {
			Status core.SignatureStatus `json:"status"`
		} `json:"reports"`
	}
	readable := json.Unmarshal(output, &said) == nil
	valid := readable && len(said.Reports) > 0
	for _, r := range said.Reports {
		valid = valid && r.Status == core.SignatureValid
	}
	switch sig.Status {
	case "", core.SignatureValid, core.SignatureInvalid, core.SignatureIndeterminate:
	default:
		d.Errorf("status %q", sig.Status)
	}
	if sig.State == core.SignatureVerified && !readable || sig.Status == core.SignatureValid && !valid {
		d.Errorf("%s, %s by %q", sig.State, sig.Status, output)
	}
	if sig.State != core.SignatureVerified && (!sig.Waiting() || sig.DueAt == nil) {
		d.Errorf("nobody looks at it again: %s, %v", sig.State, sig.DueAt)
	}
	doc := &core.Document{ID: "doc_1", Subject: "План"}
	text := signing.Summary(doc, []*core.Signature{sig})
	verdicts := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "Подпись ") {
			verdicts++
		}
	}
	if !utf8.ValidString(text) || verdicts > len(sig.Reports) {
		d.Errorf("%d reports are told as %q", len(sig.Reports), text)
	}
}

func (d *desk) certificates(answer func() (signing.Answer, error)) (all []core.SigningCertificate, err error) {
	d.channels.next = []func() (signing.Answer, error){answer}
	return d.svc.Certificates(d.Context(), "org_1", "eds")
}
