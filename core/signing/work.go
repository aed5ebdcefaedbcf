package signing

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/store"
)

const (
	parallel = 4 // requests at once
	// look is how often Run looks by itself; it is woken when there is work.
	look         = time.Minute
	firstPause   = 5 * time.Second
	longestPause = 10 * time.Minute
)

// Wake has Run look at once. It never waits.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run makes and verifies signatures until ctx is done.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		next, err := s.Step(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("signatures do not go on", "error", err)
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.wake:
		}
		timer.Stop()
	}
	return nil
}

// Step does what is due and tells after what pause there is more. Run calls it; so
// do tests.
func (s *Service) Step(ctx context.Context) (next time.Duration, err error) {
	due, next, err := s.due(ctx)
	if err != nil {
		return look, err
	}
	var g errgroup.Group
	g.SetLimit(parallel)
	for _, sig := range due {
		g.Go(func() error { return s.goOn(ctx, sig) })
	}
	if err := g.Wait(); err != nil || len(due) == 0 {
		return next, err
	}
	_, next, err = s.due(ctx)
	return next, err
}

// due are the signatures whose time has come.
func (s *Service) due(ctx context.Context) (due []*core.Signature, next time.Duration, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		due, next = nil, look
		for sig, err := range store.Signatures.Find(tx, "waiting", store.SignatureWaiting) {
			if err != nil {
				return err
			}
			wait := time.Duration(0)
			if sig.DueAt != nil {
				wait = sig.DueAt.Sub(tx.Now())
			}
			if wait <= 0 {
				due = append(due, sig)
				wait = 0
			}
			next = min(next, wait)
		}
		return nil
	})
	return due, next, err
}

// goOn takes one signature a step further. The channel is asked outside of any
// transaction; what changed meanwhile (it was cancelled) wins.
func (s *Service) goOn(ctx context.Context, seen *core.Signature) error {
	var claim blob.Claim // of the signature that comes back
	defer claim.End()
	ctx = claim.Under(ctx)
	a, asked := s.ask(ctx, seen)
	if ctx.Err() != nil {
		return nil
	}
	return s.Store.Update(store.Deferrable(ctx), func(tx store.Tx) error {
		sig, err := store.Signatures.Get(tx, string(seen.ID))
		if err != nil || sig.Version != seen.Version {
			return err
		}
		if asked == nil {
			asked = take(tx, sig, a)
		}
		if asked != nil {
			trouble(tx, sig, asked)
		}
		return s.save(tx, sig)
	})
}

func (s *Service) ask(ctx context.Context, sig *core.Signature) (Answer, error) {
	r := Request{Organization: sig.Organization}
	if sig.State == core.SignatureSigning {
		r.Service, r.Channel, r.Token = "sign", sig.Channel, sig.Token
		if sig.Token == "" {
			r.Input, r.Files = object(map[string]any{"certificate": sig.Certificate}), []core.Attachment{*sig.File}
		}
		return s.Desk.Ask(ctx, r)
	}
	r.Service, r.Files = "verify", []core.Attachment{*sig.Signature}
	r.Input = object(map[string]any{"received_at": sig.CreatedAt.UTC().Format(time.RFC3339)})
	r.Files[0].Role, r.Files[0].Signs = core.FileSignature, ""
	if sig.File != nil {
		r.Files[0].Signs = sig.File.Name
		r.Files = append(r.Files, *sig.File)
	}
	return s.Desk.Ask(ctx, r)
}

func object(fields map[string]any) json.RawMessage {
	raw, err := json.Marshal(fields)
	if err != nil {
		panic(err) // texts of our own making
	}
	return raw
}

// Bounds of when a pending answer is asked for again: what a connector names by
// mistake must neither ask without a pause nor never.
const (
	askFastest = time.Second
	askSlowest = time.Hour
)

// take writes down what came of a request.
func take(tx store.Tx, sig *core.Signature, a Answer) error {
	switch {
	case a.Pending:
		at := tx.Now().Add(min(max(a.AskAfter, askFastest), askSlowest))
		sig.Token, sig.DueAt, sig.Problem = a.Token, &at, ""
		return nil
	case sig.State == core.SignatureSigning:
		return made(tx, sig, a)
	}
	return verified(tx, sig, a)
}

// made takes the signature and has it verified as any other.
func made(tx store.Tx, sig *core.Signature, a Answer) error {
	if len(a.Files) != 1 {
		return core.Unavailable("signature.answer", "средство подписи не вернуло подпись", nil)
	}
	f := a.Files[0]
	f.Role, f.Signs = core.FileSignature, sig.File.Name
	now := tx.Now()
	sig.Signature, sig.State, sig.Token, sig.DueAt, sig.Attempts, sig.Problem = &f, core.SignatureVerifying, "", &now, 0, ""
	return nil
}

func verified(tx store.Tx, sig *core.Signature, a Answer) error {
	var out struct {
		Reports []core.SignatureReport `json:"reports"`
	}
	if err := json.Unmarshal(a.Output, &out); err != nil || len(out.Reports) == 0 {
		return core.Unavailable("signature.answer", "проверка подписи не дала отчёта", err)
	}
	now := tx.Now()
	sig.State, sig.Token, sig.DueAt, sig.Attempts, sig.Problem = core.SignatureVerified, "", nil, 0, ""
	sig.Reports, sig.Status, sig.CheckedAt = out.Reports, worst(out.Reports), &now
	return nil
}

// worst is the status of a file with several signers.
func worst(reports []core.SignatureReport) core.SignatureStatus {
	status := core.SignatureValid
	for _, r := range reports {
		switch r.Status {
		case core.SignatureValid:
		case core.SignatureInvalid:
			return core.SignatureInvalid
		default:
			status = core.SignatureIndeterminate
		}
	}
	return status
}

// trouble decides whether to try again: what the channel refuses for good ends
// the matter.
func trouble(tx store.Tx, sig *core.Signature, err error) {
	sig.Problem = words(err)
	switch core.KindOf(err) {
	case core.KindInvalid, core.KindRejected, core.KindForbidden, core.KindConflict:
		sig.State, sig.DueAt, sig.Token = core.SignatureFailed, nil, ""
		return
	}
	pause := min(firstPause<<min(sig.Attempts, 10), longestPause)
	sig.Attempts++
	at := tx.Now().Add(max(pause, core.AfterOf(err)))
	sig.DueAt = &at
}

// words are an error for people.
func words(err error) string {
	if e, ok := errors.AsType[*core.Error](err); ok && e.Text != "" {
		return e.Text
	}
	return "не удалось: повторим позже"
}

// Certificates asks what can be signed with. A channel that has no keys says so
// by KindRejected.
func (s *Service) Certificates(ctx context.Context, organization core.OrganizationID, channel core.ChannelID) ([]core.SigningCertificate, error) {
	a, err := s.Desk.Ask(ctx, Request{Service: "certificates", Organization: organization, Channel: channel})
	if err != nil {
		return nil, err
	}
	var out struct {
		Certificates []core.SigningCertificate `json:"certificates"`
	}
	if err := json.Unmarshal(a.Output, &out); err != nil {
		return nil, core.Unavailable("signature.answer", "средство подписи ответило непонятно", err)
	}
	return out.Certificates, nil
}
