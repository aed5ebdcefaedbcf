package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/app"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

func TestAdministratorsHearOfFallsAndRecoveries(t *testing.T) {
	clock, events := coretest.NewClock(), &coretest.Recorder{}
	s := coretest.Open(t, clock)
	coretest.Update(t, s, func(tx store.Tx) error {
		for _, u := range []*core.User{
			{ID: "usr_root", Login: "root", Roles: []core.Role{core.RoleAdministrator}},
			{ID: "usr_ours", Login: "ours", Roles: []core.Role{core.RoleAdministrator}, Organizations: []core.OrganizationID{"org_1"}},
			{ID: "usr_other", Login: "other", Roles: []core.Role{core.RoleAdministrator}, Organizations: []core.OrganizationID{"org_2"}},
			{ID: "usr_gone", Login: "gone", Roles: []core.Role{core.RoleAdministrator}, State: core.UserLocked},
			{ID: "usr_desk", Login: "desk", Roles: []core.Role{core.RoleOperator}},
		} {
			if err := store.Users.Put(tx, u); err != nil {
				return err
			}
		}
		return store.Channels.Put(tx, &core.Channel{ID: "mail", Title: "Почта", Organization: "org_1"})
	})
	outages := app.NewOutages(s, events, clock.Now)
	for i, step := range []struct {
		state core.ChannelState
		after time.Duration
		want  string // a part of the notice
	}{
		{core.ChannelStarting, 0, ""},
		{core.ChannelRunning, 0, ""}, // nobody had heard of a fall
		{core.ChannelDegraded, time.Minute, "работает с ошибками"},
		{core.ChannelDegraded, time.Minute, ""}, // another reason
		{core.ChannelRunning, time.Minute, "снова работает"},
		{core.ChannelFailed, time.Minute, "остановился"},
		{core.ChannelFailed, time.Hour, "остановился"}, // still
		{core.ChannelStopping, 0, ""},
	} {
		clock.Add(step.after)
		if err := outages.Tell(t.Context(), core.ChannelStatus{Channel: "mail", State: step.state}); err != nil {
			t.Fatal(err)
		}
		got := events.Take(bus.NoticeRaised)
		if step.want == "" && len(got) == 0 {
			continue
		}
		if len(got) != 1 {
			t.Fatalf("step %d, %s: %d notices, want %q", i, step.state, len(got), step.want)
		}
		var notice bus.NoticeEvent
		if err := got[0].Decode(&notice); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(notice.Text, step.want) || len(notice.Users) != 2 || notice.Channel != "mail" || notice.Notice != core.NoticeChannel {
			t.Errorf("step %d: %+v", i, notice)
		}
	}
	if err := outages.Tell(t.Context(), core.ChannelStatus{Channel: "deleted", State: core.ChannelFailed}); err != nil {
		t.Error(err)
	}
}
