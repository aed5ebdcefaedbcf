package rest

import "github.com/uzel-hub/uzel/core/access"

// Routed is an operation as the router knows it.
type Routed struct {
	Name, Method, Path string
	Op                 access.Operation
	Public, Live       bool
}

// AllRoutes lists what the router serves under the contract.
func AllRoutes() (out []Routed) {
	for _, rt := range routes() {
		out = append(out, Routed{rt.name, rt.method, rt.path, rt.op, rt.public, rt.live})
	}
	return out
}

// SafeName is what an uploaded file's name becomes.
var (
	SafeName    = safeName
	Disposition = disposition
)

// DecodeStrict reads JSON as request bodies are read.
var DecodeStrict = decodeStrict
