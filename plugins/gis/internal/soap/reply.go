package soap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Reply is the body of an answer.
type Reply struct {
	Fault *Fault
	Ack   *Ack
	body  []byte
}

// Ack says that a request was taken in: Message asks for its state.
type Ack struct {
	Message   string `xml:"MessageGUID"`
	Requester string `xml:"RequesterMessageGUID"`
}

// The states of a request.
const (
	Received  = 1
	InProcess = 2
	Processed = 3
)

// Decode reads the body's element into a struct by the names of encoding/xml.
// Elements the struct does not have are passed over: the package of schemas
// grows several times a year.
func (r *Reply) Decode(into any) error {
	d := decoder(r.body)
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// Limits of the structure of an answer.
const (
	maxDepth    = 32
	maxElements = 2_000_000
)

// decoder reads XML that knows no entities but the five of the standard.
func decoder(raw []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(raw))
	d.Strict = true
	return d
}

// Guard refuses what an honest answer never has: a document type (and with it
// entities), deep nesting, too many elements.
func Guard(raw []byte) error {
	d := decoder(raw)
	depth, count := 0, 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not XML: %w", err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return errors.New("XML with a document type")
		case xml.ProcInst:
			if t.Target != "xml" {
				return errors.New("XML with a processing instruction")
			}
		case xml.StartElement:
			depth++
			count++
		case xml.EndElement:
			depth--
		}
		if depth > maxDepth || count > maxElements {
			return errors.New("XML nested too deep or too large")
		}
	}
}

type envelope struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
	Body    struct {
		Inner []byte `xml:",innerxml"`
		Fault *struct {
			Text   string `xml:"faultstring"`
			Detail struct {
				Fault struct {
					Code string `xml:"ErrorCode"`
					Text string `xml:"ErrorMessage"`
				} `xml:"Fault"`
			} `xml:"detail"`
		} `xml:"Fault"`
		Ack *Ack `xml:"AckRequest>Ack"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

// Parse reads an answer. An error means that it is no SOAP.
func Parse(raw []byte) (*Reply, error) {
	if err := Guard(raw); err != nil {
		return nil, err
	}
	var e envelope
	if err := decoder(raw).Decode(&e); err != nil {
		return nil, fmt.Errorf("not SOAP: %w", err)
	}
	r := &Reply{Ack: e.Body.Ack, body: e.Body.Inner}
	if f := e.Body.Fault; f != nil {
		r.Fault = &Fault{Code: strings.TrimSpace(f.Detail.Fault.Code), Text: strings.TrimSpace(f.Detail.Fault.Text)}
		if r.Fault.Code == "" {
			r.Fault.Code, r.Fault.Text = codeOf(f.Text)
		}
	}
	return r, nil
}

// codeOf takes the code off a text of the form "CODE: words".
func codeOf(text string) (code, rest string) {
	text = strings.TrimSpace(text)
	code, rest, found := strings.Cut(text, ":")
	if !found || len(code) < 4 || len(code) > 12 || strings.ContainsAny(code, " \t\n") {
		return "", text
	}
	return code, strings.TrimSpace(rest)
}
