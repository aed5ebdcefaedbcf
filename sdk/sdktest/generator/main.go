// Command generator is the connector of the benchmarks: it brings in messages
// as fast as they are taken, each with a text and a file of given sizes, and
// swallows deliveries. Being minimal it also tells what a connector costs in
// memory.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

type settings struct {
	Messages  int           `setting:"messages" title:"Сколько сообщений" default:"0" min:"0" help:"0 — без конца"`
	TextBytes int           `setting:"text_bytes" title:"Размер текста" default:"2048" min:"0" max:"1000000"`
	FileBytes int           `setting:"file_bytes" title:"Размер вложения" default:"20480" min:"0" max:"1000000000"`
	Every     time.Duration `setting:"every" title:"Пауза между сообщениями" default:"0s" max:"1h"`
	Prefix    string        `setting:"prefix" title:"Начало внешних номеров" default:"m"`
}

type generator struct {
	settings
	text string
}

func main() { sdk.Serve(connector()) }

func connector() sdk.Connector[settings] {
	return sdk.Connector[settings]{
		Name: "generator", Title: "Генератор", Summary: "Создаёт сообщения для замеров и принимает любые отправки.", Version: "1.0.0",
		Type:     (*generator)(nil),
		Kinds:    []sdk.Kind{sdk.KindLetter},
		Purposes: []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposeForward, sdk.PurposeDocument},
		Limits:   sdk.Limits{MayWriteFirst: true, Idempotent: true},
		New: func(_ context.Context, s settings, _ sdk.Env) (sdk.Channel, error) {
			return &generator{settings: s, text: hex.EncodeToString(noise(s.TextBytes/2 + 1))[:s.TextBytes]}, nil
		},
	}
}

// noise does not compress.
func noise(n int) []byte {
	out := make([]byte, n)
	rand.NewChaCha8(sha256.Sum256(nil)).Read(out)
	return out
}

func (g *generator) Check(context.Context) error { return nil }

// Receive posts messages until the count is reached, then waits for the end.
// The cursor is the number of the last message.
func (g *generator) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	n, _ := strconv.Atoi(string(after))
	body := noise(g.FileBytes)
	for g.Messages == 0 || n < g.Messages {
		if n++; len(body) >= 8 { // no two files are the same
			binary.BigEndian.PutUint64(body, uint64(n))
		}
		number := strconv.Itoa(n)
		m := sdk.Message{
			ExternalID: g.Prefix + number, Kind: sdk.KindLetter, At: time.Now(), Text: g.text, Subject: "Сообщение " + number,
			Files: []sdk.File{sdk.Bytes("act.pdf", body)},
		}
		if err := emit.Post(ctx, m, sdk.Cursor(number)); err != nil {
			return err
		}
		if g.Every > 0 {
			if err := sdk.Pause(ctx, g.Every); err != nil {
				return err
			}
		}
	}
	if err := emit.Flush(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (g *generator) Send(context.Context, sdk.Dispatch) (sdk.Receipt, error) {
	return sdk.Receipt{State: sdk.StateSent}, nil
}
