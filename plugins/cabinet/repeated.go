package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/sdk"
)

// repeated looks whether the hub has the message already: created if it has not,
// ok if it has the same, a conflict if something else has its id. Compared are
// the text, and the files if all of them are at hand; a clerk may have mended
// the subject since.
func (c *cabinet) repeated(x *exchange, m *sdk.Message, files bool) (status int, err error) {
	out, err := c.env.Call(x.ctx, sdk.Call{Service: callGet, Input: sdk.Values{
		"applicant": m.From.Address("outside"), "id": m.Thread.External, "full": true,
	}})
	if sdk.KindOf(err) == "not_found" {
		return http.StatusCreated, nil
	}
	if err != nil {
		return 0, err
	}
	had, err := registered(out.Output, m.ExternalID)
	if err != nil || had == nil {
		return http.StatusCreated, err
	}
	same := bare(had.Text) == bare(m.Text)
	if same && files {
		same, err = had.hasFiles(m.Files)
	}
	if err == nil && !same {
		err = conflict("с этим id уже зарегистрировано другое обращение или сообщение")
	}
	return http.StatusOK, err
}

// entry is what the resident wrote, as the hub keeps it.
type entry struct {
	ID, Direction, Text string
	Files               []struct{ Hash string }
}

// registered finds the message of that id in a conversation; nil if it has none.
func registered(appeal sdk.Values, id string) (*entry, error) {
	var view struct{ Messages []entry }
	raw, err := json.Marshal(appeal)
	if err == nil {
		err = json.Unmarshal(raw, &view)
	}
	i := slices.IndexFunc(view.Messages, func(e entry) bool { return e.ID == id && e.Direction != "outgoing" })
	if err != nil || i < 0 {
		return nil, err
	}
	return &view.Messages[i], nil
}

func (e *entry) hasFiles(files []sdk.File) (bool, error) {
	var kept, sent []string
	for _, f := range e.Files {
		kept = append(kept, f.Hash)
	}
	for _, f := range files {
		sum, err := sumOf(f)
		if err != nil {
			return false, err
		}
		sent = append(sent, sum)
	}
	slices.Sort(kept)
	slices.Sort(sent)
	return slices.Equal(kept, sent), nil
}

func sumOf(f sdk.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	defer r.Close() //nolint:errcheck // only read
	sum := sha256.New()
	_, err = io.Copy(sum, r)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// bare is a text without what its way through the hub may change.
func bare(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, text))
}
