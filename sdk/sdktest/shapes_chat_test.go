package sdktest_test

import (
	"context"
	"fmt"
	"strconv"

	"github.com/uzel-hub/uzel/sdk"
)

type chatBot struct{ remote }

type chatEvent struct {
	N    int    `json:"n"`
	Type string `json:"type"` // line, edit, delete, delivered, read
	Line string `json:"line"`
	Chat string `json:"chat"`
	Text string `json:"text"`
}

func chat() sdk.Connector[remote] {
	return sdk.Connector[remote]{
		Name: "chat", Title: "Чат", Summary: "Бот в мессенджере.", Version: "1.0.0",
		Type: (*chatBot)(nil), Kinds: []sdk.Kind{sdk.KindChat, sdk.KindStatus},
		Purposes: []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposePerformer, sdk.PurposeStatus, sdk.PurposeNotice},
		Limits:   sdk.Limits{TextRunes: 4096, KnowsDelivered: true, KnowsRead: true, PerSecond: 30},
		New:      func(_ context.Context, r remote, _ sdk.Env) (sdk.Channel, error) { return &chatBot{r}, nil },
	}
}

func (c *chatBot) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	return sdk.Poll(ctx, c.Every, func() error {
		var events []chatEvent
		if err := c.ask(ctx, "GET", fmt.Sprint("/updates?after=", number(after)), nil, &events); err != nil {
			return err
		}
		for _, e := range events {
			after = sdk.Cursor(strconv.Itoa(e.N))
			if err := emit.Post(ctx, e.message(), after); err != nil {
				return err
			}
		}
		return emit.Flush(ctx)
	})
}

func (e chatEvent) message() sdk.Message {
	m := sdk.Message{
		ExternalID: fmt.Sprint("e", e.N), Kind: sdk.KindChat, Text: e.Text, Thread: sdk.ThreadHint{External: e.Chat},
		From: sdk.Party{Addresses: []sdk.Address{{Kind: "chat", Value: e.Chat}}},
	}
	switch e.Type {
	case "line":
		m.ExternalID = e.Line
	case "edit":
		m.Change, m.About = sdk.Edited, e.Line
	case "delete":
		m.Change, m.About = sdk.Withdrawn, e.Line
	default:
		m.Kind, m.About = sdk.KindStatus, e.Line
		m.Status = &sdk.Status{State: sdk.State(e.Type)}
	}
	return m
}

func (c *chatBot) Send(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	text := d.Document.Text
	switch d.Purpose {
	case sdk.PurposePerformer:
		text = "Назначен исполнитель: " + d.Performer.Name
	case sdk.PurposeStatus:
		text = "Состояние: " + d.Status
	}
	var out struct{ Line string }
	err := c.ask(ctx, "POST", "/lines", map[string]string{"chat": d.To[0].Address("chat"), "text": text}, &out)
	return sdk.Receipt{ExternalID: out.Line}, err
}
