// Command testplugin is the connector of pluginhost's tests. Its outside world
// is a folder; its settings make it misbehave. What it is called, its version
// and how it is broken stand behind the end of the binary, so that one build
// makes many plugins.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

// settings of the test connector.
type settings struct {
	World    string     `setting:"world" title:"Папка внешнего мира" required:"true"`
	Password sdk.Secret `setting:"password" title:"Пароль"`
	Token    string     `setting:"token" title:"Ключ" generated:"token"`
	Receive  string     `setting:"receive" title:"Приём" default:"idle"`
	Send     string     `setting:"send" title:"Отправка" default:"ok"`
	Check    string     `setting:"check" title:"Проверка" default:"ok"`
	Count    int        `setting:"count" title:"Сколько" default:"10" min:"0"`
	Size     int64      `setting:"size" title:"Размер файла" default:"100" min:"0"`
	Group    group      `setting:"group" title:"Группа"`
	Boxes    []group    `setting:"boxes" title:"Таблица"`
	Text     int        `setting:"text" title:"Длина текста" default:"100" min:"0"`
}

type group struct {
	Name string     `setting:"name" title:"Имя"`
	Key  sdk.Secret `setting:"key" title:"Ключ"`
}

type channel struct {
	set  settings
	env  sdk.Env
	mu   sync.Mutex
	wake chan struct{}
}

// identity is what stands behind the end of the binary.
type identity struct {
	Name, Version, Broken string
	Idempotent            bool
	Concurrency           int
	PerSecond             float64
}

const trailerSize = 512

func self() identity {
	id := identity{Name: "test", Version: "1.0.0"}
	path, err := os.Executable()
	if err != nil {
		return id
	}
	f, err := os.Open(path)
	if err != nil {
		return id
	}
	defer f.Close()
	raw := make([]byte, trailerSize)
	if info, err := f.Stat(); err == nil {
		if _, err := f.ReadAt(raw, info.Size()-trailerSize); err == nil {
			_ = json.Unmarshal(raw, &id) // no trailer: the plain one
		}
	}
	return id
}

func main() {
	id := self()
	c := sdk.Connector[settings]{
		Name: id.Name, Title: "Пробный", Summary: "Для испытаний хаба.", Version: id.Version,
		Type:     (*channel)(nil),
		Purposes: []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposeForward},
		Kinds:    []sdk.Kind{sdk.KindLetter, sdk.KindChat},
		Operations: []sdk.Operation{
			{Name: "echo", Title: "Эхо", Place: sdk.PlaceDocument, FilesIn: true, FilesOut: true},
			{Name: "sign", Title: "Подписать", Place: sdk.PlaceService, FilesIn: true, FilesOut: true},
			{Name: "ask", Title: "Спросить", Place: sdk.PlaceChannel},
			{Name: "tick", Title: "Такт", Place: sdk.PlaceChannel, Schedule: time.Second},
		},
		Calls: []string{"sign", "greet"},
		Limits: sdk.Limits{
			Concurrency: id.Concurrency, PerSecond: id.PerSecond, Idempotent: id.Idempotent, FileBytes: 1 << 20,
		},
		New: open,
	}
	switch id.Broken {
	case "start":
		fmt.Fprintln(os.Stderr, "panic: cannot start")
		os.Exit(2)
	case "silent":
		select {}
	case "":
		sdk.Serve(c)
	default:
		serveGarbage(c, id.Broken)
	}
}

func open(_ context.Context, set settings, env sdk.Env) (sdk.Channel, error) {
	if set.Receive == "refuse" {
		return nil, &sdk.Error{Kind: "config", Faults: []sdk.FieldFault{
			{Field: "receive", Text: "так нельзя"}, {Field: "count", Text: "мало"},
		}}
	}
	c := &channel{set: set, env: env, wake: make(chan struct{}, 1)}
	if _, err := os.Stat(set.World); err == nil {
		c.note("pids", strconv.Itoa(os.Getpid()))
		keys := []string{set.Group.Key.Reveal()}
		for _, b := range set.Boxes {
			keys = append(keys, b.Name+"="+b.Key.Reveal())
		}
		c.note("keys", strings.Join(keys, " "))
	}
	env.Log.Info("opened", "password", set.Password.Reveal(), "token", set.Token)
	return c, nil
}

var _ interface {
	sdk.Receiver
	sdk.Sender
	sdk.Tracker
	sdk.Hook
	sdk.Operator
	sdk.Waker
} = (*channel)(nil)

func (c *channel) path(name string) string { return filepath.Join(c.set.World, name) }

// note appends a line to a file of the outside world.
func (c *channel) note(name, line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := os.OpenFile(c.path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprintln(f, line)
}

// login compares the password with the one of the outside world, if that has
// one.
func (c *channel) login() error {
	want, err := os.ReadFile(c.path("password"))
	if err == nil && string(want) != c.set.Password.Reveal() {
		return sdk.Misconfigured("password", errors.New("535 authentication failed"))
	}
	if _, err := os.Stat(c.path("down")); err == nil {
		return errors.New("connection refused")
	}
	return nil
}

func (c *channel) Check(ctx context.Context) error {
	c.note("checks", "check")
	switch c.set.Check {
	case "hang":
		select {}
	case "fail":
		return sdk.Rejected(errors.New("550 no"))
	case "panic":
		panic("check panics")
	}
	return c.login()
}

func (c *channel) Wake(context.Context) error {
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return nil
}

func (c *channel) message(n int) sdk.Message {
	return sdk.Message{
		ExternalID: "m" + strconv.Itoa(n), Kind: sdk.KindLetter, Subject: "№ " + strconv.Itoa(n),
		Text:  strings.Repeat("т", c.set.Text/2),
		From:  sdk.Party{Name: "Кто-то", Addresses: []sdk.Address{{Kind: "email", Value: "a@example.org"}}},
		Files: c.files(n),
	}
}

func (c *channel) files(n int) []sdk.File {
	if c.set.Size == 0 {
		return nil
	}
	return []sdk.File{{Name: fmt.Sprintf("файл %d.bin", n), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(&pattern{n: uint64(n)}, c.set.Size)), nil
	}}}
}

// pattern is an endless file that differs from others and does not compress.
type pattern struct{ n uint64 }

func (p *pattern) Read(b []byte) (int, error) {
	for i := range b {
		p.n = p.n*6364136223846793005 + 1442695040888963407
		b[i] = byte(p.n >> 56)
	}
	return len(b), nil
}

func cursor(n int) sdk.Cursor { return sdk.Cursor(strconv.Itoa(n)) }

func (c *channel) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	c.note("receives", "after "+string(after))
	defer c.note("ended", "receive")
	if err := c.login(); err != nil {
		return err
	}
	done, _ := strconv.Atoi(string(after))
	switch c.set.Receive {
	case "count":
		if err := c.count(ctx, done, emit); err != nil {
			return err
		}
	case "flood":
		for n := done + 1; ; n++ {
			if err := emit.Post(ctx, c.message(n), cursor(n)); err != nil {
				return err
			}
		}
	case "bench":
		return c.bench(ctx, done, emit)
	case "again": // offers the same messages over and over, without a cursor
		for range 3 {
			for n := 1; n <= c.set.Count; n++ {
				if err := emit.Emit(ctx, c.message(n), nil); err != nil {
					return err
				}
			}
		}
	case "exit":
		os.Exit(3)
	case "eat":
		for all := [][]byte{}; ; {
			all = append(all, make([]byte, 16<<20))
			for i := 0; i < 16<<20; i += 4096 {
				all[len(all)-1][i] = 1
			}
		}
	case "panic":
		go panic("boom with " + c.set.Password.Reveal())
	case "abandon":
		return c.abandon(ctx, emit)
	case "done":
		return nil
	case "wake":
		return c.onWake(ctx, done, emit)
	case "strange":
		return c.strange(ctx, emit)
	}
	<-ctx.Done()
	return ctx.Err()
}

// bench posts messages as fast as it can at next to no cost of its own.
func (c *channel) bench(ctx context.Context, done int, emit sdk.Emitter) error {
	body := make([]byte, c.set.Size)
	(&pattern{n: uint64(time.Now().UnixNano())}).Read(body)
	m := c.message(0)
	for n := done + 1; ; n++ {
		one := append([]byte(nil), body...)
		binary.LittleEndian.PutUint64(one, uint64(n)) // no two files are the same
		m.ExternalID = "m" + strconv.Itoa(n)
		m.Files = []sdk.File{sdk.Bytes("file.bin", one)}
		if err := emit.Post(ctx, m, cursor(n)); err != nil {
			return err
		}
	}
}

// batch is how many messages are posted before their acknowledgement is awaited
// and noted.
const batch = 32

func (c *channel) count(ctx context.Context, done int, emit sdk.Emitter) error {
	for n := done + 1; n <= c.set.Count; {
		first := n
		for ; n <= c.set.Count && n < first+batch; n++ {
			c.note("offered", strconv.Itoa(n))
			if err := emit.Post(ctx, c.message(n), cursor(n)); err != nil {
				return err
			}
		}
		if err := emit.Flush(ctx); err != nil {
			return err
		}
		for i := first; i < n; i++ {
			c.note("acked", strconv.Itoa(i))
		}
	}
	return nil
}

func (c *channel) onWake(ctx context.Context, done int, emit sdk.Emitter) error {
	for n := done + 1; ; n++ {
		select {
		case <-c.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := emit.Emit(ctx, c.message(n), cursor(n)); err != nil {
			return err
		}
	}
}

// abandon has a message whose large file cannot be read to its end, and a good
// one behind it.
func (c *channel) abandon(ctx context.Context, emit sdk.Emitter) error {
	bad := c.message(1)
	bad.Files = []sdk.File{{Name: "broken", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(io.LimitReader(&pattern{}, 1<<20), failing{})), nil
	}}}
	if err := emit.Emit(ctx, bad, cursor(1)); err == nil {
		return sdk.Rejected(errors.New("a broken file was taken"))
	}
	if err := emit.Emit(ctx, c.message(2), cursor(2)); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("disk of the outside world broken") }

// strange offers what the hub has to refuse or mend, notes what it was told, and
// goes on.
func (c *channel) strange(ctx context.Context, emit sdk.Emitter) error {
	for i, edit := range []func(*sdk.Message){
		func(m *sdk.Message) { m.ExternalID = strings.Repeat("x", 2000) },
		func(m *sdk.Message) { m.Kind = sdk.KindCall },
		func(m *sdk.Message) { m.Files = []sdk.File{{Name: "big", Size: 0, Open: c.endless}} },
		func(m *sdk.Message) { m.Details = []byte(`{`) },
		func(m *sdk.Message) {
			m.Text = "нуль\x00 и \xff"
			m.Files[0].Name = "../../etc/па\x00роль\u202e.txt"
		},
	} {
		m := c.message(i + 1)
		m.Files = []sdk.File{sdk.Bytes("a.txt", []byte("a"))}
		edit(&m)
		err := emit.Emit(ctx, m, nil)
		c.note("told", fmt.Sprint(i, " ", err == nil, " ", err))
	}
	<-ctx.Done()
	return nil
}

func (c *channel) endless() (io.ReadCloser, error) {
	return io.NopCloser(io.LimitReader(&pattern{}, c.set.Size)), nil
}

func (c *channel) Send(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	if c.set.Send == "drop" { // for the benchmarks
		return sdk.Receipt{ExternalID: "x-" + d.Delivery}, nil
	}
	c.note("attempts", fmt.Sprint(d.Delivery, " ", d.Attempt))
	switch c.set.Send {
	case "exit":
		os.Exit(4)
	case "hang":
		<-ctx.Done()
		c.note("cancelled", d.Delivery)
		return sdk.Receipt{}, ctx.Err()
	case "reject":
		return sdk.Receipt{}, sdk.Rejected(errors.New("550 no such user"))
	case "unknown":
		c.note("sent", d.Delivery)
		return sdk.Receipt{}, sdk.Unknown(errors.New("connection lost"))
	case "submit":
		return sdk.Receipt{State: sdk.StateSubmitted, Token: "t-" + d.Delivery}, nil
	case "slow":
		time.Sleep(300 * time.Millisecond)
	case "kill": // slow enough to be killed before, between and after
		time.Sleep(time.Duration(rand.IntN(15)) * time.Millisecond)
		c.note("sent", d.Delivery)
		time.Sleep(time.Duration(rand.IntN(15)) * time.Millisecond)
		return sdk.Receipt{ExternalID: "x-" + d.Delivery}, nil
	}
	if err := c.login(); err != nil {
		return sdk.Receipt{}, err
	}
	var total int64
	for _, f := range d.Files {
		n, err := size(f)
		if err != nil {
			return sdk.Receipt{}, err
		}
		total += n
	}
	c.note("sent", d.Delivery)
	c.note("bytes", fmt.Sprint(total, " ", d.Document.Subject))
	return sdk.Receipt{ExternalID: "x-" + d.Delivery}, nil
}

func size(f sdk.File) (int64, error) {
	r, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(io.Discard, r)
}

// Track knows what stands in the file of what was sent.
func (c *channel) Track(_ context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
	sent, _ := os.ReadFile(c.path("sent"))
	out := make([]sdk.Receipt, len(items))
	for i, it := range items {
		c.note("tracked", it.Delivery)
		switch {
		case it.Token != "":
			out[i] = sdk.Receipt{State: sdk.StateDelivered}
		case strings.Contains(string(sent), it.Delivery):
			out[i] = sdk.Receipt{State: sdk.StateSent, ExternalID: "x-" + it.Delivery}
		default:
			out[i] = sdk.Receipt{State: sdk.StateRetry}
		}
	}
	return out, nil
}

func (c *channel) ServeHook(ctx context.Context, r *http.Request, emit sdk.Emitter) (sdk.HookReply, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return sdk.HookReply{}, err
	}
	switch r.URL.Path {
	case "/forbidden":
		return sdk.HookReply{}, &sdk.Error{Kind: "forbidden", Text: "нельзя"}
	case "/hang":
		<-ctx.Done()
		return sdk.HookReply{}, ctx.Err()
	}
	m := c.message(0)
	m.ExternalID, m.Text = r.URL.Query().Get("id"), string(body)
	if err := emit.Emit(ctx, m, nil); err != nil {
		return sdk.HookReply{}, err
	}
	head := http.Header{"Set-Cookie": {"session=stolen"}, "X-Path": {r.URL.Path}, "X-Cookie": {r.Header.Get("Cookie")}}
	return sdk.HookReply{Status: http.StatusAccepted, Header: head, Body: strings.NewReader("принято " + r.Method)}, nil
}

func (c *channel) Do(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	switch call.Operation {
	case "tick":
		c.note("ticks", "tick")
		return sdk.Result{}, nil
	case "ask":
		service, _ := call.Input["service"].(string)
		r, err := c.env.Call(ctx, sdk.Call{Service: service, Input: call.Input, Files: []sdk.File{sdk.Bytes("a.txt", []byte("подпиши"))}})
		if err != nil {
			return sdk.Result{}, err
		}
		return sdk.Result{Output: r.Output}, nil
	}
	if call.Token == "" && call.Input["later"] == true {
		return sdk.Result{Pending: true, Token: "позже", AskAfter: time.Millisecond}, nil
	}
	call.Progress(1, 2, "половина")
	out := sdk.Values{"operation": call.Operation, "token": call.Token, "world": c.set.World, "document": call.Document}
	for k, v := range call.Input {
		out[k] = v
	}
	for i, f := range call.Files {
		n, err := size(f)
		if err != nil {
			return sdk.Result{}, err
		}
		out["size"+strconv.Itoa(i)] = n
	}
	return sdk.Result{Output: out, Files: call.Files}, nil
}
