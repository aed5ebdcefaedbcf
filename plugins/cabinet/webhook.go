package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

// event is the body of a web-hook and a line of the log. It carries no text and
// no name of the resident: the cabinet reads the appeal it is about.
type event struct {
	ID       string    `json:"id"`    // the delivery: the same at each attempt
	Event    string    `json:"event"` // answer, performer, status, notice, document, ping
	At       time.Time `json:"at"`
	Resident string    `json:"resident,omitempty"`
	Appeal   string    `json:"appeal,omitempty"`
	Number   string    `json:"number,omitempty"`
	Status   string    `json:"status,omitempty"` // of the appeal: registered, in_work, answered, closed
	Message  string    `json:"message,omitempty"`
	// Performer is who works on it, as the organisation names him.
	Performer string `json:"performer,omitempty"`
	State     string `json:"state,omitempty"` // of the delivery; in the log only
}

// Send implements sdk.Sender. A cabinet without a web-hook comes for the news
// by itself: for it they are sent when they can be read.
func (c *cabinet) Send(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	if c.Mode == modePoll {
		return c.sendTo(ctx, d)
	}
	receipt := sdk.Receipt{State: sdk.StateSent, ExternalID: d.Delivery}
	if c.Webhook.URL == "" {
		return receipt, nil
	}
	return receipt, c.post(ctx, eventOf(d, c.now().UTC()))
}

// Track implements sdk.Tracker: a web-hook may be repeated, its id tells the
// cabinet; of another vendor's cabinet nobody can say what it took.
func (c *cabinet) Track(_ context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
	state := sdk.StateRetry
	if c.Mode == modePoll {
		state = sdk.StateUnknown
	}
	out := make([]sdk.Receipt, len(items))
	for i := range out {
		out[i].State = state
	}
	return out, nil
}

func eventOf(d sdk.Dispatch, at time.Time) event {
	e := event{ID: d.Delivery, Event: string(d.Purpose), At: at, Appeal: d.Origin, Status: d.Status}
	if len(d.To) > 0 {
		e.Resident = d.To[0].Address("outside")
	}
	if d.Performer != nil {
		e.Performer = d.Performer.Name
	}
	switch d.Purpose {
	case sdk.PurposePerformer, sdk.PurposeStatus: // these carry the appeal itself
		e.Number = d.Document.Number
	default:
		e.Message, e.Number = d.Document.ID, d.Document.OriginNumber
	}
	return e
}

// post hands an event to the cabinet's web-hook, signed.
func (c *cabinet) post(ctx context.Context, e event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	u, err := url.Parse(c.Webhook.URL)
	if err != nil {
		return sdk.Misconfigured("webhook.url", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Webhook.URL, bytes.NewReader(body))
	if err != nil {
		return sdk.Misconfigured("webhook.url", err)
	}
	sum := sha256.Sum256(body)
	at, hash := strconv.FormatInt(c.now().Unix(), 10), hex.EncodeToString(sum[:])
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(headerTime, at)
	r.Header.Set(headerHash, hash)
	r.Header.Set(headerSignature, sign(c.Key.Reveal(), toCabinet, http.MethodPost, u.RequestURI(), at, hash))
	reply, err := c.client.Do(r)
	if err != nil {
		return outside(err)
	}
	defer drain(reply.Body)
	return judge(reply, "webhook.url", "key")
}

// drain reads what is left, so that the connection can serve again.
func drain(body io.ReadCloser) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 64<<10)) // what it says is of no interest
	body.Close()                                             //nolint:errcheck // only read
}

// judge says what the status of an answer means: whose fault it is and whether
// to come again.
func judge(reply *http.Response, address, key string) error {
	code := fmt.Sprintf("http.%d", reply.StatusCode)
	refusal := &sdk.Error{Code: code, Source: "remote", Text: fmt.Sprintf("кабинет ответил %d", reply.StatusCode)}
	switch s := reply.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		refusal.Kind, refusal.Field = "config", key
	case s >= 300 && s < 400, s == http.StatusNotFound, s == http.StatusGone, s == http.StatusMethodNotAllowed:
		refusal.Kind, refusal.Field = "config", address
	case s == http.StatusTooManyRequests || s == http.StatusRequestTimeout || s >= 500:
		refusal.Kind, refusal.After = "unavailable", retryAfter(reply.Header)
	default:
		refusal.Kind = "rejected"
	}
	return refusal
}

// maxAfter bounds how long another system may tell us to wait.
const maxAfter = time.Hour

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(min(n, int(maxAfter/time.Second)))*time.Second, maxAfter)
}

// ---- the log and its replay

type logPage struct {
	Items []struct {
		Delivery  string    `json:"delivery"`
		Purpose   string    `json:"purpose"`
		State     string    `json:"state"`
		At        time.Time `json:"at"`
		Applicant string    `json:"applicant"`
		Appeal    string    `json:"appeal"`
		Number    string    `json:"number"`
		Status    string    `json:"status"`
		Performer string    `json:"performer"`
		Message   string    `json:"message"`
	} `json:"items"`
	Next string `json:"next"`
}

func (c *cabinet) log(ctx context.Context, input sdk.Values) (out logPage, err error) {
	reply, err := c.env.Call(ctx, sdk.Call{Service: callLog, Input: input})
	if err != nil {
		return out, err
	}
	raw, err := json.Marshal(reply.Output)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	return out, err
}

func (p logPage) events() []event {
	out := make([]event, len(p.Items))
	for i, it := range p.Items {
		out[i] = event{
			ID: it.Delivery, Event: it.Purpose, At: it.At, Resident: it.Applicant, Appeal: it.Appeal, Number: it.Number,
			Status: it.Status, Message: it.Message, Performer: it.Performer, State: it.State,
		}
	}
	return out
}

type replayInput struct {
	Since string `setting:"since" title:"С момента" required:"true" example:"2026-11-01T00:00:00Z" help:"RFC 3339"`
}

type replayOutput struct {
	Sent int `setting:"sent" title:"Отправлено"`
}

// Do implements sdk.Operator: replay.
func (c *cabinet) Do(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	var in replayInput
	if err := call.Input.Decode(&in); err != nil {
		return sdk.Result{}, err
	}
	if _, err := time.Parse(time.RFC3339, in.Since); err != nil {
		return sdk.Result{}, sdk.Invalid("since", "нужен момент вида 2026-11-01T00:00:00Z")
	}
	if c.Mode != modeAPI || c.Webhook.URL == "" {
		return sdk.Result{}, sdk.Invalid("since", "у канала нет веб-хука")
	}
	sent, err := c.replay(ctx, in.Since, call.Progress)
	if err != nil {
		return sdk.Result{}, err
	}
	out, err := sdk.ValuesOf(replayOutput{Sent: sent})
	return sdk.Result{Output: out}, err
}

// replay sends what was handed over since then once more, in order.
func (c *cabinet) replay(ctx context.Context, since string, progress func(done, total int64, text string)) (sent int, err error) {
	for input := (sdk.Values{"since": since}); ; {
		page, err := c.log(ctx, input)
		if err != nil {
			return sent, err
		}
		for _, e := range page.events() {
			if e.State == "queued" || e.State == "cancelled" {
				continue
			}
			e.State = ""
			if err := c.post(ctx, e); err != nil && sdk.KindOf(err) != "rejected" {
				return sent, err
			} else if err == nil {
				sent++
			}
		}
		if progress != nil {
			progress(int64(sent), 0, "")
		}
		if page.Next == "" {
			return sent, nil
		}
		input["after"] = page.Next
	}
}
