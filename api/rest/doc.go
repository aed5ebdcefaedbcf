// Package rest serves the hub over HTTP: /api/v1 as openapi.yaml describes it,
// the web-hooks of connectors, health and metrics.
//
// A handler is a method of Server that takes a call and returns an answer or an
// error; everything around it is done once, in this order (serve.go): a number
// for the request, limits, who asks, whether he may, the handler, the audit
// entry, the answer or the problem. Which handler serves what and which
// permission it takes stands in routes.go; a test holds that table and the
// contract together.
//
// The shapes in JSON are the nouns of package core under their own tags, or the
// types beside the handlers; a test compares them with the contract field by
// field.
package rest
