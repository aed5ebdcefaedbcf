package rest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// A file an operation gave out belongs to no record that could say who may read
// it. A ticket says it: the file, the user and the end, signed with a key that
// lives as long as the process.

const ticketLife = time.Hour

// ticket lets a user read one file.
type ticket struct {
	File  core.Attachment `json:"file"`
	User  core.UserID     `json:"user"`
	Until time.Time       `json:"until"`
}

func (s *Server) ticketURL(c *call, f core.Attachment) string {
	raw, err := json.Marshal(ticket{File: f, User: c.who.User.ID, Until: s.Now().Add(ticketLife)})
	if err != nil {
		return "" // a ticket holds texts only: cannot happen
	}
	body := base64.RawURLEncoding.EncodeToString(raw)
	return v1 + "/results/" + body + "." + s.sign(body)
}

func (s *Server) sign(body string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (s *Server) readTicket(c *call) (core.Attachment, error) {
	none := core.NotFound("files.not_found", "ссылка на файл больше не действует")
	body, signature, _ := strings.Cut(c.param("ticket"), ".")
	if !hmac.Equal([]byte(signature), []byte(s.sign(body))) {
		return core.Attachment{}, none
	}
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return core.Attachment{}, none
	}
	var t ticket
	if json.Unmarshal(raw, &t) != nil || t.User != c.who.User.ID || s.Now().After(t.Until) {
		return core.Attachment{}, none
	}
	return t.File, nil
}

func (s *Server) getResultFile(c *call) (answer, error) {
	q := c.query()
	inline := q.flag("inline")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	file, err := s.readTicket(c)
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.sendFile(c, file, inline)
}
