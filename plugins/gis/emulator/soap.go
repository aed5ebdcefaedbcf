package emulator

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/google/uuid"
)

// request is one that was acknowledged.
type request struct {
	ack, header string // their and our MessageGUID
	action      string
	org         string
	el          *etree.Element
	polls       int
	applied     bool
	fault       Fault
	results     []outcome
}

// maxRequest bounds one request, in bytes.
const maxRequest = 32 << 20

// refusal is a SOAP fault.
type refusal struct{ code, text string }

func (r *refusal) Error() string { return r.code + ": " + r.text }

func refuse(code, format string, args ...any) error {
	return &refusal{code, fmt.Sprintf(format, args...)}
}

// soap answers one request of a service.
func (w *World) soap(rw http.ResponseWriter, r *http.Request, actions []string) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return // the client is gone
	}
	action := strings.TrimPrefix(strings.Trim(r.Header.Get("SOAPAction"), `"`), "urn:")
	f := w.Faults.take(action)
	if f.before(rw) {
		return
	}
	var body *etree.Element
	switch {
	case f.Code != "":
		err = refuse(f.Code, "Тестовый отказ")
	case r.Method != http.MethodPost || !slices.Contains(actions, action):
		err = refuse("FMT001300", "нет операции %s", action)
	default:
		body, err = w.answer(r.URL.Path, action, raw, f)
	}
	f.then()
	if f.Drop {
		hangUp(rw)
		return
	}
	w.write(rw, r, raw, body, err)
}

func (w *World) write(rw http.ResponseWriter, r *http.Request, raw []byte, body *etree.Element, failed error) {
	status := http.StatusOK
	if failed != nil {
		status, body = http.StatusInternalServerError, faultElement(failed)
	}
	answer := w.envelope(body, failed == nil)
	if w.o.Observe != nil {
		w.o.Observe(raw, answer)
	}
	rw.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if w.Faults.packs() && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		rw.Header().Set("Content-Encoding", "gzip")
		rw.WriteHeader(status)
		z := gzip.NewWriter(rw)
		_, _ = z.Write(answer)
		_ = z.Close()
		return
	}
	rw.WriteHeader(status)
	_, _ = rw.Write(answer)
}

func (w *World) envelope(body *etree.Element, header bool) []byte {
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	env := doc.CreateElement("s:Envelope")
	for prefix, uri := range map[string]string{
		"s": nsEnvelope, "b": nsBase, "a": nsAppeals, "n": nsNSIBase, "o": nsRegistry, "r": nsOrgs, "c": nsNSI,
	} {
		env.CreateAttr("xmlns:"+prefix, uri)
	}
	if header {
		h := env.CreateElement("s:Header").CreateElement("b:ResultHeader")
		h.CreateElement("b:Date").SetText(w.o.Now().Format(time.RFC3339))
		h.CreateElement("b:MessageGUID").SetText(uuid.NewString())
	}
	env.CreateElement("s:Body").AddChild(body)
	raw, err := doc.WriteToBytes()
	if err != nil {
		panic(err) // into memory
	}
	return raw
}

func faultElement(err error) *etree.Element {
	code, words := "EXP001000", err.Error()
	if r, ok := err.(*refusal); ok {
		code, words = r.code, r.text
	}
	el := etree.NewElement("s:Fault")
	el.CreateElement("faultcode").SetText("s:Server")
	el.CreateElement("faultstring").SetText(code + ": " + words)
	detail := el.CreateElement("detail").CreateElement("b:Fault")
	detail.CreateElement("b:ErrorCode").SetText(code)
	detail.CreateElement("b:ErrorMessage").SetText(words)
	return el
}

// answer checks a request and answers it.
func (w *World) answer(path, action string, raw []byte, f Fault) (*etree.Element, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return nil, refuse("FMT001300", "не XML")
	}
	head, el, err := split(doc, path, action)
	if err != nil {
		return nil, err
	}
	if w.o.Schema != "" && path == pathAppeals {
		if err := validate(w.o.Schema, raw); err != nil {
			return nil, refuse("FMT001300", "не по схеме: %v", err)
		}
	}
	org := text(head, "orgPPAGUID")
	if path == pathAppeals && len(w.o.Orgs) > 0 && !slices.ContainsFunc(w.o.Orgs, func(o string) bool { return strings.EqualFold(o, org) }) {
		return nil, refuse("AUT011002", "организация не найдена")
	}
	if action == "getState" {
		return w.state(text(el, "MessageGUID"), org)
	}
	if !slices.Contains(versions[action], el.SelectAttrValue("b:version", "")) {
		return nil, refuse("FMT001301", "версия не поддерживается")
	}
	if err := w.signed(raw, el); err != nil {
		return nil, err
	}
	return w.take(action, org, text(head, "MessageGUID"), el, f), nil
}

// split takes the header and the body's element out of the envelope.
func split(doc *etree.Document, path, action string) (head, el *etree.Element, err error) {
	env := doc.Root()
	if env == nil || env.Tag != "Envelope" || env.NamespaceURI() != nsEnvelope {
		return nil, nil, refuse("FMT001300", "не конверт SOAP")
	}
	heads, bodies := env.FindElements("./Header/*"), env.FindElements("./Body/*")
	if len(heads) != 1 || len(bodies) != 1 {
		return nil, nil, refuse("FMT001300", "заголовок и тело должны быть по одному")
	}
	for _, check := range []struct {
		rule rule
		el   *etree.Element
	}{{headerRule(path), heads[0]}, {grammar[action], bodies[0]}} {
		if err := check.rule.check(check.el); err != nil {
			return nil, nil, refuse("FMT001300", "%v", err)
		}
	}
	if err := keys(bodies[0]); err != nil {
		return nil, nil, refuse("FMT001300", "%v", err)
	}
	return heads[0], bodies[0], nil
}

// take acknowledges a request; one with a known number gets its first answer.
func (w *World) take(action, org, header string, el *etree.Element, f Fault) *etree.Element {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[action]++
	key := strings.ToLower(org + " " + header)
	req := w.seen[key]
	if req == nil || w.o.Repeats {
		req = &request{ack: uuid.NewString(), header: header, action: action, org: org, el: el.Copy(), fault: f}
		w.seen[key], w.requests[req.ack] = req, req
		if action == "importAnswer" && !w.o.Late {
			w.apply(req)
		}
	}
	out := etree.NewElement("b:AckRequest")
	ack := out.CreateElement("b:Ack")
	ack.CreateElement("b:MessageGUID").SetText(req.ack)
	ack.CreateElement("b:RequesterMessageGUID").SetText(header)
	return out
}

// Settle carries out every action that was acknowledged and waits (Late).
func (w *World) Settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		if r.action == "importAnswer" && !r.applied {
			w.apply(r)
		}
	}
}

// state tells what became of a request.
func (w *World) state(ack, org string) (*etree.Element, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts["getState"]++
	req := w.requests[strings.ToLower(ack)]
	if req == nil || !strings.EqualFold(req.org, org) {
		return nil, refuse("INT002013", "запрос не найден")
	}
	req.polls++
	out := etree.NewElement("a:getStateResult")
	out.CreateAttr("Id", "signed-data-container")
	out.CreateAttr("b:version", "12.2.0.5")
	state := 3
	if req.polls <= w.o.Polls {
		state = min(req.polls, 2)
	}
	out.CreateElement("b:RequestState").SetText(fmt.Sprint(state))
	out.CreateElement("b:MessageGUID").SetText(req.ack)
	if state == 3 {
		w.finish(req, out)
	}
	return out, nil
}

// finish writes the outcome of a request into the answer.
func (w *World) finish(req *request, out *etree.Element) {
	if req.fault.Fail != "" {
		errorElement(out, "b:ErrorMessage", req.fault.Fail, "Тестовая ошибка")
		return
	}
	switch req.action {
	case "exportAppeal":
		w.export(req, out)
	case "exportOrgRegistry":
		w.exportOrgs(req, out)
	case "exportNsiItem":
		w.exportTopics(req, out)
	case "importAnswer":
		if !req.applied {
			w.apply(req)
		}
		for _, r := range req.results {
			r.put(out)
		}
	}
}

func errorElement(at *etree.Element, name, code, words string) {
	el := at.CreateElement(name)
	el.CreateElement("b:ErrorCode").SetText(code)
	el.CreateElement("b:Description").SetText(words)
	el.CreateElement("b:StackTrace").SetText("at ru.gov.dom.Test(Test.java:1)")
}

// signed holds a request to its signature.
func (w *World) signed(raw []byte, el *etree.Element) error {
	sig := el.FindElement("./Signature")
	switch {
	case el.SelectAttrValue("Id", "") == "":
		return refuse("AUT011005", "нет Id подписанного элемента")
	case sig == nil && w.o.Unsigned:
		return nil
	case sig == nil || el.ChildElements()[0] != sig:
		return refuse("AUT011005", "нет подписи")
	case w.o.Verify == nil:
		return nil
	case bytes.Count(raw, []byte(`Id="`+el.SelectAttrValue("Id", "")+`"`)) != 1:
		return refuse("AUT011005", "Id встречается не один раз")
	}
	if err := w.verify(el, sig); err != nil {
		return refuse("AUT011005", "Ошибка формата подписи: %v", err)
	}
	return nil
}
