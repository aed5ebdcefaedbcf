// Package web carries the hub's pages, as `make build` makes them into dist.
// Without that the package builds too: Handler then says what is missing.
package web

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed all:dist
var dist embed.FS

// Handler serves the pages that were built into the program.
func Handler() (http.Handler, error) {
	pages, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	return New(pages)
}
