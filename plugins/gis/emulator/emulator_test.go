package emulator_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
)

func start(t *testing.T, o emulator.Options) *emulator.World {
	t.Helper()
	w, err := emulator.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:b="http://dom.gosuslugi.ru/schema/integration/base/" ` +
	`xmlns:a="http://dom.gosuslugi.ru/schema/integration/appeals/"><s:Header><b:RequestHeader><b:Date>2026-03-02T09:00:00+03:00</b:Date>` +
	`<b:MessageGUID>aaaaaaaa-0001-4000-8000-000000000001</b:MessageGUID><b:orgPPAGUID>%s</b:orgPPAGUID></b:RequestHeader></s:Header><s:Body>%s</s:Body></s:Envelope>`

func post(t *testing.T, w *emulator.World, action, org, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, w.URL+"/ext-bus-appeals-service/services/AppealsAsync",
		strings.NewReader(fmt.Sprintf(envelope, org, body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("SOAPAction", "urn:"+action)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

const guid = "22222222-0000-4000-8000-000000000001"

func performer(transport, inside string) string {
	return `<a:AppealAction><b:TransportGUID>` + transport + `</b:TransportGUID><a:AppealGUID>` + guid + `</a:AppealGUID>` + inside + `</a:AppealAction>`
}

// TestWrongRequestsAreRefused shows each rule of the schema to be kept.
func TestWrongRequestsAreRefused(t *testing.T) {
	w := start(t, emulator.Options{Orgs: []string{emulator.DemoOrg}, Unsigned: true})
	export := func(inside string) string {
		return `<a:exportAppealRequest Id="x" b:version="14.4.0.1">` + inside + `</a:exportAppealRequest>`
	}
	imports := func(inside string) string {
		return `<a:importAnswerRequest Id="x" b:version="13.2.1.0">` + inside + `</a:importAnswerRequest>`
	}
	const who = `<a:Performer><a:AnswererGUID>` + emulator.DemoAnswerer + `</a:AnswererGUID></a:Performer>`
	for name, c := range map[string]struct{ action, org, body, want string }{
		"right":           {"exportAppeal", "", export(`<a:StartDate>2026-03-01</a:StartDate>`), "AckRequest"},
		"another order":   {"exportAppeal", "", export(`<a:EndDate>2026-03-01</a:EndDate><a:StartDate>2026-03-01</a:StartDate>`), "FMT001300"},
		"no date":         {"exportAppeal", "", export(`<a:StartDate>01.03.2026</a:StartDate>`), "FMT001300"},
		"unknown element": {"exportAppeal", "", export(`<a:Since>2026-03-01</a:Since>`), "FMT001300"},
		"other namespace": {"exportAppeal", "", export(`<b:StartDate>2026-03-01</b:StartDate>`), "FMT001300"},
		"other action":    {"importAnswer", "", export(``), "FMT001300"},
		"version":         {"exportAppeal", "", strings.Replace(export(``), "14.4.0.1", "1.0", 1), "FMT001301"},
		"plain version":   {"exportAppeal", "", strings.Replace(export(``), "b:version", "version", 1), "FMT001301"},
		"no Id":           {"exportAppeal", "", strings.Replace(export(``), `Id="x"`, "", 1), "AUT011005"},
		"strange org":     {"exportAppeal", guid, export(``), "AUT011002"},
		"not XML":         {"exportAppeal", "", `<a:export`, "FMT001300"},
		"unknown request": {"getState", "", `<b:getStateRequest><b:MessageGUID>` + guid + `</b:MessageGUID></b:getStateRequest>`, "INT002013"},
		"no performer":    {"importAnswer", "", imports(performer(guid, `<a:Performer/>`)), "FMT001300"},
		"twice one appeal": {
			"importAnswer", "",
			imports(performer(guid, who) + performer(emulator.DemoAnswerer, who)), "FMT001300",
		},
		"twice one transport": {"importAnswer", "", imports(performer(guid, who) + strings.Replace(performer(guid, who), "AppealGUID>"+guid+"<", "AppealGUID>"+emulator.DemoOrg+"<", 1)), "FMT001300"},
		"long answer": {"importAnswer", "", imports(`<a:AnswerAction><b:TransportGUID>` + guid + `</b:TransportGUID><a:AppealGUID>` + guid + `</a:AppealGUID><a:Answer><b:TransportGUID>` +
			emulator.DemoOrg + `</b:TransportGUID><a:AnswererGUID>` + guid + `</a:AnswererGUID><a:LoadAnswer><a:AnswerText>` + strings.Repeat("я", 10001) +
			`</a:AnswerText></a:LoadAnswer></a:Answer></a:AnswerAction>`), "FMT001300"},
	} {
		t.Run(name, func(t *testing.T) {
			org := c.org
			if org == "" {
				org = emulator.DemoOrg
			}
			if _, got := post(t, w, c.action, org, c.body); !strings.Contains(got, c.want) {
				t.Errorf("%s: want %s", got, c.want)
			}
		})
	}
}

// TestUnsignedIsRefused unless it is let in.
func TestUnsignedIsRefused(t *testing.T) {
	w := start(t, emulator.Options{})
	_, got := post(t, w, "exportAppeal", emulator.DemoOrg, `<a:exportAppealRequest Id="x" b:version="14.4.0.1"/>`)
	if !strings.Contains(got, "AUT011005") {
		t.Error(got)
	}
}

// TestStoreRefuses shows each rule of the file store to be kept.
func TestStoreRefuses(t *testing.T) {
	w := start(t, emulator.Options{Orgs: []string{emulator.DemoOrg}})
	unused := w.AddFile("a.pdf", []byte("x"))
	for name, c := range map[string]struct {
		method, path string
		body         string
		head         map[string]string
		want         string
	}{
		"another organisation": {"PUT", "", "x", map[string]string{"X-Upload-OrgPPAGUID": guid}, "DataProviderValidationException"},
		"wrong sum":            {"PUT", "", "x", map[string]string{"Content-MD5": "AAAA"}, "HashConflictException"},
		"empty":                {"PUT", "", "", nil, "InvalidSizeException"},
		"too large":            {"PUT", "", strings.Repeat("x", 5242881), nil, "InvalidSizeException"},
		"wrong kind":           {"PUT", "", "x", map[string]string{"X-Upload-Filename": "a.exe"}, "ExtensionException"},
		"wrong count":          {"POST", "/?upload", "", map[string]string{"X-Upload-Filename": "a.pdf", "X-Upload-Length": "6000000", "X-Upload-Part-Count": "1"}, "FieldValidationException"},
		"no such file":         {"GET", "/" + guid + "?getfile", "", nil, "FileNotFoundException"},
		"nobody refers to it":  {"GET", "/" + unused + "?getfile", "", nil, "InvalidStatusException"},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, w.URL+"/ext-bus-file-store-service/rest/appeals"+c.path, bytes.NewReader([]byte(c.body)))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Upload-OrgPPAGUID", emulator.DemoOrg)
			if c.body == "x" && c.head["Content-MD5"] == "" {
				req.Header.Set("Content-MD5", "ndTkYSaMgDT1yFZOFVxnpg==")
			}
			for k, v := range c.head {
				req.Header.Set(k, v)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if got := resp.Header.Get("X-Upload-Error"); resp.StatusCode != http.StatusBadRequest || got != c.want {
				t.Errorf("%d %s, want %s", resp.StatusCode, got, c.want)
			}
		})
	}
}

// TestSchemaIsAsked: what the schema at hand does not allow is refused, although
// the emulator's own rules have nothing against it.
func TestSchemaIsAsked(t *testing.T) {
	w := start(t, emulator.Options{Unsigned: true, Schema: "testdata/envelope.xsd"})
	_, got := post(t, w, "exportAppeal", emulator.DemoOrg, `<a:exportAppealRequest Id="x" b:version="14.4.0.1"><a:StartDate>2026-03-01</a:StartDate></a:exportAppealRequest>`)
	if !strings.Contains(got, "AckRequest") {
		t.Errorf("valid: %s", got)
	}
	_, got = post(t, w, "getState", emulator.DemoOrg, `<b:getStateRequest><b:MessageGUID>`+guid+`</b:MessageGUID></b:getStateRequest>`)
	if !strings.Contains(got, "FMT001300") || !strings.Contains(got, "не по схеме") {
		t.Errorf("invalid: %s", got)
	}
}
