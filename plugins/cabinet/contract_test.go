package main

import (
	"bytes"
	"io"
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
	return gorillamux.NewRouter(doc)
})

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
		if err := openapi3filter.ValidateRequest(r.Context(), asked); err != nil {
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
