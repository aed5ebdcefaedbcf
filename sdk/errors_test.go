package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	"github.com/uzel-hub/uzel/sdk"
)

func TestErrorsCrossTheLineAsValues(t *testing.T) {
	cause := errors.New("ответ сервера: 535 неверный пароль")
	cases := map[string]struct {
		err  error
		want sdk.Error
	}{
		"plain":            {cause, sdk.Error{Kind: "unavailable", Text: cause.Error(), Source: "plugin"}},
		"wrapped plain":    {fmt.Errorf("вход: %w", cause), sdk.Error{Kind: "unavailable", Text: "вход: " + cause.Error(), Source: "plugin"}},
		"misconfigured":    {sdk.Misconfigured("imap.password", cause), sdk.Error{Kind: "config", Field: "imap.password", Text: cause.Error(), Source: "remote"}},
		"wrapped":          {fmt.Errorf("вход: %w", sdk.Misconfigured("port", cause)), sdk.Error{Kind: "config", Field: "port", Text: cause.Error(), Source: "remote"}},
		"unreachable":      {sdk.Unreachable("нет связи", cause), sdk.Error{Kind: "unavailable", Code: "channel.unreachable", Text: "нет связи", Source: "remote"}},
		"retry after":      {sdk.RetryAfter(90*time.Second, cause), sdk.Error{Kind: "unavailable", After: 90 * time.Second, Text: cause.Error(), Source: "remote"}},
		"rejected":         {sdk.Rejected(cause), sdk.Error{Kind: "rejected", Text: cause.Error(), Source: "remote"}},
		"unknown":          {sdk.Unknown(cause), sdk.Error{Kind: "unknown", Text: cause.Error(), Source: "remote"}},
		"invalid":          {sdk.Invalid("account", "нет такого"), sdk.Error{Kind: "invalid", Field: "account", Text: "нет такого", Source: "plugin"}},
		"canceled":         {context.Canceled, sdk.Error{Kind: "unavailable", Code: plugin.CodeCanceled, Text: "context canceled", Source: "plugin"}},
		"timeout":          {context.DeadlineExceeded, sdk.Error{Kind: "unavailable", Code: plugin.CodeTimeout, Text: "context deadline exceeded", Source: "plugin"}},
		"not UTF-8":        {errors.New("\xcf\xd0\xd0"), sdk.Error{Kind: "unavailable", Text: "\uFFFD", Source: "plugin"}},
		"code and faults":  {&sdk.Error{Kind: "conflict", Code: "post.stale", Text: "устарело", Source: "remote", Faults: []sdk.FieldFault{{"a.0.b", "нет"}, {"c", "да"}}}, sdk.Error{Kind: "conflict", Code: "post.stale", Text: "устарело", Source: "remote", Faults: []sdk.FieldFault{{"a.0.b", "нет"}, {"c", "да"}}}},
		"every other kind": {&sdk.Error{Kind: "forbidden", Text: "нельзя"}, sdk.Error{Kind: "forbidden", Text: "нельзя"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := open(t, &fake{
				check: func(context.Context) error { return c.err },
				send:  func(context.Context, sdk.Dispatch) (sdk.Receipt, error) { return sdk.Receipt{}, c.err },
				do:    func(context.Context, sdk.OperationCall) (sdk.Result, error) { return sdk.Result{}, c.err },
				track: func(_ context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
					if items[0].Token == "all" {
						return nil, c.err
					}
					return []sdk.Receipt{{State: sdk.StateUnknown, Err: c.err}}, nil
				},
				receive: func(context.Context, sdk.Cursor, sdk.Emitter) error { return c.err },
				wake:    func(context.Context) error { return c.err },
			})
			_, sent := h.Send(t.Context(), sdk.Dispatch{Delivery: "d"})
			_, done := h.Do(t.Context(), sdk.OperationCall{Operation: "plain"})
			_, tracked := h.Track(sdk.TrackItem{Token: "all"})
			one, err := h.Track(sdk.TrackItem{Token: "one"})
			if err != nil {
				t.Fatal(err)
			}
			_, received := h.Receive(reception()).Wait()
			_, woken := h.Wake()
			for where, got := range map[string]error{
				"Check": h.Check(), "Send": sent, "Do": done, "Track": tracked, "Track of one": one[0].Err, "Receive": received, "Wake": woken,
			} {
				e, ok := got.(*sdk.Error)
				if !ok || !reflect.DeepEqual(*e, c.want) {
					t.Errorf("%s: got %#v, want %#v", where, got, c.want)
				}
			}
		})
	}
}

func TestLongErrorTextIsCut(t *testing.T) {
	h := open(t, &fake{check: func(context.Context) error {
		e := &sdk.Error{Kind: "invalid", Text: strings.Repeat("щ", 1<<20)}
		for range 10000 {
			e.Faults = append(e.Faults, sdk.FieldFault{Field: "f", Text: "нет"})
		}
		return e
	}})
	e, ok := h.Check().(*sdk.Error)
	if !ok || len(e.Text) > 5000 || len(e.Faults) > 500 || !strings.HasSuffix(e.Text, "…") {
		t.Error(len(e.Text), len(e.Faults))
	}
}

func TestKindAndTextOfErrors(t *testing.T) {
	plain := errors.New("x")
	if k := sdk.KindOf(plain); k != "unavailable" {
		t.Error(k)
	}
	if k := sdk.KindOf(fmt.Errorf("a: %w", sdk.Rejected(plain))); k != "rejected" {
		t.Error(k)
	}
	post := &sdk.PostError{ExternalID: "m1", Err: sdk.Rejected(plain)}
	if !errors.Is(post, plain) || !sdk.Refused(post) || sdk.Refused(plain) || sdk.Refused(nil) {
		t.Error(post)
	}
	e := &sdk.Error{Kind: "config", Faults: []sdk.FieldFault{{"a", "нет"}, {"b", "да"}}}
	if s := e.Error(); s != "a: нет: b: да" {
		t.Error(s)
	}
	if s := (&sdk.Error{Kind: "config"}).Error(); s != "config" {
		t.Error(s)
	}
}
