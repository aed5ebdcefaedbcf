package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

// ReplyInput is an answer to an incoming document.
type ReplyInput struct {
	Subject  string               `json:"subject"`
	Text     string               `json:"text"`
	To       []core.Correspondent `json:"to"`
	Channel  core.ChannelID       `json:"channel"`
	Journal  core.JournalID       `json:"journal"`
	Author   string               `json:"author"`
	KeepOpen bool                 `json:"keep_open"`
}

// Replied is a reply on its way.
type Replied struct {
	Document *core.Document `json:"document"`
	Delivery *core.Delivery `json:"delivery"`
}

func (in *ReplyInput) check() error {
	var f faults
	f.short("subject", in.Subject, 1000)
	f.short("author", in.Author, 200)
	checkCorrespondents(&f, "to", in.To)
	return f.err("request.body")
}

func (s *Server) reply(c *call) (answer, error) {
	var in ReplyInput
	files, err := s.decodeForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	if in.Author == "" {
		in.Author = c.who.SignsAs()
	}
	return s.update(c, []any{in, files}, func(tx store.Tx) (answer, error) {
		if _, err := c.who.Scope().Read(tx, c.param("id")); err != nil {
			return answer{}, err
		}
		d, dlv, err := s.Outgoing.Reply(tx, core.DocumentID(c.param("id")), outgoing.Reply{
			Subject: in.Subject, Text: in.Text, Files: files, To: in.To, Channel: in.Channel, Journal: in.Journal,
			Author: in.Author, KeepOpen: in.KeepOpen,
		})
		if err != nil {
			return answer{}, err
		}
		return created(v1+"/documents/"+string(d.ID), Replied{s.shown(d), dlv}, d.Version), nil
	})
}
