package plugin_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

func TestFaultCrossesInsideAStatus(t *testing.T) {
	for _, kind := range []string{
		"internal", "invalid", "unauthenticated", "forbidden", "not_found",
		"conflict", "config", "unavailable", "rejected", "unknown",
	} {
		want := &pluginv1.Fault{
			Kind: kind, Code: "mail.full", Field: "imap.port", Text: "ящик полон", Source: "remote", RetryAfterMs: 1500,
			Fields: []*pluginv1.FieldFault{{Field: "a.0.b", Text: "нет"}},
		}
		s, ok := status.FromError(plugin.AsError(want))
		if !ok || s.Code() == codes.OK {
			t.Fatal(kind, s)
		}
		raw, err := proto.Marshal(s.Proto())
		if err != nil {
			t.Fatal(err)
		}
		over := s.Proto()
		proto.Reset(over)
		if err := proto.Unmarshal(raw, over); err != nil {
			t.Fatal(err)
		}
		if got := plugin.FaultOf(status.FromProto(over).Err()); !proto.Equal(got, want) {
			t.Errorf("%s: got %v", kind, got)
		}
	}
}

func TestErrorsOfTheLineAreFaultsOfThePlugin(t *testing.T) {
	cases := []struct {
		err        error
		kind, code string
	}{
		{status.Error(codes.Unavailable, "x"), "unavailable", plugin.CodeGone},
		{status.Error(codes.DeadlineExceeded, "x"), "unavailable", plugin.CodeTimeout},
		{context.DeadlineExceeded, "unavailable", plugin.CodeTimeout},
		{status.Error(codes.Canceled, "x"), "unavailable", plugin.CodeCanceled},
		{context.Canceled, "unavailable", plugin.CodeCanceled},
		{status.Error(codes.Unimplemented, "x"), "invalid", plugin.CodeUnimplemented},
		{status.Error(codes.ResourceExhausted, "x"), "internal", plugin.CodeWire},
		{errors.New("x"), "internal", plugin.CodeWire},
	}
	for _, c := range cases {
		f := plugin.FaultOf(c.err)
		if f.GetKind() != c.kind || f.GetCode() != c.code || f.GetSource() != "plugin" || f.GetText() == "" {
			t.Errorf("%v: %v", c.err, f)
		}
	}
	if plugin.FaultOf(nil) != nil || plugin.AsError(nil) != nil {
		t.Error("nil has a fault")
	}
}
