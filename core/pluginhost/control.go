package pluginhost

import (
	"context"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// Wake asks the channel's receiver to look now, and cuts all pauses after faults
// short ("run now").
func (h *Host) Wake(ctx context.Context, id core.ChannelID) error {
	l, err := h.running(id)
	if err != nil {
		return err
	}
	l.nudge.ring()
	l.wakeSender()
	if !l.entry.Can(catalog.Receives) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, h.timing.Call)
	defer cancel()
	reply, err := l.client.Wake(ctx, &pluginv1.WakeRequest{})
	if err != nil {
		return wire.CallError(err, "wake channel")
	}
	if reply.GetRestart() {
		l.in.bounce()
	}
	return nil
}

// Check asks a running channel how its outside system is, a section of the
// settings or all of it, and moves the channel's state accordingly. The parts
// tell how each part fared; the error is the first no.
func (h *Host) Check(ctx context.Context, id core.ChannelID, section string) ([]CheckPart, error) {
	l, err := h.running(id)
	if err != nil {
		return nil, err
	}
	parts, err := l.check(ctx, section)
	select {
	case l.checkBell <- struct{}{}: // the channel asks once more, for its own state
	default:
	}
	return parts, err
}

// stateNow is the channel's state and its reason.
func (c *channel) stateNow() (core.ChannelState, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status.State, c.status.Reason
}
