package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// contract is openapi.yaml, and a router of requests made of it.
var contract = sync.OnceValues(func() (routers.Router, error) {
	doc, err := loadContract()
	if err != nil {
		return nil, err
	}
	doc.Servers = nil // paths stand behind the address of the channel
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, answer := range op.Responses.Map() {
				for _, media := range answer.Value.Content {
					strict(media.Schema)
				}
			}
		}
	}
	return gorillamux.NewRouter(doc)
})

// strict forbids fields that are not described: what is answered is.
func strict(schema *openapi3.SchemaRef) {
	if schema == nil {
		return
	}
	s, none := schema.Value, false
	if len(s.Properties) > 0 {
		s.AdditionalProperties = openapi3.BoolSchema{Has: &none}
	}
	for _, p := range s.Properties {
		strict(p)
	}
	strict(s.Items)
}

func loadContract() (*openapi3.T, error) {
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(raw)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(loader.Context)
}

// asFormSays is the part of a form that stands for the JSON body; nil if it is no
// form.
func asFormSays(t testing.TB, r *http.Request, sent []byte) (appeal any) {
	t.Helper()
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return nil
	}
	part, err := multipart.NewReader(bytes.NewReader(sent), params["boundary"]).NextPart()
	if err == nil {
		err = json.NewDecoder(part).Decode(&appeal)
	}
	if err != nil || part.FormName() != "appeal" {
		t.Errorf("the first part of a form that was accepted: %v", err)
	}
	return appeal
}

// holdEvent holds the body of a web-hook against the contract.
func holdEvent(t testing.TB, body []byte) {
	t.Helper()
	doc, err := loadContract()
	if err != nil {
		t.Fatal("contract:", err)
	}
	schema := doc.Webhooks["event"].Post.RequestBody.Value.Content.Get("application/json").Schema
	strict(schema)
	var e any
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	if err := schema.Value.VisitJSON(e); err != nil {
		t.Errorf("%s: the web-hook breaks the contract: %v", body, err)
	}
}

// hold holds what a cabinet was answered, and a request that was accepted, against
// the contract.
func hold(t testing.TB, r *http.Request, sent []byte, status int, header http.Header, body []byte) {
	t.Helper()
	router, err := contract()
	if err != nil {
		t.Fatal("contract:", err)
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		if status != http.StatusNotFound && status != http.StatusMethodNotAllowed && status != http.StatusUnauthorized {
			t.Errorf("%s %s is not in the contract: %v", r.Method, r.URL, err)
		}
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	asked := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true, IncludeResponseStatus: true},
	}
	if status < 300 {
		form := asFormSays(t, r, sent)
		asked.Options.ExcludeRequestBody = form != nil
		err := openapi3filter.ValidateRequest(r.Context(), asked)
		if form != nil {
			err = errors.Join(err, route.Operation.RequestBody.Value.Content.Get("application/json").Schema.Value.VisitJSON(form))
		}
		if err != nil {
			t.Errorf("%s %s was accepted, but the contract says: %v", r.Method, r.URL, err)
		}
	}
	answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: status, Header: header, Options: asked.Options}
	if strings.Contains(header.Get("Content-Type"), "json") {
		answered.SetBodyBytes(body)
	} else {
		answered.Options.ExcludeResponseBody = true
	}
	if err := openapi3filter.ValidateResponse(r.Context(), answered); err != nil {
		t.Errorf("%s %s: the answer breaks the contract: %v\n%s", r.Method, r.URL, err, body)
	}
}
