package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beevik/etree"
	"github.com/google/uuid"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/plugins/gis/internal/soap"
	"github.com/uzel-hub/uzel/plugins/gis/internal/xades"
	"github.com/uzel-hub/uzel/sdk"
)

// submit signs and sends a request and returns GIS's number of it. message is
// our number: the same request sent again carries the same one.
func (a *account) submit(ctx context.Context, path, action, message string, el *etree.Element) (ack string, err error) {
	if a.set.Signature == "eds" {
		if err := xades.Sign(ctx, el, a.eds, "xmldsig-"+uuid.NewString(), a.clock.now().In(moscow)); err != nil {
			return "", signFault(err)
		}
	}
	reply, err := a.soap.Call(ctx, path, action, a.header(path, action, message), el)
	if err != nil {
		return "", err
	}
	if reply.Ack == nil || reply.Ack.Message == "" {
		return "", &soap.Lost{Err: errors.New("no acknowledgement in the answer")}
	}
	return reply.Ack.Message, nil
}

// signFault keeps what the signature connector said and tells whose it is.
func signFault(err error) error {
	if e, ok := errors.AsType[*sdk.Error](err); ok {
		return e
	}
	return &sdk.Error{Kind: "unavailable", Code: "gis.signature", Source: "plugin", Text: "запрос не подписан", Err: err}
}

func (a *account) header(path, action, message string) soap.Header {
	h := soap.Header{Date: a.clock.now().In(moscow), Message: message, Operator: a.set.Operator}
	if path == appeals.Path {
		h.Org = a.set.Org
	}
	if action == "importAnswer" {
		h.ISName, h.ISOperator = a.set.ISName, a.set.ISOperator
	}
	return h
}

// ask asks once what became of a request; nil if it is not done yet.
func (a *account) ask(ctx context.Context, path, ack string) (*appeals.Result, error) {
	reply, err := a.soap.Call(ctx, path, "getState", a.header(path, "getState", uuid.NewString()), appeals.State(ack))
	if err != nil {
		return nil, err
	}
	var r appeals.Result
	if err := reply.Decode(&r); err != nil {
		return nil, &soap.Lost{Err: err}
	}
	if r.State != soap.Processed {
		return nil, nil
	}
	return &r, nil
}

// askFailures is how many questions in a row may fail before the failure is
// told.
const askFailures = 5

// await asks until the request is done or so much time has gone by; nil then.
// That one question was not answered does not end it.
func (a *account) await(ctx context.Context, path, ack string, limit time.Duration) (*appeals.Result, error) {
	end := a.clock.now().Add(limit)
	pause := a.set.Poll.First
	for failures := 0; ; {
		if err := a.clock.wait(ctx, min(pause, max(end.Sub(a.clock.now()), 0)), nil); err != nil {
			return nil, err
		}
		r, err := a.ask(ctx, path, ack)
		if r != nil || errors.Is(err, soap.ErrTooLarge) || codeOf(err) != "" && classOf(codeOf(err)) != classRetry {
			return r, err
		}
		if failures++; err == nil {
			failures = 0
		}
		if failures == askFailures || !a.clock.now().Before(end) {
			return nil, err
		}
		pause = min(2*pause, a.set.Poll.Most)
	}
}

// fetchLimit is how long one export is waited for; then it is asked for anew.
const fetchLimit = time.Hour

// fetch submits a request that only reads, and waits for its result. What is not
// there is an empty result.
func (a *account) fetch(ctx context.Context, path, action string, el *etree.Element, limit time.Duration) (*appeals.Result, error) {
	ack, err := a.submit(ctx, path, action, uuid.NewString(), el)
	if err != nil {
		if classOf(codeOf(err)) == classEmpty {
			return &appeals.Result{}, nil
		}
		return nil, told(err)
	}
	r, err := a.await(ctx, path, ack, limit)
	switch {
	case err != nil && classOf(codeOf(err)) == classEmpty:
		return &appeals.Result{}, nil
	case err != nil && classOf(codeOf(err)) == classGone:
		return nil, &sdk.Error{Kind: "unavailable", Code: "gis.gone", Source: "remote", Text: "ГИС ЖКХ потеряла запрос", Err: err}
	case err != nil:
		return nil, told(err)
	case r == nil:
		return nil, &sdk.Error{Kind: "unavailable", Code: "gis.slow", Source: "remote", Text: "ГИС ЖКХ не подготовила ответ за отведённое время"}
	case r.Error != nil:
		return r, told(refusedResult(r))
	}
	return r, nil
}

func refusedResult(r *appeals.Result) error {
	if classOf(r.Error.Code) == classEmpty {
		return nil
	}
	return r.Error
}

// readLimit is how long the reading back of one appeal is waited for.
const readLimit = 40 * time.Second

// read reads one appeal back; nil if GIS has none of that number.
func (a *account) read(ctx context.Context, guid string) (*appeals.Appeal, error) {
	r, err := a.fetch(ctx, appeals.Path, "exportAppeal", appeals.Export(appeals.Selection{GUIDs: []string{guid}}), readLimit)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(r.Appeals, func(ap appeals.Appeal) bool { return ap.Key() == appeals.Key(guid) })
	if i < 0 {
		return nil, nil
	}
	return &r.Appeals[i], nil
}

// read moves values into a struct by the names of encoding/json.
func read(v sdk.Values, into any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read answer of a service: %w", err)
	}
	return nil
}
