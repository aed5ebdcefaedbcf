package intake

import (
	"context"
	"encoding/json"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// KnownService is the hub's service that tells a connector by which names the
// outside system knows a document, when a person pressed a button on its card.
const KnownService = "document"

// KnownQuery is the question.
type KnownQuery struct {
	Document core.DocumentID `json:"document"`
}

// Known is the answer: only what the channel itself has brought or been given.
type Known struct {
	ExternalID string             `json:"external_id,omitempty"`
	Thread     string             `json:"thread,omitempty"` // the outside system's own
	Number     string             `json:"number,omitempty"`
	State      core.DocumentState `json:"state"`
}

// Answer answers KnownService for a channel. KindNotFound if the document is not
// the channel's.
func Answer(ctx context.Context, st store.Store, channel core.ChannelID, question json.RawMessage) (json.RawMessage, error) {
	var ask KnownQuery
	if err := json.Unmarshal(question, &ask); err != nil {
		return nil, core.Invalid("document.question", "document", "вопрос о документе не читается")
	}
	var out Known
	err := st.View(ctx, func(tx store.Tx) error {
		d, err := store.Documents.Get(tx, string(ask.Document))
		if err != nil {
			return err
		}
		if d.Channel != channel {
			return core.NotFound("document.not_found", "у канала нет такого документа")
		}
		out = Known{ExternalID: d.ExternalID, Thread: d.ExternalThread, State: d.State}
		if d.Number != nil {
			out.Number = d.Number.Text
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}
