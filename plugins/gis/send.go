package main

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beevik/etree"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/sdk"
)

// Send implements sdk.Sender. Whatever may have been begun before, by this
// process, another one or another machine, is found first: in the journal, or by
// reading the appeal back. So a delivery made twice reaches GIS once.
func (a *account) Send(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	x, err := a.begin(ctx, &d)
	if err != nil {
		return sdk.Receipt{}, err
	}
	if x.Step == stepDone {
		return a.receipt(x), nil
	}
	return a.run(ctx, x, &d, a.set.Poll.Wait)
}

// begin finds where the delivery stands.
func (a *account) begin(ctx context.Context, d *sdk.Dispatch) (*exchange, error) {
	x, err := a.fresh(d)
	if err != nil || x.Step == stepDone {
		return x, err
	}
	had, known := a.journal.load(d.Delivery)
	switch {
	case known && had.Ack != "":
		return had, nil
	case known:
		return had, a.reconcile(ctx, had)
	case d.Attempt > 1 || x.Step == stepPerform || x.Step == stepClose:
		return x, a.reconcile(ctx, x)
	}
	return x, nil
}

// fresh is the exchange of a delivery that nobody has begun.
func (a *account) fresh(d *sdk.Dispatch) (*exchange, error) {
	x := &exchange{ID: d.Delivery, Appeal: appealOf(d), Close: a.set.Close, Try: d.Attempt << 10}
	if x.Appeal == "" {
		return nil, rejected("gis.origin", "документ не связан с обращением ГИС ЖКХ")
	}
	switch d.Purpose {
	case sdk.PurposeAnswer:
		x.Step, x.Answerer, x.Sum = stepLoad, a.set.answerer(d.Document.Author), sumOf(answerText(d))
		x.After = dayText(appeals.Day(d.Document.Date).AddDate(0, 0, -1)) // the hub's day may be ahead of GIS's
		if n := utf8.RuneCountInString(appeals.Clean(d.Document.Text)); n > appeals.MaxAnswer {
			return nil, rejected("gis.text", "ответ длиннее 10 000 знаков: сократите его или приложите файлом")
		}
	case sdk.PurposePerformer:
		x.Step, x.Answerer = stepPerform, a.set.Answerer
		if d.Performer != nil {
			x.Answerer = a.set.answerer(d.Performer.Name, d.Performer.ID)
		}
		if !d.DueAt.IsZero() {
			x.Planned = d.DueAt.In(moscow).Format(time.DateOnly)
		}
	case sdk.PurposeStatus:
		x.Step, x.Answerer = stepClose, a.set.answerer(d.Document.Author)
		if d.Status != "closed" {
			x.next(stepDone) // GIS has no such state
		}
	default:
		return nil, rejected("gis.purpose", "ГИС ЖКХ такого не принимает")
	}
	return x, nil
}

// answerText is the text of an answer; one of files alone has words of ours.
func answerText(d *sdk.Dispatch) string {
	if strings.TrimSpace(d.Document.Text) == "" {
		return "Ответ во вложении."
	}
	return d.Document.Text
}

func rejected(code, text string) error {
	return &sdk.Error{Kind: "rejected", Code: code, Source: "plugin", Text: text}
}

// appealOf is the GUID of the appeal a dispatch is about: the messages about an
// appeal have it at the beginning of their ids.
func appealOf(d *sdk.Dispatch) string {
	for _, id := range append([]string{d.Origin, d.Thread.External}, d.Thread.References...) {
		if id, _, _ = strings.Cut(id, "/"); guidForm.MatchString(id) {
			return appeals.Key(id)
		}
	}
	return ""
}

// reconcile reads the appeal back and leaves out of x what is done already.
func (a *account) reconcile(ctx context.Context, x *exchange) error {
	ap, err := a.read(ctx, x.Appeal)
	switch {
	case err != nil:
		return err
	case ap == nil:
		return rejected("gis.appeal", "обращения в ГИС ЖКХ нет, или оно передано другой организации")
	}
	x.reconcile(ap)
	return nil
}

func (x *exchange) reconcile(ap *appeals.Appeal) {
	switch x.Step {
	case stepLoad, stepSend:
		answer := x.own(ap)
		switch {
		case answer == nil && x.Step == stepSend && x.Answer != "":
			// A draft the export does not show: it was acknowledged with its number.
			x.Ack = ""
		case answer == nil:
			x.next(stepLoad)
		case answer.Sent:
			x.Answer, x.Number = appeals.Key(answer.GUID), answer.Number
			x.answered(ap)
		case answer.GUID != "":
			x.Answer = appeals.Key(answer.GUID)
			x.next(stepSend)
		}
	case stepClose:
		x.closed(ap)
	case stepPerform:
		if ap.Status != appeals.Sent {
			x.Planned = "" // told at the first assignment only
		}
		if !ap.Open() || ap.Status == appeals.InWork && appeals.Key(ap.Answerer) == appeals.Key(x.Answerer) {
			x.next(stepDone)
		}
	case stepRedirect:
		x.doneIf(ap.Redirected)
	case stepNotRequired:
		x.doneIf(ap.NotRequired)
	case stepExtend:
		x.doneIf(dayText(ap.Due()) == x.Until)
	}
}

func (x *exchange) doneIf(done bool) {
	if done {
		x.next(stepDone)
	}
}

// answered goes on after the answer is out.
func (x *exchange) answered(ap *appeals.Appeal) {
	x.next(stepDone)
	if x.Close {
		x.next(stepClose)
		if ap != nil {
			x.closed(ap)
		}
	}
}

func (x *exchange) closed(ap *appeals.Appeal) { x.doneIf(!ap.Open()) }

// own is the answer of this exchange in the appeal's history: by its number, or
// the one with the same text, a sent one before a draft; nil if there is none.
// Short answers are alike: one that is older than the document is another's.
func (x *exchange) own(ap *appeals.Appeal) *appeals.Answer {
	var found *appeals.Answer
	for _, e := range ap.History {
		switch answer := e.Answer; {
		case answer == nil:
		case x.Answer != "" && appeals.Key(answer.GUID) == x.Answer:
			return answer
		case e.Date != "" && dayText(appeals.Day(e.Date)) < x.After:
		case sumOf(answer.Text) == x.Sum && (found == nil || answer.Sent):
			found = answer
		}
	}
	return found
}

// run takes an exchange through its steps for so long; what is not done then is
// submitted, and the hub asks later. d is nil when the hub does.
func (a *account) run(ctx context.Context, x *exchange, d *sdk.Dispatch, limit time.Duration) (sdk.Receipt, error) {
	end := a.clock.now().Add(limit)
	for x.Step != stepDone {
		if x.Ack == "" {
			if err := a.find(ctx, x); err != nil {
				return sdk.Receipt{}, a.failed(x, err)
			}
			if x.Step == stepDone {
				break
			}
			if err := a.request(ctx, x, d); err != nil {
				return sdk.Receipt{}, a.failed(x, err)
			}
		}
		r, err := a.await(ctx, appeals.Path, x.Ack, max(end.Sub(a.clock.now()), 0))
		if err == nil && r != nil {
			err = a.settle(ctx, x, r)
		}
		switch {
		case classOf(codeOf(err)) == classGone:
			if err := a.gone(ctx, x); err != nil {
				return sdk.Receipt{}, a.failed(x, err)
			}
		case err != nil && (ctx.Err() != nil || r == nil && codeOf(err) == ""):
			return a.receipt(x), nil // it is under way: whoever asks next will know
		case err != nil:
			return sdk.Receipt{}, a.failed(x, err)
		case r == nil:
			return a.receipt(x), nil
		}
	}
	return a.receipt(x), a.journal.drop(x.ID)
}

// find looks for the draft that GIS saved without telling its number.
func (a *account) find(ctx context.Context, x *exchange) error {
	if x.Step != stepSend || x.Answer != "" {
		return nil
	}
	if err := a.reconcile(ctx, x); err != nil {
		return err
	}
	if x.Answer == "" {
		return rejected("gis.draft", "ГИС ЖКХ приняла черновик ответа, но не назвала его номера: отправьте ответ снова")
	}
	return nil
}

// failed tells the hub what became of an attempt that did not get through. An
// exchange that has ended for good leaves no journal.
func (a *account) failed(x *exchange, err error) error {
	if lost(err) {
		return sdk.Unknown(errors.New("ответ ГИС ЖКХ потерян"))
	}
	err = told(err)
	if kind := sdk.KindOf(err); kind == "rejected" || kind == "invalid" {
		if err2 := a.journal.drop(x.ID); err2 != nil {
			a.env.Log.Warn("journal not cleared", "error", err2)
		}
	}
	return err
}

// request submits the step under way.
func (a *account) request(ctx context.Context, x *exchange, d *sdk.Dispatch) error {
	el, err := a.step(ctx, x, d)
	if err != nil {
		return err
	}
	if err := a.journal.save(x); err != nil {
		return err
	}
	if x.Ack, err = a.submit(ctx, appeals.Path, "importAnswer", x.message(), el); err != nil {
		return err
	}
	return a.journal.save(x)
}

// step is the request of the step under way.
func (a *account) step(ctx context.Context, x *exchange, d *sdk.Dispatch) (*etree.Element, error) {
	var do appeals.Doing
	switch x.Step {
	case stepLoad, stepRedirect, stepExtend:
		if d == nil {
			return nil, &sdk.Error{Kind: "unknown", Source: "plugin", Text: "ответ не при отправке: нужен новый приём файлов"}
		}
		files, err := a.upload(ctx, d.Files)
		if err != nil {
			return nil, err
		}
		do = x.withFiles(d, files)
	case stepSend:
		do = appeals.SendAnswer{Inner: x.guid("answer"), Answer: x.Answer}
	case stepClose:
		do = appeals.Execute{}
	case stepPerform:
		do = appeals.Perform{Planned: appeals.Day(x.Planned)}
	case stepNotRequired:
		do = appeals.NotRequired{Cause: x.Comment}
	}
	return appeals.Import(x.action(do)), nil
}

func (x *exchange) withFiles(d *sdk.Dispatch, files []appeals.File) appeals.Doing {
	switch x.Step {
	case stepRedirect:
		return appeals.Redirect{Receiver: x.Receiver, Comment: x.Comment, Files: files}
	case stepExtend:
		return appeals.Extend{Until: appeals.Day(x.Until), Comment: x.Comment, Files: files}
	}
	return appeals.Load{Inner: x.guid("answer"), Text: answerText(d), Files: files}
}

// settle takes over the outcome of a step and goes on to the next. What GIS
// refuses may be done already: then the refusal says just that.
func (a *account) settle(ctx context.Context, x *exchange, r *appeals.Result) error {
	out, err := x.outcome(r)
	if err == nil {
		x.succeed(out)
		return a.journal.save(x)
	}
	if c := classOf(codeOf(err)); c == classRetry || c == classStop {
		x.Ack = "" // the request is spent: the next attempt needs another number
		x.Try++
		return errors.Join(err, a.journal.save(x))
	}
	step := x.Step
	if err2 := a.reconcile(ctx, x); err2 != nil {
		return err2
	}
	if x.Step != step {
		return a.journal.save(x)
	}
	if x.Step == stepClose && x.Number+x.Answer != "" { // the answer is out, only the closing failed
		x.Code, x.Note = codeOf(err), "ответ отправлен, но обращение не закрыто: "+err.Error()
		x.next(stepDone)
		return nil
	}
	return err
}

// outcome finds what became of the action of the step. GIS may name it by its
// own number or by the answer's inside it.
func (x *exchange) outcome(r *appeals.Result) (appeals.Outcome, error) {
	var out appeals.Outcome
	if r.Error != nil {
		return out, r.Error
	}
	found := false
	for _, o := range r.Imports {
		if t := appeals.Key(o.Transport); t != x.guid("action") && t != x.guid("answer") {
			continue
		}
		if len(o.Errors) > 0 {
			return o, &o.Errors[0]
		}
		found = true
		if o.GUID != "" {
			out.GUID = o.GUID
		}
		if o.Number != "" {
			out.Number = o.Number
		}
	}
	if !found {
		return out, &appeals.Error{Code: "INT002013", Text: "нет результата действия"}
	}
	return out, nil
}

func (x *exchange) succeed(out appeals.Outcome) {
	switch x.Step {
	case stepLoad:
		x.Answer = appeals.Key(out.GUID)
		x.next(stepSend)
	case stepSend:
		x.Number = out.Number
		x.answered(nil)
	default:
		x.next(stepDone)
	}
}

// gone is what to do when GIS does not know a request it had acknowledged: see
// whether it was carried out; if not, a person must know.
func (a *account) gone(ctx context.Context, x *exchange) error {
	step := x.Step
	x.Ack = ""
	if err := a.reconcile(ctx, x); err != nil {
		return err
	}
	if x.Step == step {
		return rejected("gis.gone", "ГИС ЖКХ приняла запрос и не знает о нём: действие не выполнено, повторите его (INT002013)")
	}
	return a.journal.save(x)
}

// receipt tells the hub how far the exchange is.
func (a *account) receipt(x *exchange) sdk.Receipt {
	if x.Step != stepDone {
		return sdk.Receipt{State: sdk.StateSubmitted, Token: x.token(), Text: "ГИС ЖКХ обрабатывает запрос"}
	}
	r := sdk.Receipt{State: sdk.StateSent, ExternalID: x.Answer, Code: x.Code, Text: x.Note, At: a.clock.now()}
	if r.Text == "" && x.Number != "" {
		r.Text = "ответ № " + x.Number
	}
	return r
}

// Track implements sdk.Tracker: it asks once about each delivery and goes on
// with its next step.
func (a *account) Track(ctx context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
	out := make([]sdk.Receipt, len(items))
	for i, it := range items {
		x, known := a.journal.load(it.Delivery)
		if !known {
			x, known = exchangeOf(it.Token)
		}
		if !known {
			out[i].State = sdk.StateUnknown
			continue
		}
		r, err := a.track(ctx, x)
		if err != nil {
			r = a.trouble(x, err)
		}
		out[i] = r
	}
	return out, nil
}

func (a *account) track(ctx context.Context, x *exchange) (sdk.Receipt, error) {
	if x.Ack != "" || x.Step == stepDone {
		return a.run(ctx, x, nil, 0)
	}
	if err := a.reconcile(ctx, x); err != nil {
		return sdk.Receipt{}, err
	}
	if x.Step == stepLoad {
		return a.anew(x)
	}
	return a.run(ctx, x, nil, 0)
}

// anew has the hub hand the delivery over again, for its text and files. What
// was submitted becomes unknown first, then it is safe to send.
func (a *account) anew(x *exchange) (sdk.Receipt, error) {
	if x.Lost {
		return sdk.Receipt{State: sdk.StateRetry}, nil
	}
	x.Lost = true
	return sdk.Receipt{State: sdk.StateUnknown, Token: x.token()}, a.journal.save(x)
}

// trouble is the answer about a delivery that failed or could not be asked
// about. Unless it ended, the hub keeps how far it is: it is read back next time.
func (a *account) trouble(x *exchange, err error) sdk.Receipt {
	err = told(err)
	e, _ := errors.AsType[*sdk.Error](err)
	switch sdk.KindOf(err) {
	case "rejected", "invalid":
		return sdk.Receipt{State: sdk.StateRejected, Code: strings.ToUpper(strings.TrimPrefix(e.Code, "gis.")), Text: e.Error()}
	case "config":
		return sdk.Receipt{Err: err}
	}
	return sdk.Receipt{State: sdk.StateSubmitted, Token: x.token(), Text: err.Error()}
}
