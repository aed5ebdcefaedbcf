package plugin

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// FaultError carries a fault as an error. Returned by a handler it crosses the
// line inside gRPC's status, and FaultOf finds it on the other side.
type FaultError struct{ Fault *pluginv1.Fault }

func (e *FaultError) Error() string {
	f := e.Fault
	parts := []string{f.GetKind()}
	for _, p := range []string{f.GetCode(), f.GetField(), f.GetText()} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	for _, ff := range f.GetFields() {
		parts = append(parts, ff.GetField()+": "+ff.GetText())
	}
	return strings.Join(parts, ": ")
}

// GRPCStatus puts the fault into the status of a call.
func (e *FaultError) GRPCStatus() *status.Status {
	s := status.New(statusCode(e.Fault.GetKind()), e.Fault.GetText())
	if with, err := s.WithDetails(e.Fault); err == nil {
		return with
	}
	return s
}

// statusCode is for callers who know nothing of faults; ours read the detail.
func statusCode(kind string) codes.Code {
	switch kind {
	case "invalid", "config":
		return codes.InvalidArgument
	case "unauthenticated":
		return codes.Unauthenticated
	case "forbidden":
		return codes.PermissionDenied
	case "not_found":
		return codes.NotFound
	case "conflict":
		return codes.Aborted
	case "unavailable":
		return codes.Unavailable
	case "rejected":
		return codes.FailedPrecondition
	case "unknown":
		return codes.Unknown
	}
	return codes.Internal
}

// AsError is the fault as an error, nil for no fault.
func AsError(f *pluginv1.Fault) error {
	if f == nil {
		return nil
	}
	return &FaultError{Fault: f}
}

// The codes of faults that the line itself makes.
const (
	CodeGone          = "plugin.gone"          // the process ended or the line broke
	CodeTimeout       = "plugin.timeout"       // no answer in time
	CodeCanceled      = "plugin.canceled"      // the caller gave up
	CodeUnimplemented = "plugin.unimplemented" // the connector cannot do this
	CodeWire          = "plugin.wire"          // it broke the protocol
	CodePanic         = "plugin.panic"         // the connector's code panicked
	CodeReconfigured  = "plugin.reconfigured"  // new settings were taken: open Receive again
	CodeStopping      = "plugin.stopping"      // it is being stopped and takes nothing new
	CodeUnconfigured  = "plugin.unconfigured"  // Configure has not succeeded yet
	CodeScratch       = "plugin.scratch"       // its scratch folder cannot be written
)

// FaultOf is the fault an error carries. An error of the line itself becomes a
// fault of source plugin; nil has none.
func FaultOf(err error) *pluginv1.Fault {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*FaultError](err); ok {
		return e.Fault
	}
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	for _, d := range s.Details() {
		if f, ok := d.(*pluginv1.Fault); ok {
			return f
		}
	}
	return lineFault(s.Code(), err)
}

func lineFault(code codes.Code, err error) *pluginv1.Fault {
	f := &pluginv1.Fault{Kind: "unavailable", Source: "plugin"}
	switch {
	case code == codes.Unavailable:
		f.Code, f.Text = CodeGone, "связь с коннектором прервана"
	case code == codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded):
		f.Code, f.Text = CodeTimeout, "коннектор не ответил вовремя"
	case code == codes.Canceled || errors.Is(err, context.Canceled):
		f.Code, f.Text = CodeCanceled, "действие отменено"
	case code == codes.Unimplemented:
		f.Kind, f.Code, f.Text = "invalid", CodeUnimplemented, "коннектор этого не умеет"
	default:
		f.Kind, f.Code, f.Text = "internal", CodeWire, "коннектор нарушил протокол обмена"
	}
	return f
}

// Broken is the fault of a peer that does not keep to the protocol. what is for
// the log of a developer.
func Broken(what string) error {
	return &FaultError{Fault: &pluginv1.Fault{
		Kind: "internal", Code: CodeWire, Source: "plugin",
		Text: "коннектор нарушил протокол обмена: " + what,
	}}
}
