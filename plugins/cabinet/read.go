package main

import (
	"encoding/json"
	"mime"
	"net/http"
	"strconv"

	"github.com/uzel-hub/uzel/sdk"
)

// answer asks a service of the hub and gives what it says.
func (c *cabinet) answer(x *exchange, service string, input sdk.Values) error {
	out, err := c.env.Call(x.ctx, sdk.Call{Service: service, Input: input})
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, out.Output)
}

// page adds the parameters of a list; any other than those allowed is a fault.
func page(r *http.Request, input sdk.Values, more ...string) error {
	for name, values := range r.URL.Query() {
		switch {
		case name == "after":
			input["after"] = values[0]
		case name == "limit":
			n, err := strconv.Atoi(values[0])
			if err != nil || n < 1 || n > 1000 {
				return sdk.Invalid("limit", "число от 1 до 1000")
			}
			input["limit"] = n
		case len(more) > 0 && name == more[0]:
			input[name] = values[0]
		default:
			return sdk.Invalid(name, "такого параметра нет")
		}
	}
	return nil
}

func (c *cabinet) list(x *exchange, r *http.Request) error {
	resident, _, err := who(r)
	input := sdk.Values{"applicant": resident}
	if err == nil {
		err = page(r, input)
	}
	if err != nil {
		return err
	}
	return c.answer(x, callList, input)
}

func (c *cabinet) get(x *exchange, r *http.Request) error {
	resident, appeal, err := who(r)
	if err != nil {
		return err
	}
	return c.answer(x, callGet, sdk.Values{"applicant": resident, "id": appeal, "full": true})
}

func (c *cabinet) file(x *exchange, r *http.Request) error {
	resident, appeal, err := who(r)
	if err != nil {
		return err
	}
	out, err := c.env.Call(x.ctx, sdk.Call{Service: callFile, Input: sdk.Values{"applicant": resident, "id": appeal, "hash": r.PathValue("hash")}})
	if err != nil {
		return err
	}
	if len(out.Files) != 1 {
		return notFound("такого файла нет")
	}
	f := out.Files[0]
	if x.stream, err = f.Open(); err != nil {
		return err
	}
	x.header.Set("Content-Type", "application/octet-stream")
	x.header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	if f.Size > 0 {
		x.header.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	}
	return nil
}

func (c *cabinet) rate(x *exchange, r *http.Request) error {
	resident, appeal, err := who(r)
	if err != nil {
		return err
	}
	var in struct {
		Score   int    `json:"score"`
		Comment string `json:"comment"`
	}
	if err := x.decode(&in); err != nil {
		return err
	}
	return c.answer(x, callRate, sdk.Values{"applicant": resident, "id": appeal, "score": in.Score, "comment": in.Comment})
}

// read notes that the resident has opened an answer.
func (c *cabinet) read(x *exchange, r *http.Request) error {
	resident, appeal, err := who(r)
	if err != nil {
		return err
	}
	out, err := c.env.Call(x.ctx, sdk.Call{Service: callGet, Input: sdk.Values{"applicant": resident, "id": appeal, "full": true}})
	if err != nil {
		return err
	}
	delivery, err := deliveryOf(out.Output, r.PathValue("message"))
	if err != nil {
		return err
	}
	err = x.emit.Emit(x.ctx, sdk.Message{
		ExternalID: "read." + delivery, Kind: sdk.KindStatus, At: c.now(), About: delivery,
		Status: &sdk.Status{Delivery: delivery, State: sdk.StateRead, At: c.now()},
	}, nil)
	if err != nil {
		return err
	}
	x.status = http.StatusNoContent
	return nil
}

// deliveryOf finds by which delivery a message went out.
func deliveryOf(appeal sdk.Values, message string) (string, error) {
	var view struct {
		Messages []struct{ ID, Delivery string }
	}
	raw, err := json.Marshal(appeal)
	if err == nil {
		err = json.Unmarshal(raw, &view)
	}
	if err != nil {
		return "", err
	}
	for _, m := range view.Messages {
		if m.ID == message && m.Delivery != "" {
			return m.Delivery, nil
		}
	}
	return "", notFound("такого ответа нет")
}

// reasons are those marked as available for the widget.
func (c *cabinet) reasons(x *exchange, r *http.Request) error {
	input := sdk.Values{"directory": "reasons", "limit": 1000}
	if err := page(r, input); err != nil {
		return err
	}
	return c.answer(x, callDirectory, input)
}

// events is the log of what the cabinet was told, for one that missed it.
func (c *cabinet) events(x *exchange, r *http.Request) error {
	input := sdk.Values{}
	if err := page(r, input, "since"); err != nil {
		return err
	}
	log, err := c.log(x.ctx, input)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, struct {
		Items []event `json:"items"`
		Next  string  `json:"next,omitempty"`
	}{log.events(), log.Next})
}
