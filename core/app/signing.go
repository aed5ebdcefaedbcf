package app

import (
	"context"

	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/signing"
)

// openSigning makes the service of electronic signatures over the channels that
// sign and verify.
func (a *App) openSigning() {
	a.Signing = signing.New(signing.Config{Store: a.Store, Blobs: a.Files, Bus: a.Bus, Desk: signingDesk{a}, Log: a.Log.Named("signing")})
	a.Drafts.Signatures = a.Signing
}

// signingDesk asks the channels.
type signingDesk struct{ app *App }

// Ask implements signing.Desk.
func (d signingDesk) Ask(ctx context.Context, r signing.Request) (signing.Answer, error) {
	res, err := d.app.Host.Ask(ctx, pluginhost.ServiceRequest{
		Service: r.Service, Organization: r.Organization, Channel: r.Channel, Input: r.Input, Files: r.Files, Token: r.Token,
	})
	return signing.Answer{Output: res.Output, Files: res.Files, Pending: res.Pending, Token: res.Token, AskAfter: res.AskAfter}, err
}
