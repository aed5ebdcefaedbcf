package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/hashicorp/go-hclog"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// hand is a connector started by a person.
type hand struct {
	*described
	stdout, stderr io.Writer
	flags          *flag.FlagSet

	settings, section, out, cursor string
	once                           bool
	idle                           time.Duration
	markdown                       bool
}

const usage = `%s — %s
%s

Коннектор запускает хаб «Узел». Вручную:

  describe [--markdown [README.md]]     что умеет коннектор: JSON или таблица настроек
                                        (с именем файла — заменить таблицу в нём)
  check --settings FILE [--section S]   проверить связь с этими настройками
  receive --settings FILE [--once] [--idle 5s] [--out DIR] [--cursor FILE]
                                        печатать сообщения строками JSON, файлы класть в DIR;
                                        --once — закончить, когда --idle ничего не приходит
  send FILE.json --settings FILE        выполнить одну отправку
  help                                  эта справка

Файл настроек — YAML или JSON, секреты в нём открытым текстом.
`

// byHand runs one command and returns the exit code: 1 when it failed, 2 when
// it was not understood.
func byHand(ctx context.Context, d *described, args []string, stdout, stderr io.Writer) int {
	h := &hand{described: d, stdout: stdout, stderr: stderr}
	command := "help"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	run, known := map[string]func(context.Context, []string) error{
		"describe": h.describe, "check": h.check, "receive": h.receive, "send": h.send, "help": h.help,
		"-h": h.help, "--help": h.help,
	}[command]
	if !known {
		fmt.Fprintf(stderr, "неизвестная команда %q\n\n", command)
		h.usage(stderr)
		return 2
	}
	rest, err := h.parse(command, args)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	if err := run(ctx, rest); err != nil {
		h.complain(err)
		return 1
	}
	return 0
}

// parse takes flags before and after the other arguments.
func (h *hand) parse(command string, args []string) (rest []string, err error) {
	h.flags = flag.NewFlagSet(command, flag.ContinueOnError)
	h.flags.SetOutput(io.Discard)
	h.flags.StringVar(&h.settings, "settings", "", "")
	h.flags.StringVar(&h.section, "section", "", "")
	h.flags.StringVar(&h.out, "out", "", "")
	h.flags.StringVar(&h.cursor, "cursor", "", "")
	h.flags.BoolVar(&h.once, "once", false, "")
	h.flags.DurationVar(&h.idle, "idle", 5*time.Second, "")
	h.flags.BoolVar(&h.markdown, "markdown", false, "")
	for len(args) > 0 {
		if err := h.flags.Parse(args); err != nil {
			return nil, err
		}
		if args = h.flags.Args(); len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	return rest, nil
}

func (h *hand) complain(err error) {
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Faults) == 0 {
		fmt.Fprintln(h.stderr, err)
		return
	}
	fmt.Fprintln(h.stderr, e.Text+":")
	for _, f := range e.Faults {
		fmt.Fprintf(h.stderr, "  %s: %s\n", f.Field, f.Text)
	}
}

func (h *hand) usage(w io.Writer) { fmt.Fprintf(w, usage, h.Name, h.Title, h.Summary) }

func (h *hand) help(context.Context, []string) error {
	h.usage(h.stdout)
	return nil
}

// ---- describe

// The lines between which the table of settings stands in a README.
const (
	tableBegin = "<!-- settings: made by describe --markdown -->"
	tableEnd   = "<!-- /settings -->"
)

func (h *hand) describe(_ context.Context, args []string) error {
	if !h.markdown {
		out, err := h.description()
		if err != nil {
			return err
		}
		return h.print(out)
	}
	table := tableBegin + "\n" + h.described.settings.Markdown() + tableEnd + "\n"
	if len(args) == 0 {
		_, err := io.WriteString(h.stdout, table)
		return err
	}
	return replaceTable(args[0], table)
}

func replaceTable(path, table string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(raw), tableBegin)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return fmt.Errorf("в %s нет строк «%s» и «%s»", path, tableBegin, tableEnd)
	}
	return os.WriteFile(path, []byte(before+strings.TrimSuffix(table, "\n")+after), 0o644)
}

// description is the description with its schemas as JSON, not as bytes.
func (h *hand) description() (map[string]any, error) {
	out, err := object(h.Description)
	if err != nil {
		return nil, err
	}
	out["settings_schema"] = json.RawMessage(h.SettingsSchema)
	list, _ := out["operations"].([]any)
	for i, op := range h.Description.Operations {
		if o, ok := list[i].(map[string]any); ok {
			o["input_schema"], o["output_schema"] = json.RawMessage(op.InputSchema), json.RawMessage(op.OutputSchema)
		}
	}
	return out, nil
}

// object is a message of the wire as plain JSON.
func object(m proto.Message) (map[string]any, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(raw, &out)
}

func (h *hand) print(v any) error {
	enc := json.NewEncoder(h.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// ---- the channel

// with makes the channel of the settings file and runs f on it.
func (h *hand) with(ctx context.Context, f func(Channel) error) (err error) {
	raw, err := h.settingsJSON()
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", h.Name+"-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ch, err := h.open(ctx, given{json: raw}, Env{
		Channel: "hand", Scratch: scratch, Locale: "ru",
		Log: hclog.New(&hclog.LoggerOptions{Name: h.Name, Level: hclog.Info, Output: h.stderr}),
		Call: func(_ context.Context, call Call) (Result, error) {
			return Result{}, &Error{Kind: "unavailable", Source: "plugin", Text: "без хаба нельзя обратиться к «" + call.Service + "»"}
		},
	})
	if err != nil {
		return err
	}
	if c, ok := ch.(Closer); ok {
		defer func() { err = errors.Join(err, c.Close()) }()
	}
	return f(ch)
}

func (h *hand) settingsJSON() ([]byte, error) {
	if h.settings == "" {
		return nil, errors.New("укажите файл настроек: --settings FILE")
	}
	raw, err := os.ReadFile(h.settings)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(filepath.Ext(h.settings), ".json") {
		return raw, nil
	}
	if raw, err = yaml.YAMLToJSON(raw); err != nil {
		// The text of the library's error shows lines of the file, secrets too.
		return nil, fmt.Errorf("%s: не YAML", h.settings)
	}
	return raw, nil
}

func (h *hand) check(ctx context.Context, _ []string) error {
	return h.with(ctx, func(ch Channel) error {
		sections, ok := ch.(SectionChecker)
		if !ok {
			if err := ch.Check(ctx); err != nil {
				return err
			}
			_, err := fmt.Fprintln(h.stdout, "связь есть")
			return err
		}
		var failed error
		for _, part := range sections.CheckSections(ctx, h.section) {
			state := "связь есть"
			if part.Err != nil {
				state, failed = part.Err.Error(), errors.New("связь есть не везде")
			}
			fmt.Fprintf(h.stdout, "%s: %s\n", part.Name, state)
		}
		return failed
	})
}

// ---- send

func (h *hand) send(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("укажите файл отправки: send FILE.json")
	}
	d, err := readDispatch(args[0])
	if err != nil {
		return err
	}
	if d.Delivery == "" {
		d.Delivery = fmt.Sprintf("hand-%d", time.Now().UnixNano())
	}
	if d.Attempt == 0 {
		d.Attempt = 1
	}
	return h.with(ctx, func(ch Channel) error {
		sender, ok := ch.(Sender)
		if !ok {
			return unimplemented(AbilitySend)
		}
		receipt, err := sender.Send(ctx, d)
		if err != nil {
			return err
		}
		out, err := object(receiptTo(receipt))
		if err != nil {
			return err
		}
		return h.print(out)
	})
}

// readDispatch reads a dispatch as the wire has it, in JSON; files is a list of
// paths beside the file.
func readDispatch(path string) (Dispatch, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Dispatch{}, err
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		return Dispatch{}, fmt.Errorf("%s: %w", path, err)
	}
	var paths []string
	if list, ok := whole["files"]; ok {
		if err := json.Unmarshal(list, &paths); err != nil {
			return Dispatch{}, fmt.Errorf("%s: files: %w", path, err)
		}
		delete(whole, "files")
	}
	if raw, err = json.Marshal(whole); err != nil {
		return Dispatch{}, err
	}
	var wire pluginv1.Dispatch
	if err := protojson.Unmarshal(raw, &wire); err != nil {
		return Dispatch{}, fmt.Errorf("%s: %w", path, err)
	}
	d := dispatchFrom(&wire)
	for _, p := range paths {
		if !filepath.IsAbs(p) {
			p = filepath.Join(filepath.Dir(path), p)
		}
		d.Files = append(d.Files, Path(p))
	}
	return d, nil
}

// ---- receive

func (h *hand) receive(ctx context.Context, _ []string) error {
	return h.with(ctx, func(ch Channel) error {
		receiver, ok := ch.(Receiver)
		if !ok {
			return unimplemented(AbilityReceive)
		}
		var after Cursor
		if h.cursor != "" {
			raw, err := os.ReadFile(h.cursor)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			after = raw
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		p := &printer{hand: h, turn: make(chan struct{}, 1), quiet: time.AfterFunc(h.idle, func() {
			if h.once {
				cancel()
			}
		})}
		defer p.quiet.Stop()
		err := receiver.Receive(ctx, after, p)
		if ctx.Err() != nil {
			return nil
		}
		return err
	})
}

// printer is the Emitter of a person: messages go to stdout, files to a folder.
type printer struct {
	*hand
	turn  chan struct{}
	quiet *time.Timer
	count int
}

var _ Emitter = (*printer)(nil)

func (p *printer) Emit(ctx context.Context, m Message, next Cursor) error {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.turn }()
	p.quiet.Stop()
	defer p.quiet.Reset(p.idle)
	p.count++
	out, err := object(messageTo(&m))
	if err != nil {
		return err
	}
	files := []any{}
	for i := range m.Files {
		f, err := p.file(&m.Files[i])
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	if len(files) > 0 {
		out["files"] = files
	}
	if err := p.print(out); err != nil {
		return err
	}
	return p.mark(next)
}

func (p *printer) Post(ctx context.Context, m Message, next Cursor) error {
	return p.Emit(ctx, m, next)
}

func (p *printer) Flush(context.Context) error { return nil }

func (p *printer) Mark(_ context.Context, next Cursor) error { return p.mark(next) }

func (p *printer) mark(next Cursor) error {
	if p.cursor == "" || next == nil {
		return nil
	}
	return os.WriteFile(p.cursor, next, 0o600)
}

// file puts a file into the folder, if there is one, and describes it.
func (p *printer) file(f *File) (any, error) {
	out, err := object(headOf(f))
	if err != nil || f.Open == nil {
		return out, err
	}
	r, err := f.Open()
	if err != nil {
		return nil, &plugin.ReadError{Name: f.Name, Err: err}
	}
	defer r.Close() //nolint:errcheck // only read
	if p.out == "" {
		n, err := io.Copy(io.Discard, r)
		out["size"] = n
		return out, err
	}
	path := filepath.Join(p.out, fmt.Sprintf("%04d-%s", p.count, safeName(f.Name)))
	w, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(w, r)
	out["size"], out["path"] = n, path
	return out, errors.Join(err, w.Close())
}

// safeName keeps a foreign file name inside the folder.
func safeName(name string) string {
	name = filepath.Base(strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name))
	if name == "." || name == ".." {
		return "file"
	}
	return string(bytes.TrimSpace([]byte(name)))
}
