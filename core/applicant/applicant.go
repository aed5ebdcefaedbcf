// Package applicant answers connectors what an applicant may see and say of the
// appeals that came through their own channel: their states, what was written
// in the matter, its files, the rating. An applicant is known by the outside id
// (AddressOutside) that the channel gives; what belongs to somebody else, or
// came through another channel, does not exist here.
package applicant

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/store"
)

// Names under which connectors call the service.
const (
	ListService = "appeals"
	GetService  = "appeal"
	FileService = "appeal-file"
	RateService = "appeal-rate"
	LogService  = "deliveries"
)

// maxMessages bounds the conversation one answer holds: the last ones.
const maxMessages = 500

// Service has no state of its own.
type Service struct {
	Store   store.Store
	Appeals *appeal.Service
}

// Question is what a connector sends; each service reads its part.
type Question struct {
	Applicant string `json:"applicant"`     // outside id
	ID        string `json:"id"`            // external id of the appeal
	Hash      string `json:"hash"`          // of the file
	Score     int    `json:"score"`         // 1 to 5
	Comment   string `json:"comment"`       // to the score
	Since     string `json:"since"`         // RFC 3339: deliveries from this moment on
	After     string `json:"after"`         // Next of the page before
	Limit     int    `json:"limit"`         // 1 to 1000, 0 means 50
	Full      bool   `json:"full,omitzero"` // with the conversation
}

// Appeal is an appeal as its applicant sees it.
type Appeal struct {
	ID           string           `json:"id"` // external id
	Document     core.DocumentID  `json:"document"`
	Number       string           `json:"number,omitempty"`
	Date         core.Date        `json:"date,omitempty"`
	Subject      string           `json:"subject"`
	State        core.AppealState `json:"state"`
	At           time.Time        `json:"at"`
	DueAt        *time.Time       `json:"due_at,omitempty"`
	AnsweredAt   *time.Time       `json:"answered_at,omitempty"`
	EndedAt      *time.Time       `json:"ended_at,omitempty"`
	Result       string           `json:"result,omitempty"`
	RejectReason string           `json:"reject_reason,omitempty"`
	Rating       *core.Rating     `json:"rating,omitempty"`
	Messages     []Message        `json:"messages,omitempty"` // oldest first; of one appeal only
}

// Message is one document of the matter.
type Message struct {
	ID        string             `json:"id"`                 // external id of what came in, document id of what went out
	Delivery  core.DeliveryID    `json:"delivery,omitempty"` // of what went out
	Direction core.Direction     `json:"direction"`
	Number    string             `json:"number,omitempty"`
	At        time.Time          `json:"at"`
	Purpose   core.Purpose       `json:"purpose,omitempty"`
	State     core.DeliveryState `json:"state,omitempty"` // of what went out
	Author    string             `json:"author,omitempty"`
	Subject   string             `json:"subject"`
	Text      string             `json:"text"`
	HTML      string             `json:"html,omitempty"`
	Files     []File             `json:"files,omitempty"`
}

// File is a file of a message; FileService gives its bytes.
type File struct {
	Hash      string `json:"hash"`
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
}

// Page is the answer of ListService.
type Page struct {
	Items []Appeal `json:"items"`
	Next  string   `json:"next,omitempty"`
}

// ask reads a question.
func ask(raw json.RawMessage) (q Question, err error) {
	if err := json.Unmarshal(raw, &q); err != nil {
		return q, core.Invalid("applicant.question", "", "вопрос об обращениях не читается")
	}
	return q, nil
}

func none() error {
	return core.NotFound("applicant.not_found", "такого обращения нет")
}

// wrote tells that the document came from the applicant through the channel.
func wrote(d *core.Document, channel core.ChannelID, applicant string) bool {
	return d.Direction == core.Incoming && d.Channel == channel && is(d.Sender, applicant)
}

// is tells that the correspondent has the outside id, letter by letter: the
// index does not know small letters from capital ones.
func is(c core.Correspondent, applicant string) bool {
	return applicant != "" && slices.ContainsFunc(c.Addresses, func(a core.Address) bool {
		return a.Kind == core.AddressOutside && a.Value == applicant
	})
}

// find is the applicant's appeal of that external id.
func find(tx store.Tx, channel core.ChannelID, q Question) (*core.Document, error) {
	for d, err := range store.Documents.Find(tx, "external", store.ExternalKey(channel, q.ID)) {
		if err != nil {
			return nil, err
		}
		if d.Appeal != nil && d.ExternalID == q.ID && wrote(d, channel, q.Applicant) {
			return d, nil
		}
	}
	return nil, none()
}

func view(d *core.Document) Appeal {
	a := d.Appeal
	out := Appeal{
		ID: d.ExternalID, Document: d.ID, Subject: d.Subject, State: a.State, At: d.CreatedAt, DueAt: d.DueAt,
		AnsweredAt: a.AnsweredAt, EndedAt: a.EndedAt, RejectReason: a.RejectReason, Rating: a.Rating,
	}
	if d.Number != nil {
		out.Number, out.Date = d.Number.Text, d.Number.Date
	}
	if a.Result != nil {
		out.Result = a.Result.Text
	}
	return out
}
