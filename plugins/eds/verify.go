package main

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/plugins/eds/internal/judge"
	"github.com/uzel-hub/uzel/sdk"
)

func (o *office) verify(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	var in verifyInput
	if err := call.Input.Decode(&in); err != nil {
		return sdk.Result{}, err
	}
	received := o.now()
	if in.ReceivedAt != "" {
		at, err := time.Parse(time.RFC3339, in.ReceivedAt)
		if err != nil {
			return sdk.Result{}, badInput(codeData, "received_at", "нужен момент по RFC 3339")
		}
		received = at
	}
	var out verifyOutput
	for _, f := range call.Files {
		if !isSignature(f) {
			continue
		}
		reports, err := o.reports(ctx, f, call.Files, received)
		if err != nil {
			return sdk.Result{}, err
		}
		out.Reports = append(out.Reports, reports...)
	}
	if len(out.Reports) == 0 {
		return sdk.Result{}, badInput(codeData, "files", "нет ни одного файла подписи")
	}
	return result(out)
}

func (o *office) reports(ctx context.Context, sig sdk.File, all []sdk.File, received time.Time) ([]judge.Report, error) {
	raw, err := readAll(sig)
	if err != nil {
		return nil, err
	}
	var doc *judge.Document
	if f := signedBy(sig, all); f != nil {
		doc = &judge.Document{Name: f.Name, Open: f.Open}
	}
	return o.judge.Reports(ctx, sig.Name, raw, doc, received)
}

// endings are those of signature files as they are met.
func endings() []string { return []string{".sig", ".p7s", ".sgn", ".p7m"} }

func isSignature(f sdk.File) bool {
	return f.Role == sdk.RoleSignature || ending(f.Name) != ""
}

func ending(name string) string {
	for _, e := range endings() {
		if strings.EqualFold(path.Ext(name), e) {
			return path.Ext(name)
		}
	}
	return ""
}

// signedBy is the document a signature belongs to: the one it names, else the one
// it has its name from; nil if there is none, then it lies inside.
func signedBy(sig sdk.File, all []sdk.File) *sdk.File {
	want := sig.Signs
	if want == "" {
		want = strings.TrimSuffix(sig.Name, ending(sig.Name))
	}
	for i := range all {
		if all[i].Name == want && !(isSignature(all[i]) && all[i].Name == sig.Name) {
			return &all[i]
		}
	}
	return nil
}
