package app

import (
	"context"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// For tests that look at one joint of the hub and need no whole one.
var (
	ForwardByRule = (*App).forwardByRule
	MassSees      = massSees
)

// Outages feeds states of channels, with their times, to what raises notices.
type Outages struct{ o *outages }

func NewOutages(s store.Store, b bus.Publisher, now func() time.Time) Outages {
	o := newOutages(s, b, hclog.NewNullLogger())
	o.now = now
	return Outages{o}
}

func (o Outages) Tell(ctx context.Context, st core.ChannelStatus) error { return o.o.tell(ctx, st) }
