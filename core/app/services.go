package app

import (
	"context"
	"encoding/json"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/applicant"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/intake"
	"github.com/uzel-hub/uzel/core/pluginhost"
)

// services are what the hub itself answers connectors.
func (a *App) services() map[string]pluginhost.Service {
	about := &applicant.Service{Store: a.Store, Appeals: a.Appeals}
	return map[string]pluginhost.Service{
		directory.PublicService: answered(func(ctx context.Context, ch core.ChannelID, in json.RawMessage) (json.RawMessage, error) {
			return a.Directories.Public(ctx, a.Store, ch, in)
		}),
		intake.KnownService: answered(func(ctx context.Context, ch core.ChannelID, in json.RawMessage) (json.RawMessage, error) {
			return intake.Answer(ctx, a.Store, ch, in)
		}),
		applicant.ListService: answered(about.List),
		applicant.GetService:  answered(about.Get),
		applicant.RateService: answered(about.Rate),
		applicant.LogService:  answered(about.Log),
		applicant.FileService: func(ctx context.Context, call pluginhost.ServiceCall) (pluginhost.Result, error) {
			f, err := about.File(ctx, call.Channel, call.Input)
			if err != nil {
				return pluginhost.Result{}, err
			}
			return pluginhost.Result{Files: []core.Attachment{f}}, nil
		},
	}
}

// answered makes a service of a function that answers with JSON.
func answered(f func(context.Context, core.ChannelID, json.RawMessage) (json.RawMessage, error)) pluginhost.Service {
	return func(ctx context.Context, call pluginhost.ServiceCall) (pluginhost.Result, error) {
		out, err := f(ctx, call.Channel, call.Input)
		return pluginhost.Result{Output: out}, err
	}
}
