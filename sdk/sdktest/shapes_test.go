package sdktest_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	"github.com/uzel-hub/uzel/sdk"
)

// Tiny connectors, one for each shape an outside system has. They prove that
// the wire is wide enough; the test binary serves them as processes of its own.

// shapeEnv names the shape that the test binary is to serve.
const shapeEnv = "UZEL_TEST_SHAPE"

func TestMain(m *testing.M) {
	if os.Getenv(hubEnv) != "" {
		hubToBeKilled()
	}
	if os.Getenv(plugin.CookieKey) != plugin.CookieValue {
		os.Exit(m.Run())
	}
	switch os.Getenv(shapeEnv) {
	case "telephony":
		sdk.Serve(telephony())
	case "signer":
		sdk.Serve(signer())
	case "portal":
		sdk.Serve(portal())
	case "upload":
		sdk.Serve(upload())
	case "billing":
		sdk.Serve(billing())
	case "chat":
		sdk.Serve(chat())
	}
}

// remote are the settings of a connector whose outside system speaks HTTP.
type remote struct {
	URL   string        `setting:"url" title:"Адрес" required:"true"`
	Key   sdk.Secret    `setting:"key" title:"Ключ"`
	Every time.Duration `setting:"every" title:"Период опроса" default:"10ms"`
}

func (r *remote) Check(ctx context.Context) error { return r.ask(ctx, "GET", "/", nil, nil) }

// ask sends JSON and reads JSON.
func (r *remote) ask(ctx context.Context, method, path string, in, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, r.URL+path, strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", r.Key.Reveal())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read below
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return sdk.Misconfigured("key", errors.New("ключ не подходит"))
	case resp.StatusCode == http.StatusTooManyRequests:
		return sdk.RetryAfter(time.Second, errors.New("слишком часто"))
	case resp.StatusCode >= 400:
		return sdk.Rejected(fmt.Errorf("ответ %d", resp.StatusCode))
	case out == nil:
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

func number(c sdk.Cursor) int {
	n, _ := strconv.Atoi(string(c))
	return n
}

// ---- telephony: a stream of many small events, and a button "call"

type pbx struct{ remote }

type startedCall struct {
	Call string `json:"call" title:"Звонок"`
}

type callEvent struct {
	N    int    `json:"n"`
	Call string `json:"call"`
	Leg  string `json:"leg"`
	From string `json:"from"`
}

func telephony() sdk.Connector[remote] {
	type number struct {
		Phone string `setting:"phone" title:"Телефон" required:"true"`
	}
	return sdk.Connector[remote]{
		Name: "telephony", Title: "Телефония", Summary: "События звонков и звонок из карточки.", Version: "1.0.0",
		Type: (*pbx)(nil), Kinds: []sdk.Kind{sdk.KindCall},
		Operations: []sdk.Operation{{Name: "call", Title: "Позвонить", Place: sdk.PlaceDocument, Input: number{}, Output: startedCall{}, Confirm: true}},
		New:        func(_ context.Context, r remote, _ sdk.Env) (sdk.Channel, error) { return &pbx{r}, nil },
	}
}

// Receive reads the event stream; every leg of a call is a message that edits
// the one before.
func (p *pbx) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	req, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprint(p.URL, "/events?after=", number(after)), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		var e callEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return err
		}
		m := sdk.Message{
			ExternalID: fmt.Sprint(e.Call, "/", e.Leg), Kind: sdk.KindCall, Details: json.RawMessage(lines.Text()),
			From: sdk.Party{Addresses: []sdk.Address{{Kind: "phone", Value: e.From}}}, Thread: sdk.ThreadHint{External: e.Call},
		}
		if e.Leg != "ring" {
			m.Change, m.About = sdk.Edited, e.Call+"/ring"
		}
		if err := emit.Post(ctx, m, sdk.Cursor(strconv.Itoa(e.N))); err != nil {
			return err
		}
	}
	return errors.Join(errors.New("поток событий прервался"), emit.Flush(ctx))
}

func (p *pbx) Do(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	var out startedCall
	if err := p.ask(ctx, "POST", "/call", call.Input, &out); err != nil {
		return sdk.Result{}, err
	}
	values, err := sdk.ValuesOf(out)
	return sdk.Result{Output: values}, err
}

// ---- signer: a service for other connectors, files in and out, confirmed later

type signing struct {
	mu      sync.Mutex
	waiting map[string][]byte
}

func signer() sdk.Connector[struct{}] {
	type verdict struct {
		Valid  bool   `setting:"valid" title:"Верна"`
		Signer string `setting:"signer" title:"Подписал"`
	}
	return sdk.Connector[struct{}]{
		Name: "signer", Title: "Подпись", Summary: "Подписывает и проверяет файлы.", Version: "1.0.0",
		Type: (*signing)(nil),
		Operations: []sdk.Operation{
			{Name: "sign", Title: "Подписать", Place: sdk.PlaceService, FilesIn: true, FilesOut: true},
			{Name: "verify", Title: "Проверить подпись", Place: sdk.PlaceService, FilesIn: true, Output: verdict{}},
		},
		New: func(context.Context, struct{}, sdk.Env) (sdk.Channel, error) {
			return &signing{waiting: map[string][]byte{}}, nil
		},
	}
}

func (s *signing) Check(context.Context) error { return nil }

func digest(f sdk.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read
	h := sha256.New()
	_, err = io.Copy(h, r)
	return h.Sum(nil), err
}

func (s *signing) Do(_ context.Context, call sdk.OperationCall) (sdk.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if call.Token != "" { // the person has confirmed on the phone
		sum, ok := s.waiting[call.Token]
		if !ok {
			return sdk.Result{}, sdk.Invalid("token", "нет такой заявки на подпись")
		}
		sig := sdk.Bytes("document.sig", sum)
		sig.Role, sig.Signs = sdk.RoleSignature, "document"
		return sdk.Result{Files: []sdk.File{sig}}, nil
	}
	if len(call.Files) == 0 {
		return sdk.Result{}, sdk.Invalid("files", "нет файла")
	}
	sum, err := digest(call.Files[0])
	if err != nil {
		return sdk.Result{}, err
	}
	if call.Operation == "sign" {
		token := hex.EncodeToString(sum[:4])
		s.waiting[token] = sum
		return sdk.Result{Pending: true, Token: token, AskAfter: time.Millisecond}, nil
	}
	sig, err := digest(sdk.File{Open: call.Files[1].Open})
	if err != nil {
		return sdk.Result{}, err
	}
	want := sha256.Sum256(sum)
	return sdk.Result{Output: sdk.Values{"valid": hmac.Equal(sig, want[:]), "signer": "Иванов И. И."}}, nil
}

// ---- portal: a state system that is polled, takes and answers later, and asks
// the signer for signatures

type gate struct {
	remote
	env sdk.Env
}

func portal() sdk.Connector[remote] {
	return sdk.Connector[remote]{
		Name: "portal", Title: "Портал", Summary: "Опрашивается; принимает ответы и исполняет их позже.", Version: "1.0.0",
		Type: (*gate)(nil), Kinds: []sdk.Kind{sdk.KindAppeal},
		Purposes: []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposePerformer, sdk.PurposeStatus}, Calls: []string{"sign"},
		Limits: sdk.Limits{Concurrency: 4, MessageBytes: 25 << 20},
		New:    func(_ context.Context, r remote, env sdk.Env) (sdk.Channel, error) { return &gate{r, env}, nil },
	}
}

type appeal struct {
	N    int    `json:"n"`
	GUID string `json:"guid"`
	Text string `json:"text"`
}

func (g *gate) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	return sdk.Poll(ctx, g.Every, func() error {
		var page []appeal
		if err := g.ask(ctx, "GET", fmt.Sprint("/appeals?after=", number(after)), nil, &page); err != nil {
			return err
		}
		for _, a := range page {
			after = sdk.Cursor(strconv.Itoa(a.N))
			m := sdk.Message{
				ExternalID: a.GUID, Kind: sdk.KindAppeal, Text: a.Text, DueAt: time.Unix(int64(a.N), 0).UTC(),
				Fields: map[string]string{sdk.FieldAccount: "77"},
			}
			if err := emit.Emit(ctx, m, after); err != nil {
				return err
			}
		}
		return nil
	})
}

func (g *gate) Send(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	signature := ""
	if len(d.Files) > 0 {
		r, err := g.sign(ctx, d.Files)
		if err != nil {
			return sdk.Receipt{}, err
		}
		sum, err := digest(r.Files[0])
		if err != nil {
			return sdk.Receipt{}, err
		}
		signature = hex.EncodeToString(sum)
	}
	var out struct{ Request string }
	err := g.ask(ctx, "POST", "/answers", map[string]string{"id": d.Delivery, "origin": d.Origin, "text": d.Document.Text, "signature": signature}, &out)
	return sdk.Receipt{State: sdk.StateSubmitted, Token: out.Request}, err
}

// sign asks the signer, again and again while a person confirms.
func (g *gate) sign(ctx context.Context, files []sdk.File) (sdk.Result, error) {
	call := sdk.Call{Service: "sign", Files: files}
	for {
		r, err := g.env.Call(ctx, call)
		if err != nil || !r.Pending {
			return r, err
		}
		call.Token = r.Token
		if err := sdk.Pause(ctx, r.AskAfter); err != nil {
			return r, err
		}
	}
}

func (g *gate) Track(ctx context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
	out := make([]sdk.Receipt, len(items))
	for i, it := range items {
		var state struct{ State string }
		err := g.ask(ctx, "GET", "/requests/"+it.Token+"?id="+it.Delivery, nil, &state)
		switch {
		case sdk.KindOf(err) == "rejected" && err != nil:
			out[i].State = sdk.StateRetry // it does not have it
		case err != nil:
			out[i] = sdk.Receipt{State: sdk.StateUnknown, Err: err}
		default:
			out[i].State = sdk.State(state.State)
		}
	}
	return out, nil
}

// ---- upload: a web-hook that takes files, with a signature to be checked

// ---- billing: a panel beside an appeal, with a table and a receipt to download

type ledger struct{ remote }

type charge struct {
	Month string  `setting:"month" title:"Месяц"`
	Sum   float64 `setting:"sum" title:"Начислено"`
	Paid  float64 `setting:"paid" title:"Оплачено"`
}

type account struct {
	Debt    float64  `setting:"debt" title:"Долг"`
	Charges []charge `setting:"charges" title:"Начисления"`
}

type lookup struct {
	Account string    `setting:"account" title:"Лицевой счёт" required:"true"`
	From    time.Time `setting:"from" title:"С даты"`
}

func billing() sdk.Connector[remote] {
	return sdk.Connector[remote]{
		Name: "billing", Title: "Биллинг", Summary: "Начисления и долг по лицевому счёту.", Version: "1.0.0",
		Type: (*ledger)(nil),
		Operations: []sdk.Operation{
			{Name: "account", Title: "Лицевой счёт", Place: sdk.PlaceAccount, Input: lookup{}, Output: account{}, FilesOut: true},
			{Name: "reload", Title: "Обновить справочник", Place: sdk.PlaceChannel, Schedule: time.Hour},
		},
		New: func(_ context.Context, r remote, _ sdk.Env) (sdk.Channel, error) { return &ledger{r}, nil },
	}
}

func (l *ledger) Do(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	if call.Operation == "reload" {
		for i := range int64(3) {
			call.Progress(i+1, 3, "дома")
		}
		return sdk.Result{}, nil
	}
	var in lookup
	if err := call.Input.Decode(&in); err != nil {
		return sdk.Result{}, err
	}
	var found struct{ Charges []charge }
	switch err := l.ask(ctx, "GET", "/accounts/"+in.Account, nil, &found); {
	case err != nil && sdk.KindOf(err) == "rejected":
		return sdk.Result{}, sdk.Invalid("account", "нет такого лицевого счёта")
	case err != nil:
		return sdk.Result{}, err
	}
	out := account{Charges: found.Charges}
	for _, c := range found.Charges {
		out.Debt += c.Sum - c.Paid
	}
	values, err := sdk.ValuesOf(out)
	return sdk.Result{Output: values, Files: []sdk.File{sdk.Bytes("receipt.pdf", []byte("%PDF "+in.Account))}}, err
}

// ---- chat: lines that are edited and withdrawn, statuses of what was sent
