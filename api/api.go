// Package api holds the contracts of the hub: openapi.yaml for REST, and in
// plugin/v1 the line to the connectors.
package api

import _ "embed"

//go:embed openapi.yaml
var openAPI string

// OpenAPI is the REST contract, as served at /api/v1/openapi.yaml.
func OpenAPI() string { return openAPI }
