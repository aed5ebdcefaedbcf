package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

func TestCallsOfTheConnectorReachTheHub(t *testing.T) {
	var env sdk.Env
	f := &fake{check: func(context.Context) error { return nil }}
	h := sdktest.InProcess(t, connectorOf(f, &env), nil)
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	h.Handle("sign", func(_ context.Context, call sdk.Call) (sdk.Result, error) {
		if call.Input["fail"] == true {
			return sdk.Result{}, &sdk.Error{Kind: "rejected", Code: "sign.expired", Text: "срок сертификата истёк", Source: "remote"}
		}
		if call.Token == "" && call.Input["wait"] == true {
			return sdk.Result{Pending: true, Token: "t", AskAfter: time.Second}, nil
		}
		body, err := sdktest.Body(call.Files[0])
		if err != nil {
			return sdk.Result{}, err
		}
		return sdk.Result{
			Output: sdk.Values{"n": call.Input["n"], "token": call.Token},
			Files:  []sdk.File{sdk.Bytes(call.Files[0].Name+".sig", body), sdk.Bytes("empty", nil)},
		}, nil
	})
	h.OpenCalls()
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			size := i * 30_000
			r, err := env.Call(t.Context(), sdk.Call{Service: "sign", Input: sdk.Values{"n": i}, Files: []sdk.File{zeros(fmt.Sprint(i), int64(size))}})
			if err != nil {
				t.Error(err)
				return
			}
			body, err := sdktest.Body(r.Files[0])
			if err != nil || len(body) != size || r.Output["n"] != float64(i) || r.Files[0].Name != fmt.Sprint(i, ".sig") || r.Files[1].Size != 0 {
				t.Error(i, len(body), r.Output, err)
			}
		})
	}
	wg.Wait()
	_, err := env.Call(t.Context(), sdk.Call{Service: "sign", Input: sdk.Values{"fail": true}})
	if e, ok := err.(*sdk.Error); !ok || e.Code != "sign.expired" || e.Kind != "rejected" {
		t.Errorf("%#v", err)
	}
	r, err := env.Call(t.Context(), sdk.Call{Service: "sign", Input: sdk.Values{"wait": true}, Files: []sdk.File{zeros("a", 1)}})
	if err != nil || !r.Pending || r.Token != "t" {
		t.Error(r, err)
	}
	r, err = env.Call(t.Context(), sdk.Call{Service: "sign", Token: "t", Files: []sdk.File{zeros("a", 1)}})
	if err != nil || r.Pending || r.Output["token"] != "t" {
		t.Error(r, err)
	}
	_, err = env.Call(t.Context(), sdk.Call{Service: "documents.list"})
	if e, ok := err.(*sdk.Error); !ok || e.Kind != "forbidden" {
		t.Error("undeclared:", err)
	}
}

func TestCallEndsWithItsContextOrTheLine(t *testing.T) {
	var env sdk.Env
	h := sdktest.InProcess(t, connectorOf(&fake{}, &env), nil)
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	began, ended := make(chan struct{}, 2), make(chan struct{}, 2)
	h.Handle("sign", func(ctx context.Context, _ sdk.Call) (sdk.Result, error) {
		began <- struct{}{}
		<-ctx.Done()
		ended <- struct{}{}
		return sdk.Result{}, ctx.Err()
	})
	closeCalls := h.OpenCalls()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-began; cancel() }()
	if _, err := env.Call(ctx, sdk.Call{Service: "sign"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-ended // the hub heard of it

	lost := make(chan error, 1)
	go func() {
		_, err := env.Call(t.Context(), sdk.Call{Service: "sign"})
		lost <- err
	}()
	<-began
	closeCalls()
	if err := <-lost; sdk.KindOf(err) != "unavailable" {
		t.Error(err)
	}
	// A stream that is opened later serves a call that waits for it.
	h.Handle("sign", func(context.Context, sdk.Call) (sdk.Result, error) {
		return sdk.Result{Output: sdk.Values{"ok": true}}, nil
	})
	waiting := make(chan error, 1)
	go func() {
		_, err := env.Call(t.Context(), sdk.Call{Service: "sign"})
		waiting <- err
	}()
	h.OpenCalls()
	if err := <-waiting; err != nil {
		t.Error(err)
	}
}

func TestUnreadableFileOfACallCancelsIt(t *testing.T) {
	var env sdk.Env
	h := sdktest.InProcess(t, connectorOf(&fake{}, &env), nil)
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	h.Handle("sign", func(context.Context, sdk.Call) (sdk.Result, error) {
		t.Error("a torn call was served")
		return sdk.Result{}, nil
	})
	h.OpenCalls()
	disk := errors.New("диск")
	_, err := env.Call(t.Context(), sdk.Call{Service: "sign", Files: []sdk.File{
		zeros("whole", 1<<20), {Name: "torn", Open: func() (io.ReadCloser, error) { return nil, disk }},
	}})
	if !errors.Is(err, disk) {
		t.Error(err)
	}
}
