package app

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// outages has the administrators hear of channels that fell and that work again.
type outages struct {
	store store.Store
	bus   bus.Publisher
	log   hclog.Logger
	now   func() time.Time
	seen  chan core.ChannelStatus // what the host has told, in its order
	down  map[core.ChannelID]time.Time
}

const (
	// outageEvery is how often the fall of one channel is told at most: one that
	// falls and recovers all the time is one piece of news.
	outageEvery = 15 * time.Minute
	mostSeen    = 256
	mostTold    = 100
)

func newOutages(s store.Store, b bus.Publisher, log hclog.Logger) *outages {
	return &outages{store: s, bus: b, log: log, now: time.Now, seen: make(chan core.ChannelStatus, mostSeen), down: map[core.ChannelID]time.Time{}}
}

// note takes a state over. It never waits: the host tells under its own locks.
func (o *outages) note(st core.ChannelStatus) {
	select {
	case o.seen <- st:
	default:
		o.log.Warn("channel state not told by a notice", "channel", st.Channel)
	}
}

func (o *outages) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case st := <-o.seen:
			if err := o.tell(ctx, st); err != nil && ctx.Err() == nil {
				o.log.Warn("channel state not told by a notice", "channel", st.Channel, "error", err)
			}
		}
	}
}

// tell raises a notice if the channel fell or, after that was told, works again.
func (o *outages) tell(ctx context.Context, st core.ChannelStatus) error {
	var say func(title string) string
	at, told := o.down[st.Channel]
	switch st.State {
	case core.ChannelFailed, core.ChannelDegraded:
		if told && o.now().Sub(at) < outageEvery {
			return nil
		}
		o.down[st.Channel] = o.now()
		say = func(title string) string { return "Канал «" + title + "» работает с ошибками" }
		if st.State == core.ChannelFailed {
			say = func(title string) string { return "Канал «" + title + "» остановился" }
		}
	case core.ChannelRunning:
		if !told {
			return nil
		}
		delete(o.down, st.Channel)
		say = func(title string) string { return "Канал «" + title + "» снова работает" }
	default:
		return nil
	}
	return o.store.Update(ctx, func(tx store.Tx) error { return o.raise(tx, st.Channel, say) })
}

func (o *outages) raise(tx store.Tx, id core.ChannelID, say func(title string) string) error {
	ch, err := store.Channels.Get(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	var users []core.UserID
	for u, err := range store.Users.Find(tx, "role", string(core.RoleAdministrator)) {
		if err != nil {
			return err
		}
		if u.MayEnter() && len(users) < mostTold && (len(u.Organizations) == 0 || ch.Organization == "" || slices.Contains(u.Organizations, ch.Organization)) {
			users = append(users, u.ID)
		}
	}
	if len(users) == 0 {
		return nil
	}
	return o.bus.Publish(tx, bus.NoticeRaised, string(id), bus.NoticeEvent{
		Users: users, Channel: id, Organization: ch.Organization, Text: say(ch.Title), Notice: core.NoticeChannel,
	})
}
