// Package filestore keeps files in the file store of GIS ZhKKh, over REST.
// Messages refer to them by the id the store gives; a file can be read once a
// message refers to it.
package filestore

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Part is the most bytes one request may carry.
const Part = 5242880

// Client speaks to the store on behalf of one organisation.
type Client struct {
	URL  string // of the context, without a slash at the end
	Org  string // orgPPAGUID
	HTTP *http.Client
	// Sign puts on each request what tells who asks.
	Sign func(*http.Request)
	// Timeout bounds one request; zero is a minute.
	Timeout time.Duration
}

// Error is the store's refusal: Name is the value of X-Upload-Error.
type Error struct {
	Status int
	Name   string
}

func (e *Error) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("file store: status %d", e.Status)
	}
	return "file store: " + e.Name
}

// Temporary tells that the same request may succeed later.
func (e *Error) Temporary() bool {
	return e.Name == "FileVirusNotCheckedException" || e.Name == "" && (e.Status >= 500 || e.Status == http.StatusTooManyRequests)
}

// Info is what the store knows about a file.
type Info struct {
	Name     string
	Length   int64 // -1 = not told
	Complete bool  // may be read
}

// ErrEmpty is an empty file, which the store does not take.
var ErrEmpty = errors.New("an empty file")

// Upload stores a file of size bytes and returns its id. r is read once.
func (c *Client) Upload(ctx context.Context, name string, size int64, r io.Reader) (id string, err error) {
	switch {
	case size == 0:
		return "", ErrEmpty
	case size <= Part:
		body, err := exactly(r, size)
		if err != nil {
			return "", err
		}
		return c.small(ctx, name, body)
	}
	return c.parts(ctx, name, size, r)
}

func (c *Client) small(ctx context.Context, name string, body []byte) (string, error) {
	head, err := c.do(ctx, http.MethodPut, "", body, map[string]string{
		"X-Upload-Filename": encodeName(name), "Content-MD5": sum(body),
	})
	if err != nil {
		return "", err
	}
	return idOf(head)
}

func (c *Client) parts(ctx context.Context, name string, size int64, r io.Reader) (string, error) {
	count := (size + Part - 1) / Part
	head, err := c.do(ctx, http.MethodPost, "/?upload", nil, map[string]string{
		"X-Upload-Filename": encodeName(name), "X-Upload-Length": strconv.FormatInt(size, 10),
		"X-Upload-Part-Count": strconv.FormatInt(count, 10),
	})
	if err != nil {
		return "", err
	}
	id, err := idOf(head)
	if err != nil {
		return "", err
	}
	for n := int64(1); n <= count; n++ {
		body, err := exactly(r, min(Part, size-(n-1)*Part))
		if err != nil {
			return "", err
		}
		_, err = c.do(ctx, http.MethodPut, "/"+id, body, map[string]string{
			"X-Upload-Partnumber": strconv.FormatInt(n, 10), "Content-MD5": sum(body),
		})
		if err != nil {
			return "", err
		}
	}
	_, err = c.do(ctx, http.MethodPost, "/"+id+"?completed", nil, nil)
	return id, err
}

// exactly reads n bytes: a file shorter than was said must not be stored.
func exactly(r io.Reader, n int64) ([]byte, error) {
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return body, nil
}

func sum(body []byte) string {
	s := md5.Sum(body)
	return base64.StdEncoding.EncodeToString(s[:])
}

func idOf(head http.Header) (string, error) {
	id := head.Get("X-Upload-UploadID")
	if id == "" {
		return "", errors.New("file store: no id in the answer")
	}
	return id, nil
}

// do makes one request and returns the header of the answer.
func (c *Client) do(ctx context.Context, method, path string, body []byte, head map[string]string) (http.Header, error) {
	resp, err := c.request(ctx, method, path, body, head)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	return resp.Header, errors.Join(err, resp.Body.Close())
}

// request leaves the body of the answer to its caller.
func (c *Client) request(ctx context.Context, method, path string, body []byte, head map[string]string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, strings.NewReader(string(body)))
	if err != nil {
		cancel()
		return nil, err
	}
	if len(body) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	c.Sign(req)
	req.Header.Set("X-Upload-OrgPPAGUID", c.Org)
	for k, v := range head {
		req.Header.Set(k, v)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &closing{ReadCloser: resp.Body, cancel: cancel}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent {
		return resp, nil
	}
	return nil, errors.Join(&Error{Status: resp.StatusCode, Name: resp.Header.Get("X-Upload-Error")}, resp.Body.Close())
}

// closing ends the time of a request with its answer.
type closing struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c *closing) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return time.Minute
}

// Info asks about a file.
func (c *Client) Info(ctx context.Context, id string) (Info, error) {
	head, err := c.do(ctx, http.MethodHead, "/"+id, nil, nil)
	if err != nil {
		return Info{}, err
	}
	in := Info{Name: decodeName(head.Get("X-Upload-Filename")), Length: -1, Complete: head.Get("X-Upload-Completed") != "false"}
	if n, err := strconv.ParseInt(head.Get("X-Upload-Length"), 10, 64); err == nil && n >= 0 {
		in.Length = n
	}
	return in, nil
}

// Open reads a file of the length Info told: whole, or by ranges when it is
// larger than one part. The reader fails if fewer bytes come.
func (c *Client) Open(ctx context.Context, id string, length int64) (io.ReadCloser, error) {
	d := &download{client: c, ctx: ctx, id: id, length: length}
	if err := d.next(); err != nil {
		return nil, err
	}
	return d, nil
}

// download reads a file range by range. It keeps the context it was opened
// with, as the body of an http.Response does.
type download struct {
	client *Client
	ctx    context.Context //nolint:containedctx // a reader has no other way to it
	id     string
	length int64 // -1 = not known: one request
	done   int64
	whole  bool // it comes in one piece although parts were asked for
	body   io.ReadCloser
}

func (d *download) next() error {
	head := map[string]string{}
	want := min(Part, d.length-d.done)
	if d.length > Part {
		head["Range"] = fmt.Sprintf("bytes=%d-%d", d.done, d.done+want-1)
	}
	resp, err := d.client.request(d.ctx, http.MethodGet, "/"+d.id+"?getfile", nil, head)
	if err != nil {
		return err
	}
	d.body = resp.Body
	switch {
	case d.length <= Part:
	case resp.ContentLength > want && d.done == 0:
		d.whole = true // a gateway has dropped the range
	case resp.ContentLength > want:
		return errors.Join(errors.New("file store: the whole file instead of a part"), resp.Body.Close())
	default:
		d.body = &limited{Reader: io.LimitReader(resp.Body, want), Closer: resp.Body}
	}
	return nil
}

type limited struct {
	io.Reader
	io.Closer
}

func (d *download) Read(p []byte) (int, error) {
	for {
		n, err := d.body.Read(p)
		d.done += int64(n)
		if n > 0 || !errors.Is(err, io.EOF) {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return n, err
		}
		if d.length < 0 || d.done >= d.length {
			return 0, io.EOF
		}
		if d.length <= Part || d.whole || d.done%Part != 0 {
			return 0, io.ErrUnexpectedEOF
		}
		if err := errors.Join(d.body.Close(), d.next()); err != nil {
			return 0, err
		}
	}
}

func (d *download) Close() error { return d.body.Close() }

// Names are encoded-words of RFC 2047, both ways.

func encodeName(name string) string { return mime.BEncoding.Encode("UTF-8", name) }

func decodeName(name string) string {
	plain, err := new(mime.WordDecoder).DecodeHeader(name)
	if err != nil {
		return name
	}
	return plain
}
