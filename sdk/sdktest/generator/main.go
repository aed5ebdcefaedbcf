// Command generator is the connector of the benchmarks: it brings in messages,
// as fast as they are taken or at a steady rate, each with a text and a file of
// given sizes, and swallows deliveries. Being minimal it also tells what a
// connector costs in memory.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/uzel-hub/uzel/sdk"
)

type settings struct {
	Messages  int     `setting:"messages" title:"Сколько сообщений" default:"0" min:"-1" help:"0 — без конца, -1 — ни одного"`
	TextBytes int     `setting:"text_bytes" title:"Размер текста" default:"2048" min:"0" max:"1000000"`
	FileBytes int     `setting:"file_bytes" title:"Размер вложения" default:"20480" min:"0" max:"1000000000"`
	Rate      float64 `setting:"rate" title:"Сообщений в секунду" default:"0" min:"0" help:"0 — как можно быстрее"`
	Prefix    string  `setting:"prefix" title:"Начало внешних номеров" default:"m"`
}

type generator struct {
	settings
	text string
	stats
}

func main() { sdk.Serve(connector()) }

func connector() sdk.Connector[settings] {
	return sdk.Connector[settings]{
		Name: "generator", Title: "Генератор", Summary: "Создаёт сообщения для замеров и принимает любые отправки.", Version: "1.0.0",
		Type:     (*generator)(nil),
		Kinds:    []sdk.Kind{sdk.KindLetter},
		Purposes: []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposeForward, sdk.PurposeDocument},
		Operations: []sdk.Operation{{
			Name: "stats", Title: "Итоги", Help: "Сколько сообщений принял хаб и как быстро.", Place: sdk.PlaceChannel, Output: figures{},
		}},
		Limits: sdk.Limits{MayWriteFirst: true, Idempotent: true, Concurrency: 256},
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

// Receive brings messages until the count is reached, then waits for the end.
// The cursor is the number of the last message.
func (g *generator) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	n, _ := strconv.Atoi(string(after))
	g.begin()
	var err error
	switch {
	case g.Messages < 0:
	case g.Rate > 0:
		err = g.steady(ctx, n, emit)
	default:
		err = g.flood(ctx, n, emit)
	}
	if err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// flood posts as fast as the hub takes.
func (g *generator) flood(ctx context.Context, n int, emit sdk.Emitter) error {
	body := noise(g.FileBytes)
	for first := n; g.Messages == 0 || n < g.Messages; g.posted(n - first) {
		n++
		if err := emit.Post(ctx, g.message(n, body), cursor(n)); err != nil {
			return err
		}
	}
	err := emit.Flush(ctx)
	g.flushed()
	return err
}

// underway bounds the messages of a steady stream that wait for their answer.
const underway = 2048

// steady offers each message when it is due, whether the earlier ones were
// answered or not, so that a hub that stalls cannot hide it.
func (g *generator) steady(ctx context.Context, n int, emit sdk.Emitter) error {
	waiting, ctx := errgroup.WithContext(ctx)
	waiting.SetLimit(underway)
	body, start := noise(g.FileBytes), time.Now()
	for i := 0; g.Messages == 0 || n < g.Messages; i++ {
		n++
		due := start.Add(time.Duration(float64(i) / g.Rate * float64(time.Second)))
		if err := sdk.Pause(ctx, time.Until(due)); err != nil {
			return errors.Join(err, waiting.Wait())
		}
		m, mark := g.message(n, slices.Clone(body)), cursor(n)
		waiting.Go(func() error {
			err := emit.Emit(ctx, m, mark)
			g.answered(time.Since(due))
			return err
		})
	}
	return waiting.Wait()
}

// message is the n-th message. Its file differs from all others'.
func (g *generator) message(n int, body []byte) sdk.Message {
	if len(body) >= 8 {
		binary.BigEndian.PutUint64(body, uint64(n))
	}
	number := strconv.Itoa(n)
	return sdk.Message{
		ExternalID: g.Prefix + number, Kind: sdk.KindLetter, At: time.Now(), Text: g.text, Subject: "Сообщение " + number,
		Files: []sdk.File{sdk.Bytes("act.pdf", body)},
	}
}

func cursor(n int) sdk.Cursor { return sdk.Cursor(strconv.Itoa(n)) }

func (g *generator) Send(context.Context, sdk.Dispatch) (sdk.Receipt, error) {
	return sdk.Receipt{State: sdk.StateSent}, nil
}

// Do answers the operation stats.
func (g *generator) Do(context.Context, sdk.OperationCall) (sdk.Result, error) {
	out, err := sdk.ValuesOf(g.figures())
	return sdk.Result{Output: out}, err
}
