package execution_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

func TestFailingRuleIsSwitchedOffAndTheDocumentGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		bad  core.Rule
		hurt func(store.Tx) error
		text string
	}{
		"expression": {doing("плохое", &core.Condition{Expr: `files[0].size > 1`}, setLine("never")), nil, "выражение не вычислено"},
		"runs too long": {
			doing("плохое", &core.Condition{Expr: `all(recipients, not (# matches "(a|b|c)+$"))`}, setLine("never")), nil, "выражение вычисляется слишком долго",
		},
		"channel deleted": {
			doing("плохое", nil, core.Action{Do: core.ActForward, Channels: []core.ChannelID{"gis"}}),
			func(tx store.Tx) error { return store.Channels.Delete(tx, "gis") }, "канала gis больше нет",
		},
		"nobody left": {
			doing("плохое", nil, operators(core.ChooseLoad, "usr_anna")),
			func(tx store.Tx) error { return store.Users.Delete(tx, "usr_anna") }, "никто из операторов",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			set := d.set(c.bad, doing("хорошее", nil, setLine("common")))
			if c.hurt != nil {
				d.update(c.hurt)
			}
			d.update(func(tx store.Tx) error {
				return store.Users.Put(tx, &core.User{ID: "usr_boss", Login: "boss", Name: "Главный", Roles: []core.Role{core.RoleAdministrator, core.RoleSupervisor}})
			})
			first := d.in(func(m *core.Message) {
				for i := range 2000 {
					m.To = append(m.To, core.Correspondent{Addresses: []core.Address{{Kind: core.AddressEmail, Value: fmt.Sprintf("дом%d@dom.example", i)}}})
				}
			})
			if first.Appeal == nil || first.Appeal.Line != "common" {
				t.Errorf("the next rule was not tried: %+v", first.Appeal)
			}
			now := d.inForce()
			bad := now.Rules[0]
			if now.Number != set.Number+1 || bad.On || bad.Fault == nil || bad.Fault.Document != first.ID || !strings.HasPrefix(bad.Fault.Text, c.text) || !now.Rules[1].On {
				t.Errorf("rules %+v, fault %+v", now, bad.Fault)
			}
			if evs := d.bus.Take(bus.RuleFailed); len(evs) != 1 {
				t.Errorf("%d events", len(evs))
			}
			d.hears("usr_boss", bad)
			if n := d.audited("rules/" + string(bad.ID)); n != 1 {
				t.Errorf("%d audit entries", n)
			}
			second := d.in(nil)
			if decided, steps := d.decision(second.ID); decided.RuleSet != now.Number || steps[0].Outcome != core.RuleOff {
				t.Errorf("second document: %+v %+v", decided, steps)
			}
			if n := d.inForce().Number; n != now.Number {
				t.Errorf("version %d after the second document", n)
			}
		})
	}
}

// hears proves that the user is told of the rule that was switched off, once.
func (d *desk) hears(user core.UserID, bad core.Rule) {
	d.Helper()
	evs := d.bus.Take(bus.NoticeRaised)
	if len(evs) != 1 {
		d.Fatalf("%d notices", len(evs))
	}
	var notice bus.NoticeEvent
	if err := evs[0].Decode(&notice); err != nil {
		d.Fatal(err)
	}
	if !slices.Equal(notice.Users, []core.UserID{user}) || notice.Rule != bad.ID || notice.Text != "Правило «плохое» выключено: "+bad.Fault.Text {
		d.Errorf("notice %+v", notice)
	}
}

// audited counts the entries of the journal about an object.
func (d *desk) audited(object string) (n int) {
	d.Helper()
	coretest.View(d, d.store, func(tx store.Tx) error {
		for range store.Audit.FindKeys(tx, "object", object) {
			n++
		}
		return nil
	})
	return n
}
