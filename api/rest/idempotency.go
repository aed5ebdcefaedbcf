package rest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// keepAnswers is how long a request may be sent again with its key.
const keepAnswers = 72 * time.Hour

// update runs do in one transaction and answers with what it returns. With an
// Idempotency-Key the answer is kept in the same transaction, and the same
// request sent again gets it without do being run. content is what the request
// asks for: another content under the same key is refused.
func (s *Server) update(c *call, content any, do func(tx store.Tx) (answer, error)) (a answer, err error) {
	saved, err := c.savedAnswer(content)
	if err != nil {
		return answer{}, err
	}
	err = s.write(c, func(tx store.Tx) error {
		if saved == nil {
			a, err = do(tx)
			return err
		}
		a, err = once(tx, *saved, do)
		return err
	})
	return a, err
}

// write is Store.Update for what may publish: events carry the number of the
// request.
func (s *Server) write(c *call, fn func(tx store.Tx) error) error {
	return s.Store.Update(c.ctx(), func(tx store.Tx) error { return fn(bus.WithCorrelation(tx, c.id)) })
}

// savedAnswer is nil if the request has no key.
func (c *call) savedAnswer(content any) (*core.SavedAnswer, error) {
	key := c.r.Header.Get("Idempotency-Key")
	if key == "" {
		return nil, nil
	}
	if len(key) > 200 {
		return nil, core.Invalid("request.header", "Idempotency-Key", textTooLong)
	}
	raw, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	return &core.SavedAnswer{
		ID:      fingerprint(string(c.who.User.ID), c.route.name, key),
		Request: fingerprint(c.r.URL.Path, string(raw)),
	}, nil
}

// fingerprint is the SHA-256 of the parts, each with its length before it, so
// that no two lists of parts look alike.
func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		sum := sha256.Sum256([]byte(p))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func once(tx store.Tx, fresh core.SavedAnswer, do func(tx store.Tx) (answer, error)) (answer, error) {
	old, err := store.SavedAnswers.Get(tx, fresh.ID)
	switch {
	case err == nil && tx.Now().Sub(old.CreatedAt) < keepAnswers:
		return again(old, fresh)
	case err == nil:
		err = store.SavedAnswers.Erase(tx, old.ID)
	case core.KindOf(err) == core.KindNotFound:
		err = nil
	}
	if err != nil {
		return answer{}, err
	}
	a, err := do(tx)
	if err != nil {
		return answer{}, err
	}
	return a, save(tx, &fresh, a)
}

func again(old *core.SavedAnswer, fresh core.SavedAnswer) (answer, error) {
	if old.Request != fresh.Request {
		return answer{}, core.Conflict("request.idempotency", "прошлая попытка уже выполнена, а содержание с тех пор изменилось: посмотрите, что получилось, и отправьте ещё раз, если нужно")
	}
	return answer{Status: old.Status, Location: old.Location, ETag: old.ETag, Body: json.RawMessage(old.Body)}, nil
}

func save(tx store.Tx, fresh *core.SavedAnswer, a answer) error {
	raw, err := encode(a.Body)
	if err != nil {
		return err
	}
	fresh.Status, fresh.Location, fresh.ETag, fresh.Body = a.Status, a.Location, a.ETag, raw
	return store.SavedAnswers.Put(tx, fresh)
}

// Sweep forgets answers kept for requests that nobody will send again. The hub
// calls it once a day.
func (s *Server) Sweep(ctx context.Context) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		var gone []string
		for a, err := range store.SavedAnswers.All(tx) {
			if err != nil {
				return err
			}
			if tx.Now().Sub(a.CreatedAt) >= keepAnswers {
				gone = append(gone, a.ID)
			}
		}
		for _, id := range gone {
			if err := store.SavedAnswers.Erase(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}
