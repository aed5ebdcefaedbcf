package emulator

import (
	"fmt"
	"time"

	"github.com/beevik/etree"
	"github.com/google/uuid"
)

// outcome is the result of one action.
type outcome struct {
	guid, transport, number string
	code, words             string
	at                      time.Time
}

func (o outcome) put(at *etree.Element) {
	el := at.CreateElement("a:ImportResult")
	if o.guid != "" {
		el.CreateElement("b:GUID").SetText(o.guid)
	}
	el.CreateElement("b:TransportGUID").SetText(o.transport)
	if o.code != "" {
		errorElement(el, "b:Error", o.code, o.words)
		return
	}
	if o.number != "" {
		el.CreateElement("b:UniqueNumber").SetText(o.number)
	}
	el.CreateElement("b:UpdateDate").SetText(o.at.Format(time.RFC3339))
}

// apply carries out the actions of a request, each by itself. The lock is held.
func (w *World) apply(req *request) {
	req.applied = true
	for _, action := range req.el.ChildElements() {
		switch action.Tag {
		case "AnswerAction":
			for _, answer := range action.FindElements("./Answer") {
				req.results = append(req.results, w.try(req, answer, func(o *outcome) error {
					return w.answerAction(req.org, action, answer, o)
				}))
			}
		case "AppealAction":
			req.results = append(req.results, w.try(req, action, func(*outcome) error { return w.appealAction(req.org, action) }))
		}
	}
}

// try is the outcome of one action that is refused if the fault says so.
func (w *World) try(req *request, el *etree.Element, do func(*outcome) error) outcome {
	o := outcome{transport: text(el, "TransportGUID"), at: w.o.Now()}
	var err error
	switch {
	case req.fault.Reject != "":
		err = refuse(req.fault.Reject, "Тестовая ошибка контроля")
	case req.fault.Fail != "":
		return o
	default:
		err = do(&o)
	}
	if r, ok := err.(*refusal); ok {
		o.code, o.words = r.code, r.text
	}
	return o
}

// mine finds the appeal an action names, if it is the organisation's and open.
func (w *World) mine(org string, action *etree.Element) (*Appeal, error) {
	name := text(action, "AppealGUID")
	if name == "" {
		name = text(action, "AppealNumber")
	}
	a := w.find(name)
	switch {
	case a == nil || a.Org != "" && a.Org != org:
		return nil, refuse("INT002000", "обращение не найдено")
	case a.Status == "Withdrawn":
		return nil, refuse("INT016001", "обращение отозвано заявителем")
	}
	return a, nil
}

func (w *World) answerAction(org string, action, el *etree.Element, o *outcome) error {
	a, err := w.mine(org, action)
	if err != nil {
		return err
	}
	if a.Status == "Executed" {
		return refuse("INT016002", "обращение исполнено")
	}
	answer := findAnswer(a, text(el, "AnswerGUID"))
	load := el.FindElement("./LoadAnswer")
	switch {
	case text(el, "AnswerGUID") != "" && answer == nil:
		return refuse("INT016003", "ответ не найден")
	case answer != nil && answer.Sent:
		return refuse("INT016004", "ответ уже отправлен")
	case text(el, "DeleteAnswer") != "":
		answer.Text = ""
		return nil
	case answer == nil && load == nil:
		return refuse("INT016005", "нет текста ответа")
	case answer == nil:
		answer = &Answer{GUID: uuid.NewString()}
		a.History = append(a.History, Event{Date: w.o.Now(), Answer: answer})
	}
	o.guid = answer.GUID
	answer.Answerer = text(el, "AnswererGUID")
	if load != nil {
		answer.Text = load.FindElement("./AnswerText").Text()
		if answer.Files, answer.Signatures, err = w.attached(load); err != nil {
			return err
		}
	}
	if text(el, "SendAnswer") == "" {
		return nil
	}
	w.serial++
	answer.Sent, answer.SentOn, answer.Number = true, w.o.Now(), fmt.Sprintf("%s-%d", a.Number, w.serial)
	o.number = answer.Number
	if w.o.CloseOnAnswer {
		a.Status = "Executed"
	}
	return nil
}

func findAnswer(a *Appeal, guid string) *Answer {
	for _, e := range a.History {
		if e.Answer != nil && guid != "" && e.Answer.GUID == guid {
			return e.Answer
		}
	}
	return nil
}

// attached are the files an element refers to; each must be in the store and
// not yet in use.
func (w *World) attached(el *etree.Element) (files []File, signatures map[string][]File, err error) {
	signatures = map[string][]File{}
	for _, f := range el.FindElements("./Attachment") {
		one, err := w.use(f)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, one)
	}
	for _, s := range el.FindElements("./SignedAttachments") {
		one, err := w.use(s.FindElement("./Attachment"))
		if err != nil {
			return nil, nil, err
		}
		files = append(files, one)
		for _, f := range s.FindElements("./Signature") {
			sig, err := w.use(f)
			if err != nil {
				return nil, nil, err
			}
			signatures[one.GUID] = append(signatures[one.GUID], sig)
		}
	}
	return files, signatures, nil
}

func (w *World) use(el *etree.Element) (File, error) {
	out := File{
		GUID: text(el, "Attachment/AttachmentGUID"), Name: text(el, "Name"),
		Description: text(el, "Description"), Hash: text(el, "AttachmentHASH"),
	}
	stored := w.files[out.GUID]
	switch {
	case stored == nil || !stored.complete:
		return out, refuse("FIL001001", "файл не найден")
	case stored.used:
		return out, refuse("FIL001004", "файл уже использован")
	}
	stored.used = true
	return out, nil
}

func (w *World) appealAction(org string, action *etree.Element) error {
	a, err := w.mine(org, action)
	if err != nil {
		return err
	}
	if a.Status == "Executed" {
		return refuse("INT016002", "обращение исполнено")
	}
	now := w.o.Now()
	for _, el := range action.ChildElements() {
		who := text(el, "AnswererGUID")
		switch el.Tag {
		case "Performer":
			if d := text(el, "DateOfAppointment"); d != "" {
				if a.Answerer != "" {
					return refuse("INT016006", "плановая дата задаётся при первом назначении")
				}
				a.Planned = day(d)
			}
			a.Answerer, a.Status = who, "InWork"
		case "Executed":
			a.Status = "Executed"
		case "RedirectAppeal":
			a.Redirected = true
			a.History = append(a.History, Event{Date: now, Redirect: &Redirect{
				Receiver: text(el, "Receiver/orgRootEntityGUID"), Comment: text(el, "Comment"), Answerer: who,
			}})
		case "RollOverAppeal":
			a.Extended = true
			a.History = append(a.History, Event{Date: now, Extend: &Extend{
				Until: day(text(el, "ExecutionDate")), Comment: text(el, "Comment"), Answerer: who,
			}})
		case "AnswerIsNotRequired":
			cause := text(el, "Cause")
			a.NotRequired = true
			a.History = append(a.History, Event{Date: now, Cause: &cause})
		}
	}
	return nil
}

func day(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s[:min(len(s), len(time.DateOnly))]) // the grammar has seen it
	return t
}
