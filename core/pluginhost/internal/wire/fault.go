package wire

import (
	"errors"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
)

// maxFaultText bounds what a connector can put on a person's screen.
const maxFaultText = 1000

// Error is a fault as the hub's error, nil for no fault.
func Error(f *pluginv1.Fault, op string) error {
	if f == nil {
		return nil
	}
	e := &core.Error{
		Kind:   core.ParseKind(f.GetKind()),
		Code:   cut64(f.GetCode()),
		Op:     op,
		Field:  cut64(f.GetField()),
		Text:   shorten(Text(f.GetText()), maxFaultText),
		Source: core.SourcePlugin,
		After:  time.Duration(max(0, min(f.GetRetryAfterMs(), int64(24*time.Hour/time.Millisecond)))) * time.Millisecond,
	}
	if f.GetSource() == string(core.SourceRemote) {
		e.Source = core.SourceRemote
	}
	for _, ff := range f.GetFields() {
		e.Faults = append(e.Faults, core.FieldFault{
			Field: shorten(Text(ff.GetField()), maxName),
			Text:  shorten(Text(ff.GetText()), maxFaultText),
		})
	}
	return e
}

// CallError is the error of a call or a stream as the hub's error, nil for nil.
func CallError(err error, op string) error {
	return Error(plugin.FaultOf(err), op)
}

// Fault is the hub's error for the connector, nil for nil. Of what went wrong
// inside the hub it tells no more than that.
func Fault(err error) *pluginv1.Fault {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind == core.KindInternal {
		return &pluginv1.Fault{Kind: core.KindInternal.String(), Text: "ошибка хаба"}
	}
	f := &pluginv1.Fault{
		Kind: e.Kind.String(), Code: e.Code, Field: e.Field, Text: e.Text,
		RetryAfterMs: e.After.Milliseconds(),
	}
	for _, ff := range e.Faults {
		f.Fields = append(f.Fields, &pluginv1.FieldFault{Field: ff.Field, Text: ff.Text})
	}
	return f
}

// IsBroken tells whether the connector broke the protocol.
func IsBroken(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	return ok && e.Code == plugin.CodeWire
}

// IsGone tells whether the line to the process broke.
func IsGone(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	return ok && e.Code == plugin.CodeGone
}
