package sdktest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/uzel-hub/uzel/sdk"
)

type hookSettings struct {
	Token sdk.Secret `setting:"token" title:"Ключ веб-хука" required:"true" generated:"token"`
	URL   string     `setting:"url" title:"Адрес веб-хука" generated:"hook_url"`
}

type uploads struct{ hookSettings }

func upload() sdk.Connector[hookSettings] {
	return sdk.Connector[hookSettings]{
		Name: "upload", Title: "Веб-хук", Summary: "Принимает файлы по HTTP.", Version: "1.0.0",
		Type: (*uploads)(nil), Kinds: []sdk.Kind{sdk.KindAppeal},
		New: func(_ context.Context, s hookSettings, _ sdk.Env) (sdk.Channel, error) { return &uploads{s}, nil },
	}
}

func (u *uploads) Check(context.Context) error { return nil }

func (u *uploads) ServeHook(ctx context.Context, r *http.Request, emit sdk.Emitter) (sdk.HookReply, error) {
	if r.Header.Get("X-Token") != u.Token.Reveal() {
		return sdk.HookReply{Status: http.StatusUnauthorized}, nil // before the body is read
	}
	form, err := r.MultipartReader()
	if err != nil {
		return sdk.HookReply{Status: http.StatusBadRequest, Body: strings.NewReader("ожидается multipart")}, nil
	}
	m := sdk.Message{ExternalID: r.Header.Get("X-Id"), Kind: sdk.KindAppeal}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return sdk.HookReply{}, err
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return sdk.HookReply{}, err
		}
		m.Files = append(m.Files, sdk.Bytes(part.FileName(), body))
	}
	if err := emit.Emit(ctx, m, nil); err != nil {
		if sdk.Refused(err) {
			return sdk.HookReply{Status: http.StatusUnprocessableEntity, Body: strings.NewReader(err.Error())}, nil
		}
		return sdk.HookReply{}, err
	}
	return sdk.HookReply{
		Status: http.StatusAccepted, Header: http.Header{"Location": {u.URL + m.ExternalID}}, Body: strings.NewReader(`{"stored":true}`),
	}, nil
}
