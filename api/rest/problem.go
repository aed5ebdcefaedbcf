package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/text/language"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
)

// Problem is an error as RFC 9457 wants it.
type Problem struct {
	Type    string            `json:"type"`
	Title   string            `json:"title"`
	Status  int               `json:"status"`
	Kind    string            `json:"kind"`
	Code    string            `json:"code"`
	Detail  string            `json:"detail"`
	Source  core.Source       `json:"source,omitempty"`
	Field   string            `json:"field,omitempty"`
	Errors  []core.FieldFault `json:"errors,omitempty"`
	Request string            `json:"request"`

	after time.Duration
}

const problemType = "urn:problem-type:uzel:"

// kindStatus is the status of each kind of error, kindTitle its title in
// Russian and English.
var kindStatus = map[core.Kind]int{
	core.KindInternal:        http.StatusInternalServerError,
	core.KindInvalid:         http.StatusBadRequest,
	core.KindUnauthenticated: http.StatusUnauthorized,
	core.KindForbidden:       http.StatusForbidden,
	core.KindNotFound:        http.StatusNotFound,
	core.KindConflict:        http.StatusConflict,
	core.KindConfig:          http.StatusUnprocessableEntity,
	core.KindUnavailable:     http.StatusServiceUnavailable,
	core.KindRejected:        http.StatusUnprocessableEntity,
	core.KindUnknown:         http.StatusBadGateway,
}

// codeStatus are the codes for which HTTP has a word of its own.
var codeStatus = map[string]int{
	"access.throttled":    http.StatusTooManyRequests,
	"request.if_match":    http.StatusPreconditionRequired,
	"request.too_large":   http.StatusRequestEntityTooLarge,
	"request.media_type":  http.StatusUnsupportedMediaType,
	"request.method":      http.StatusMethodNotAllowed,
	"request.idempotency": http.StatusUnprocessableEntity,
}

// problemOf makes the problem of err in the language. What is internal does not
// get out.
func problemOf(err error, request string, lang language.Tag) Problem {
	e := asError(err)
	p := Problem{
		Status: statusOf(e), Kind: e.Kind.String(), Code: e.Code, Field: e.Field, Errors: e.Faults,
		Source: e.Source, Request: request, after: e.After,
	}
	if p.Code == "" || e.Kind == core.KindInternal {
		p.Code = p.Kind
	}
	p.Type = problemType + p.Code
	w := wordsIn(lang)
	p.Title, p.Detail = w.title(p.Status, e.Kind), w.detail(e, request)
	p.Errors = w.faults(e.Faults)
	if e.Kind == core.KindInternal {
		p.Field, p.Errors, p.Source = "", nil, ""
	}
	return p
}

func statusOf(e *core.Error) int {
	if status, ok := codeStatus[e.Code]; ok {
		return status
	}
	return kindStatus[e.Kind]
}

// asError finds the error with a meaning in the chain. A limit that was
// exceeded while a body was read comes from deep inside.
func asError(err error) *core.Error {
	if limit, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(limit.Limit)
	}
	if limit, ok := errors.AsType[*blob.TooLargeError](err); ok {
		return tooLarge(limit.Limit)
	}
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e
	}
	return &core.Error{Kind: core.KindInternal, Err: err}
}

func tooLarge(limit int64) *core.Error {
	return core.Invalid("request.too_large", "", fmt.Sprintf("слишком большой запрос или файл: принимается не больше %d байт", limit))
}

func (p Problem) write(w http.ResponseWriter) {
	h := w.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Disposition", "Content-Encoding"} {
		h.Del(name) // of what would have been answered
	}
	h.Set("Content-Type", "application/problem+json")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="uzel"`)
	}
	if p.after > 0 || p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(p.after.Seconds())))))
	}
	raw, err := json.Marshal(p)
	if err != nil {
		raw = []byte("{}") // a Problem holds texts only: cannot happen
	}
	w.WriteHeader(p.Status)
	w.Write(raw) //nolint:errcheck // the caller has gone
}
