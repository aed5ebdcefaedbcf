package main

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/sdk"
)

// What the buttons on the card ask for.
type (
	redirectInput struct {
		Receiver string `setting:"receiver" title:"Кому (orgRootEntityGUID)" required:"true" help:"Идентификатор организации в реестре ГИС ЖКХ"`
		Comment  string `setting:"comment" title:"Комментарий" multiline:"true" max:"1000"`
	}
	extendInput struct {
		Until   time.Time `setting:"until" title:"Новый срок" required:"true"`
		Comment string    `setting:"comment" title:"Причина продления" required:"true" multiline:"true" max:"1000"`
	}
	notRequiredInput struct {
		Cause string `setting:"cause" title:"Причина" required:"true" multiline:"true" max:"1000"`
	}
	// operationResult is what every button shows.
	operationResult struct {
		Status string `setting:"status" title:"Состояние в ГИС ЖКХ"`
		Due    string `setting:"due" title:"Срок"`
	}
)

func operations() []sdk.Operation {
	return []sdk.Operation{
		{
			Name: stepRedirect, Title: "Переадресовать в ГИС ЖКХ", Place: sdk.PlaceDocument, Confirm: true, FilesIn: true,
			Help:  "Обращение перейдёт другой организации, зарегистрированной в ГИС ЖКХ",
			Input: redirectInput{}, Output: operationResult{},
		},
		{
			Name: stepExtend, Title: "Продлить срок в ГИС ЖКХ", Place: sdk.PlaceDocument, FilesIn: true,
			Input: extendInput{}, Output: operationResult{},
		},
		{
			Name: stepNotRequired, Title: "Ответ не требуется", Place: sdk.PlaceDocument, Confirm: true,
			Input: notRequiredInput{}, Output: operationResult{},
		},
		{
			Name: stepClose, Title: "Закрыть в ГИС ЖКХ", Place: sdk.PlaceDocument, Confirm: true,
			Help: "Обращение получит статус «Выполнено»", Output: operationResult{},
		},
		{
			Name: "status", Title: "Состояние в ГИС ЖКХ", Place: sdk.PlaceDocument,
			Help: "Прочитать обращение в ГИС ЖКХ сейчас", Output: operationResult{},
		},
	}
}

// operationWait is how long a button waits before it says "not yet".
const operationWait = 20 * time.Second

// Do implements sdk.Operator. What GIS has not carried out yet is pending: the
// token says how far it is.
func (a *account) Do(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	x, known := exchangeOf(call.Token)
	if !known {
		var err error
		if x, err = a.operation(ctx, call); err != nil {
			return sdk.Result{}, told(err)
		}
	}
	if x.Step != stepDone {
		r, err := a.run(ctx, x, &sdk.Dispatch{Files: call.Files}, operationWait)
		if err != nil {
			return sdk.Result{}, err
		}
		if r.State == sdk.StateSubmitted {
			return sdk.Result{Pending: true, Token: r.Token, AskAfter: a.set.Poll.First}, nil
		}
	}
	ap, err := a.read(ctx, x.Appeal)
	if err != nil || ap == nil {
		return sdk.Result{}, err
	}
	return sdk.Result{Output: sdk.Values{"status": statusText(ap), "due": dayText(ap.Due())}}, nil
}

// operation is the exchange of a pressed button, done already if the appeal
// stands so.
func (a *account) operation(ctx context.Context, call sdk.OperationCall) (*exchange, error) {
	appeal, err := a.appealOn(ctx, call.Document)
	if err != nil {
		return nil, err
	}
	x := &exchange{ID: "op-" + uuid.NewString(), Appeal: appeal, Step: call.Operation, Answerer: a.set.answerer(call.User)}
	switch call.Operation {
	case "status":
		x.Step = stepDone
		return x, nil
	case stepRedirect:
		var in redirectInput
		err = call.Input.Decode(&in)
		x.Receiver, x.Comment = strings.TrimSpace(in.Receiver), in.Comment
		if err == nil && !guidForm.MatchString(x.Receiver) {
			err = sdk.Invalid("receiver", "нужен идентификатор вида 00000000-0000-0000-0000-000000000000")
		}
	case stepExtend:
		var in extendInput
		err = call.Input.Decode(&in)
		x.Until, x.Comment = dayText(in.Until), in.Comment
	case stepNotRequired:
		var in notRequiredInput
		err = call.Input.Decode(&in)
		x.Comment = in.Cause
	}
	if err != nil {
		return nil, err
	}
	return x, a.reconcile(ctx, x)
}

// appealOn asks the hub which appeal of GIS a document is.
func (a *account) appealOn(ctx context.Context, document string) (string, error) {
	r, err := a.env.Call(ctx, sdk.Call{Service: serviceDocument, Input: sdk.Values{"document": document}})
	if err != nil {
		return "", err
	}
	id, _ := r.Output["external_id"].(string)
	if id = appealOf(&sdk.Dispatch{Origin: id}); id == "" {
		return "", rejected("gis.origin", "документ не связан с обращением ГИС ЖКХ")
	}
	return id, nil
}

func statusText(ap *appeals.Appeal) string {
	out := statuses[ap.Status]
	if out == "" {
		out = ap.Status
	}
	for _, f := range []struct {
		on   bool
		text string
	}{
		{ap.Redirected || ap.RedirectOut, "переадресовано"}, {ap.Extended, "срок продлён"}, {ap.NotRequired, "ответ не требуется"},
	} {
		if f.on {
			out += ", " + f.text
		}
	}
	return out
}
