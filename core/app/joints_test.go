package app_test

import (
	"fmt"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/app"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

func TestARuleForwardsAnAppealAsItsOperatorWould(t *testing.T) {
	s := coretest.Open(t, coretest.NewClock())
	out := &outgoing.Service{Store: s, Bus: &coretest.Recorder{}}
	a := &app.App{Outgoing: out, Appeals: &appeal.Service{
		Bus: &coretest.Recorder{}, Outgoing: out, Carries: func(*core.Channel, core.Purpose) bool { return true },
	}}
	letter := &core.Document{ID: "doc_1", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Thread: "t1", Channel: "mail"}
	complaint := &core.Document{
		ID: "doc_2", Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered, Thread: "t2", Channel: "mail",
		Appeal: &core.Appeal{State: core.AppealNew},
	}
	coretest.Update(t, s, func(tx store.Tx) error {
		for _, id := range []core.ChannelID{"mail", "gis"} {
			if err := store.Channels.Put(tx, &core.Channel{ID: id, Enabled: true}); err != nil {
				return err
			}
		}
		for _, d := range []*core.Document{letter, complaint} {
			if err := store.Documents.Put(tx, d); err != nil {
				return err
			}
			if err := app.ForwardByRule(a, tx, d, []core.ChannelID{"gis"}); err != nil {
				return err
			}
		}
		return nil
	})
	coretest.View(t, s, func(tx store.Tx) error {
		for id, want := range map[string]string{"doc_1": "forward gis registered", "doc_2": "forward gis forwarded"} {
			d, err := store.Documents.Get(tx, id)
			if err != nil {
				return err
			}
			state := string(d.State)
			if d.Appeal != nil {
				state = string(d.Appeal.State)
			}
			got := ""
			for dlv, err := range store.Deliveries.Find(tx, "document", id) {
				if err != nil {
					return err
				}
				if dlv.Purpose != core.PurposeForward {
					continue // the origin hears of it
				}
				got += fmt.Sprint(dlv.Purpose, " ", dlv.Channel, " ", state)
			}
			if got != want {
				t.Errorf("%s: %q, want %q", id, got, want)
			}
		}
		return nil
	})
}

func TestAMassOperationSeesWhatItsPersonSees(t *testing.T) {
	s := coretest.Open(t, coretest.NewClock())
	coretest.Update(t, s, func(tx store.Tx) error {
		for _, u := range []*core.User{
			{ID: "usr_all", Login: "all", Roles: []core.Role{core.RoleSupervisor}},
			{ID: "usr_one", Login: "one", Roles: []core.Role{core.RoleOperator}, Organizations: []core.OrganizationID{"org_1"}},
		} {
			if err := store.Users.Put(tx, u); err != nil {
				return err
			}
		}
		return nil
	})
	ours, others := &core.Document{Organization: "org_1"}, &core.Document{Organization: "org_2"}
	coretest.View(t, s, func(tx store.Tx) error {
		for _, tc := range []struct {
			by           core.Actor
			ours, others bool
		}{
			{core.Actor{Kind: core.ActorUser, ID: "usr_all"}, true, true},
			{core.Actor{Kind: core.ActorUser, ID: "usr_one"}, true, false},
			{core.Actor{Kind: core.ActorUser, ID: "usr_gone"}, false, false},
			{core.Actor{Kind: core.ActorHub, ID: "uzel"}, true, true},
		} {
			sees, err := app.MassSees(tx, tc.by)
			if err != nil {
				return err
			}
			if sees == nil { // everything
				sees = func(*core.Document) bool { return true }
			}
			if sees(ours) != tc.ours || sees(others) != tc.others {
				t.Errorf("%s sees its own %v, others %v", tc.by.ID, sees(ours), sees(others))
			}
		}
		return nil
	})
}
