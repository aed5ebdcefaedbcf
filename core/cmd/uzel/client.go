package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/app"
)

// cli is the command line: where it reads and writes, and how it reaches the
// hub.
type cli struct {
	in         io.Reader
	out        io.Writer
	configPath string
	json       bool
}

// object is a JSON object as REST shows it.
type object = map[string]any

// reach gives a client of the hub and the address to put before a path: the
// socket in the data folder, or the hub UZEL_URL names.
func (c *cli) reach() (*http.Client, string, error) {
	if base := os.Getenv("UZEL_URL"); base != "" {
		return http.DefaultClient, strings.TrimSuffix(base, "/"), nil
	}
	conf, err := c.config()
	if err != nil {
		return nil, "", err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", conf.Path(app.SocketName))
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}}, "http://hub", nil
}

// do makes a request and returns the body of a good answer; the caller closes
// it. A bad one becomes a core.Error with everything the problem says.
func (c *cli) do(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	client, base, err := c.reach()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if token := os.Getenv("UZEL_TOKEN"); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, unreachable(err)
	}
	if res.StatusCode >= 300 {
		defer res.Body.Close() //nolint:errcheck // only read
		return nil, problem(res)
	}
	return res, nil
}

// errNoHub tells that no hub answers on the socket.
var errNoHub = errors.New("хаб не запущен: uzel serve")

func unreachable(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return errNoHub
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		err = errors.Unwrap(err)
	}
	return err
}

// problem reads problem+json (RFC 9457).
func problem(res *http.Response) error {
	var p struct {
		Title, Detail, Code string
		Errors              []core.FieldFault
	}
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
		return fmt.Errorf("хаб ответил %s", res.Status)
	}
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	return &core.Error{Code: p.Code, Text: text, Faults: p.Errors}
}

// call sends JSON and reads JSON. in or out may be nil.
func (c *cli) call(ctx context.Context, method, path string, in, out any) error {
	_, err := c.callWith(ctx, method, path, nil, in, out)
	return err
}

// callWith is call with headers both ways.
func (c *cli) callWith(ctx context.Context, method, path string, header http.Header, in, out any) (http.Header, error) {
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
		header.Set("Content-Type", "application/json")
	}
	res, err := c.do(ctx, method, path, header, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if out == nil || res.StatusCode == http.StatusNoContent {
		return res.Header, nil
	}
	return res.Header, json.NewDecoder(res.Body).Decode(out)
}

// edit reads an object, lets change say what to patch, and sends that with the
// ETag of what was read.
func (c *cli) edit(ctx context.Context, path string, change func(object) (any, error)) error {
	var had object
	header, err := c.callWith(ctx, http.MethodGet, path, nil, nil, &had)
	if err != nil {
		return err
	}
	in, err := change(had)
	if err != nil {
		return err
	}
	match := http.Header{"If-Match": {header.Get("ETag")}}
	_, err = c.callWith(ctx, http.MethodPut, path, match, in, nil)
	return err
}

// page is one page of a list.
type page struct {
	Items []object `json:"items"`
	Next  string   `json:"next,omitempty"`
}

// list reads up to limit items, page by page.
func (c *cli) list(ctx context.Context, path string, query url.Values, limit int) (page, error) {
	if query == nil {
		query = url.Values{}
	}
	all := page{Items: []object{}}
	for {
		query.Set("limit", fmt.Sprint(min(limit-len(all.Items), 200)))
		var p page
		if err := c.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &p); err != nil {
			return all, err
		}
		all.Items, all.Next = append(all.Items, p.Items...), p.Next
		if p.Next == "" || len(all.Items) >= limit {
			return all, nil
		}
		query.Set("after", p.Next)
	}
}
