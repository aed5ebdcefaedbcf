package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/uzel-hub/uzel/sdk"
)

// sendTo carries a delivery to another vendor's cabinet, by settings.
func (c *cabinet) sendTo(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	to, section := c.Poll.Answer, "poll.answer"
	if d.Purpose == sdk.PurposeStatus || d.Purpose == sdk.PurposePerformer {
		to, section = c.Poll.Status, "poll.status"
		if to.Path == "" {
			return sdk.Receipt{State: sdk.StateSent, Text: "кабинет состояний не принимает, ему не отправлено"}, nil
		}
	}
	switch {
	case to.Path == "":
		return sdk.Receipt{}, sdk.Misconfigured(section+".path", errors.New("не задано, куда отправлять ответ"))
	case d.Origin == "":
		return sdk.Receipt{}, sdk.Rejected(errors.New("кабинет принимает только ответы на его обращения"))
	}
	body, contentType := c.body(to, d)
	defer body.Close() //nolint:errcheck // read to its end or given up
	return sdk.Receipt{State: sdk.StateSent}, c.submit(ctx, to, section, d, body, contentType)
}

// submit makes the request. Once it was written and no answer came, nobody
// knows whether the cabinet took it.
func (c *cabinet) submit(ctx context.Context, to postSettings, section string, d sdk.Dispatch, body io.Reader, contentType string) error {
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	address := c.address(strings.ReplaceAll(to.Path, "{id}", url.PathEscape(d.Origin)))
	r, err := http.NewRequestWithContext(ctx, to.Method, address, body)
	if err != nil {
		return sdk.Misconfigured(section+".path", errors.New("адрес не складывается"))
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Idempotency-Key", d.Delivery)
	c.authorize(r)
	reply, err := c.client.Do(r)
	if err != nil && written.Load() {
		return sdk.Unknown(outside(err))
	}
	if err != nil {
		return outside(err)
	}
	defer drain(reply.Body)
	err = judge(reply, section+".path", "poll.token")
	if reply.StatusCode == http.StatusNotFound {
		return sdk.Rejected(errors.New("кабинет не знает такого обращения"))
	}
	return err
}

// body is JSON, or a form with the files if a field for them is set.
func (c *cabinet) body(to postSettings, d sdk.Dispatch) (io.ReadCloser, string) {
	if to.Files == "" {
		out := map[string]any{}
		put(out, to.Text, d.Document.Text)
		put(out, to.Number, d.Document.Number)
		raw, err := json.Marshal(out)
		if err != nil {
			panic(err) // texts always marshal
		}
		return io.NopCloser(bytes.NewReader(raw)), "application/json"
	}
	r, w := io.Pipe()
	form, done := multipart.NewWriter(w), make(chan struct{})
	go func() { // Close waits for it
		defer close(done)
		w.CloseWithError(writeForm(form, to, d)) //nolint:errcheck // always nil
	}()
	return &formBody{r, done}, form.FormDataContentType()
}

// formBody is a form that is written while it is read.
type formBody struct {
	*io.PipeReader
	done <-chan struct{}
}

// Close returns when nothing reads the files of the form any more.
func (b *formBody) Close() error {
	err := b.PipeReader.Close()
	<-b.done
	return err
}

func writeForm(form *multipart.Writer, to postSettings, d sdk.Dispatch) error {
	for name, value := range map[string]string{to.Text: d.Document.Text, to.Number: d.Document.Number} {
		if name == "" {
			continue
		}
		if err := form.WriteField(name, value); err != nil {
			return err
		}
	}
	for _, f := range d.Files {
		w, err := form.CreateFormFile(to.Files, f.Name)
		if err != nil {
			return err
		}
		if err := copyFile(w, f); err != nil {
			return err
		}
	}
	return form.Close()
}

func copyFile(w io.Writer, f sdk.File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // only read
	_, err = io.Copy(w, r)
	return err
}
