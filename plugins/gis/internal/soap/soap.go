// Package soap carries the requests of GIS ZhKKh: SOAP 1.1, document/literal,
// over HTTP. It knows headers, acknowledgements, states and faults; what stands
// in the bodies is its callers' concern.
//
// It tells three failures apart, because they decide whether a request may be
// repeated: an answer in the protocol (*Fault), a request that never left
// (*Unsent), and a request that left and got no readable answer (*Lost).
package soap

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/beevik/etree"
)

// The namespaces of the messages, under the prefixes used in all of them.
const (
	NSEnvelope = "http://schemas.xmlsoap.org/soap/envelope/"
	NSBase     = "http://dom.gosuslugi.ru/schema/integration/base/"
)

// BodyLimit bounds one answer, unpacked, in bytes.
const BodyLimit = 64 << 20

// Client speaks to one installation. The zero Timeout is a minute.
type Client struct {
	Base        string // scheme://host[:port], without a slash at the end
	Host        string // Host header when Base is a tunnel; "" = as in Base
	Login       string // HTTP Basic; "" = none
	Password    string
	Fingerprint string // SHA-1 of the client certificate, hex; test stands ask for it
	HTTP        *http.Client
	Timeout     time.Duration
}

// Header is the header of a request.
type Header struct {
	Date    time.Time
	Message string // our MessageGUID, new for every call
	// Org is orgPPAGUID; "" makes the header of the common services
	// (ISRequestHeader), which names no organisation.
	Org      string
	Operator bool // the operator of the information system signs
	// ISName and ISOperator name another information system; import requests only.
	ISName, ISOperator string
}

// Call sends one request and returns the Body of the answer. body is moved into
// the envelope.
func (c *Client) Call(ctx context.Context, path, action string, head Header, body *etree.Element) (*Reply, error) {
	raw, err := Envelope(head, body)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	var left atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { left.Store(true) },
		WroteHeaders: func() { left.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+path, bytes.NewReader(raw))
	if err != nil {
		return nil, &Unsent{Err: err}
	}
	c.Sign(req)
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("SOAPAction", "urn:"+action)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		if left.Load() {
			return nil, &Lost{Err: err}
		}
		return nil, &Unsent{Err: err}
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	return read(resp)
}

// Sign puts on a request what tells the other side who asks: the files' requests
// need it too.
func (c *Client) Sign(req *http.Request) {
	if c.Host != "" {
		req.Host = c.Host
	}
	if c.Login != "" {
		req.SetBasicAuth(c.Login, c.Password)
	}
	if c.Fingerprint != "" {
		req.Header.Set("X-Client-Cert-Fingerprint", c.Fingerprint)
	}
}

func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return time.Minute
}

// read takes the answer in. Anything but SOAP is an answer nobody can read: a
// gateway's page says nothing about what stands behind it.
func read(resp *http.Response) (*Reply, error) {
	raw, err := io.ReadAll(io.LimitReader(resp.Body, BodyLimit+1))
	if err != nil {
		return nil, &Lost{Status: resp.StatusCode, Err: err}
	}
	if len(raw) > BodyLimit {
		return nil, &Lost{Status: resp.StatusCode, Err: ErrTooLarge}
	}
	reply, err := Parse(raw)
	switch {
	case err != nil && (resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden):
		return nil, &Fault{Code: fmt.Sprintf("HTTP%d", resp.StatusCode), Text: resp.Status}
	case err != nil && (resp.StatusCode == http.StatusNotFound || resp.StatusCode/100 == 3):
		return nil, &Fault{Code: fmt.Sprintf("HTTP%d", resp.StatusCode), Text: resp.Status}
	case err != nil:
		return nil, &Lost{Status: resp.StatusCode, Err: err}
	case reply.Fault != nil:
		return nil, reply.Fault
	case resp.StatusCode != http.StatusOK:
		return nil, &Lost{Status: resp.StatusCode, Err: fmt.Errorf("status %d without a fault", resp.StatusCode)}
	}
	return reply, nil
}

// Envelope is the whole message.
func Envelope(head Header, body *etree.Element) ([]byte, error) {
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	env := doc.CreateElement("s:Envelope")
	env.CreateAttr("xmlns:s", NSEnvelope)
	env.CreateAttr("xmlns:b", NSBase)
	header(env.CreateElement("s:Header"), head)
	env.CreateElement("s:Body").AddChild(body)
	raw, err := doc.WriteToBytes()
	if err != nil {
		return nil, fmt.Errorf("write envelope: %w", err)
	}
	return raw, nil
}

func header(at *etree.Element, h Header) {
	name := "b:RequestHeader"
	if h.Org == "" {
		name = "b:ISRequestHeader"
	}
	el := at.CreateElement(name)
	el.CreateElement("b:Date").SetText(h.Date.Format("2006-01-02T15:04:05-07:00"))
	el.CreateElement("b:MessageGUID").SetText(h.Message)
	if h.Org != "" {
		el.CreateElement("b:orgPPAGUID").SetText(h.Org)
		if h.Operator {
			el.CreateElement("b:IsOperatorSignature").SetText("true")
		}
	}
	if h.ISName != "" {
		is := el.CreateElement("b:ISCreator")
		is.CreateElement("b:ISName").SetText(h.ISName)
		is.CreateElement("b:ISOperatorName").SetText(h.ISOperator)
	}
}
