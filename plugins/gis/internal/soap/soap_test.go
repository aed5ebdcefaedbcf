package soap_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/plugins/gis/internal/soap"
)

const head = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:b="http://dom.gosuslugi.ru/schema/integration/base/"><s:Body>`

const tail = `</s:Body></s:Envelope>`

// TestHostileXMLIsRefused: nothing of it is expanded or followed.
func TestHostileXMLIsRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"document type":          `<!DOCTYPE s:Envelope [<!ENTITY a "b">]>` + head + `<x>&a;</x>` + tail,
		"external entity":        `<!DOCTYPE x SYSTEM "file:///etc/passwd">` + head + tail,
		"unknown entity":         head + `<x>&nbsp;</x>` + tail,
		"processing instruction": head + `<?php 1 ?>` + tail,
		"too deep":               head + strings.Repeat("<x>", 100) + strings.Repeat("</x>", 100) + tail,
		"HTML":                   `<html><body>Bad Gateway</body></html>`,
		"unclosed":               head + `<x>`,
		"crossed":                head + `<x><y></x></y>` + tail,
		"nothing":                ``,
		"not UTF-8":              head + "<x>\xff</x>" + tail,
	} {
		if _, err := soap.Parse([]byte(raw)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestFaultsAreRead(t *testing.T) {
	for raw, want := range map[string]soap.Fault{
		`<s:Fault><faultcode>s:Server</faultcode><faultstring>EXP001000: Отказ</faultstring><detail><b:Fault><b:ErrorCode>EXP001000</b:ErrorCode><b:ErrorMessage>Отказ</b:ErrorMessage><b:StackTrace>at x</b:StackTrace></b:Fault></detail></s:Fault>`: {Code: "EXP001000", Text: "Отказ"},
		`<s:Fault><faultstring>AUT011003: Доступ запрещён</faultstring></s:Fault>`: {Code: "AUT011003", Text: "Доступ запрещён"},
		`<s:Fault><faultstring>Что-то не так</faultstring></s:Fault>`:              {Text: "Что-то не так"},
	} {
		r, err := soap.Parse([]byte(head + raw + tail))
		if err != nil || r.Fault == nil || *r.Fault != want {
			t.Errorf("%s: %+v, %v", raw, r, err)
		}
	}
}

// TestWhatIsLostIsTold: the three ends of a request that brings no answer.
func TestWhatIsLostIsTold(t *testing.T) {
	call := func(base string) error {
		c := &soap.Client{Base: base, HTTP: http.DefaultClient, Timeout: 200 * time.Millisecond}
		_, err := c.Call(context.Background(), "/x", "getState", soap.Header{Message: "m"}, etree.NewElement("x"))
		return err
	}
	serve := func(f http.HandlerFunc) error {
		srv := httptest.NewServer(f)
		defer srv.Close()
		return call(srv.URL)
	}
	for name, f := range map[string]http.HandlerFunc{
		"cut off":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"page":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) },
		"timeout":  func(http.ResponseWriter, *http.Request) { time.Sleep(300 * time.Millisecond) },
		"half":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(head)) },
		"no fault": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); _, _ = w.Write([]byte(head + tail)) },
	} {
		if _, ok := errors.AsType[*soap.Lost](serve(f)); !ok {
			t.Errorf("%s: not lost", name)
		}
	}
	if _, ok := errors.AsType[*soap.Unsent](call("http://127.0.0.1:1")); !ok {
		t.Error("nobody there: not unsent")
	}
	refuses := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
	if f, ok := errors.AsType[*soap.Fault](serve(refuses)); !ok || f.Code != "HTTP401" {
		t.Errorf("401: %v", f)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head + `<b:AckRequest><b:Ack><b:MessageGUID>x</b:MessageGUID></b:Ack></b:AckRequest>` + tail))
	f.Add([]byte(head + `<a:getStateResult xmlns:a="a"><b:RequestState>3</b:RequestState><a:ExportAppealResult><a:AppealGUID>1</a:AppealGUID><a:ApplicantInfo><a:HCS>true</a:HCS></a:ApplicantInfo></a:ExportAppealResult></a:getStateResult>` + tail))
	f.Add([]byte(head + `<s:Fault><faultstring>A: b</faultstring></s:Fault>` + tail))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := soap.Parse(raw)
		if err != nil {
			return
		}
		var out appeals.Result
		if r.Decode(&out) != nil {
			return
		}
		for i := range out.Appeals {
			a := &out.Appeals[i]
			_, _, _ = a.Due(), a.Open(), a.Key()
		}
	})
}
