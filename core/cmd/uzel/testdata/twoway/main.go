// Command twoway is the connector of the hub's own tests. It carries messages
// and deliveries between the hub and a world that lives in the test, over HTTP,
// and does what the world says: see world_test.go.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/uzel-hub/uzel/sdk"
)

type settings struct {
	World string `setting:"world" title:"Адрес мира" required:"true"`
}

// line is the channel.
type line struct {
	world string
	name  string
}

var (
	_ sdk.Receiver = (*line)(nil)
	_ sdk.Sender   = (*line)(nil)
	_ sdk.Tracker  = (*line)(nil)
)

func main() {
	sdk.Serve(sdk.Connector[settings]{
		Name: "twoway", Title: "Проверка", Summary: "Носит сообщения туда и обратно.", Version: "1.0.0",
		Type:     (*line)(nil),
		Purposes: []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposeForward},
		Kinds:    []sdk.Kind{sdk.KindLetter},
		Limits:   sdk.Limits{Concurrency: 8},
		New: func(_ context.Context, s settings, env sdk.Env) (sdk.Channel, error) {
			return &line{world: s.World, name: env.Channel}, nil
		},
	})
}

// errBusy is a no of the world for now.
var errBusy = errors.New("мир занят")

// ask posts a question to the world.
func (l *line) ask(ctx context.Context, what string, in, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.world+"/"+what+"?channel="+l.name, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	switch res.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(res.Body).Decode(out)
	case http.StatusServiceUnavailable:
		return errBusy
	}
	return fmt.Errorf("the world says %s", res.Status)
}

// Check implements sdk.Channel.
func (l *line) Check(context.Context) error { return nil }

// offer is what the world has next.
type offer struct {
	Messages []message
	OneByOne bool // Emit each, instead of Post and Flush
}

type message struct {
	ID, Cursor, From, Subject, Text string
	Files                           []string // addresses in the world
}

// Receive implements sdk.Receiver. The first question after a start says where
// the hub wants to go on.
func (l *line) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	begun := true
	for at := string(after); ; begun = false {
		var next offer
		if err := l.ask(ctx, "offer", map[string]any{"after": at, "begun": begun}, &next); err != nil {
			return err
		}
		if err := l.bring(ctx, next, emit); err != nil {
			return err
		}
		at = next.Messages[len(next.Messages)-1].Cursor
	}
}

func (l *line) bring(ctx context.Context, o offer, emit sdk.Emitter) error {
	for _, m := range o.Messages {
		if !o.OneByOne {
			if err := emit.Post(ctx, l.message(m), sdk.Cursor(m.Cursor)); err != nil {
				return err
			}
			continue
		}
		if err := emit.Emit(ctx, l.message(m), sdk.Cursor(m.Cursor)); err != nil {
			return err
		}
		if err := l.stored(ctx, m); err != nil {
			return err
		}
	}
	if o.OneByOne {
		return nil
	}
	if err := emit.Flush(ctx); err != nil {
		return err
	}
	return l.stored(ctx, o.Messages...)
}

// stored tells the world what the hub has acknowledged.
func (l *line) stored(ctx context.Context, messages ...message) error {
	return l.ask(ctx, "stored", messages, &struct{}{})
}

func (l *line) message(m message) sdk.Message {
	out := sdk.Message{
		ExternalID: m.ID, Kind: sdk.KindLetter, Subject: m.Subject, Text: m.Text,
		From:   sdk.Party{Name: "Житель", Addresses: []sdk.Address{{Kind: "email", Value: m.From}}},
		Fields: map[string]string{sdk.FieldDeliveryType: "Проверка"},
	}
	for i, address := range m.Files {
		out.Files = append(out.Files, sdk.File{Name: fmt.Sprintf("%d.bin", i), Open: func() (io.ReadCloser, error) {
			res, err := http.Get(l.world + address)
			if err != nil {
				return nil, err
			}
			return res.Body, nil
		}})
	}
	return out
}

// Send implements sdk.Sender. Only a no of the world is a failure; anything else
// that goes wrong leaves open whether the world has it.
func (l *line) Send(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	files := map[string]string{}
	for _, f := range d.Files {
		sum, err := sumOf(f)
		if err != nil {
			return sdk.Receipt{}, err
		}
		files[f.Name] = sum
	}
	var got struct{ State string }
	err := l.ask(ctx, "submit", map[string]any{"delivery": d.Delivery, "document": d.Document.ID, "files": files}, &got)
	switch {
	case errors.Is(err, errBusy):
		return sdk.Receipt{}, err
	case err != nil:
		return sdk.Receipt{}, sdk.Unknown(err)
	}
	return sdk.Receipt{State: sdk.State(got.State), ExternalID: "out-" + d.Delivery}, nil
}

func sumOf(f sdk.File) (string, error) {
	in, err := f.Open()
	if err != nil {
		return "", err
	}
	defer in.Close() //nolint:errcheck // only read
	h := sha256.New()
	_, err = io.Copy(h, in)
	return hex.EncodeToString(h.Sum(nil)), err
}

// Track implements sdk.Tracker.
func (l *line) Track(ctx context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.Delivery
	}
	var states []string
	if err := l.ask(ctx, "track", ids, &states); err != nil {
		return nil, err
	}
	out := make([]sdk.Receipt, len(states))
	for i, s := range states {
		out[i] = sdk.Receipt{State: sdk.State(s), ExternalID: "out-" + ids[i]}
	}
	return out, nil
}
