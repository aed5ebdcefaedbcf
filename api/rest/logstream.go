package rest

import (
	"context"
	"time"

	"github.com/uzel-hub/uzel/core/pluginhost"
)

// followLog streams a channel's log until its reader goes.
func (s *Server) followLog(c *call, n int) error {
	ctx, cancel := s.streamContext(c)
	defer cancel()
	lines := make(chan pluginhost.LogLine)
	ended := make(chan error, 1)
	go func() { // ends with ctx; waited for below
		ended <- s.Host.LogFollow(ctx, c.channel(), n, func(l pluginhost.LogLine) error {
			select {
			case lines <- l:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	}()
	defer func() { cancel(); <-ended }()
	return s.pump(ctx, c, lines)
}

// pump writes lines and shows between them that the stream is alive.
func (s *Server) pump(ctx context.Context, c *call, lines <-chan pluginhost.LogLine) error {
	out := newEventStream(c.w)
	if out.comment("log") != nil {
		return nil
	}
	beat := time.NewTicker(s.Heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case l := <-lines:
			err = out.send(message{event: "line", data: l})
		case <-beat.C:
			err = s.beat(ctx, c, out)
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			return nil // the reader has gone, or may no longer read
		}
	}
}
