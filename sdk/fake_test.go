package sdk_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// fake is a connector whose every ability is a function of the test.
type fake struct {
	check     func(context.Context) error
	receive   func(context.Context, sdk.Cursor, sdk.Emitter) error
	send      func(context.Context, sdk.Dispatch) (sdk.Receipt, error)
	track     func(context.Context, []sdk.TrackItem) ([]sdk.Receipt, error)
	serveHook func(context.Context, *http.Request, sdk.Emitter) (sdk.HookReply, error)
	do        func(context.Context, sdk.OperationCall) (sdk.Result, error)
	wake      func(context.Context) error
	close     func() error
}

func (f *fake) Check(ctx context.Context) error { return f.check(ctx) }

func (f *fake) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	return f.receive(ctx, after, emit)
}

func (f *fake) Send(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) { return f.send(ctx, d) }

func (f *fake) Track(ctx context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
	return f.track(ctx, items)
}

func (f *fake) ServeHook(ctx context.Context, r *http.Request, emit sdk.Emitter) (sdk.HookReply, error) {
	return f.serveHook(ctx, r, emit)
}

func (f *fake) Do(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	return f.do(ctx, call)
}

func (f *fake) Wake(ctx context.Context) error { return f.wake(ctx) }

func (f *fake) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

type fakeSettings struct {
	Name string     `setting:"name" title:"Имя"`
	Pass sdk.Secret `setting:"password" title:"Пароль"`
	Port int        `setting:"port" title:"Порт" min:"1"`
	URL  string     `setting:"url" title:"Адрес веб-хука" generated:"hook_url"`
}

type input struct {
	Account string `setting:"account" title:"Лицевой счёт" required:"true"`
	Months  int    `setting:"months" title:"Месяцев" max:"12"`
}

// env is what the last fake got from the hub.
func connectorOf(f *fake, got *sdk.Env) sdk.Connector[fakeSettings] {
	return sdk.Connector[fakeSettings]{
		Name: "fake", Title: "Подделка", Summary: "Коннектор для тестов.", Version: "0.1.0", Type: (*fake)(nil),
		Purposes: []sdk.Purpose{sdk.PurposeAnswer}, Kinds: []sdk.Kind{sdk.KindLetter, sdk.KindStatus},
		Operations: []sdk.Operation{
			{Name: "look", Title: "Посмотреть", Place: sdk.PlaceAccount, Input: input{}, FilesIn: true, FilesOut: true},
			{Name: "plain", Title: "Просто", Place: sdk.PlaceChannel},
		},
		Calls: []string{"sign"}, Limits: sdk.Limits{Concurrency: 2},
		New: func(_ context.Context, _ fakeSettings, env sdk.Env) (sdk.Channel, error) {
			if got != nil {
				*got = env
			}
			return f, nil
		},
	}
}

// open starts the fake in the same process, configured.
func open(t *testing.T, f *fake) *sdktest.Hub {
	t.Helper()
	h := sdktest.InProcess(t, connectorOf(f, nil), nil)
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	return h
}

// soon fails the test when done is not closed in time.
func soon(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(sdktest.Patience):
		t.Fatalf("waited %v for %s", sdktest.Patience, what)
	}
}

func letter(id string, files ...sdk.File) sdk.Message {
	return sdk.Message{ExternalID: id, Kind: sdk.KindLetter, Files: files}
}
