package execution

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/routing"
	"github.com/uzel-hub/uzel/core/store"
)

// Rules is the version in force. Before the first edit it is version 0 without
// rules.
func (s *Service) Rules(tx store.Tx) (*core.RuleSet, error) {
	head, err := store.RuleHeads.Get(tx, core.RuleHeadID)
	if core.KindOf(err) == core.KindNotFound {
		return &core.RuleSet{Rules: []core.Rule{}, By: core.Actor{Kind: core.ActorHub, ID: "uzel"}}, nil
	}
	if err != nil {
		return nil, err
	}
	return s.Version(tx, head.Version)
}

// Version is one version of the rule set, the present one or an earlier.
func (s *Service) Version(tx store.Tx, number uint64) (*core.RuleSet, error) {
	return store.RuleSets.Get(tx, core.RuleSetKey(number))
}

// AnyVersion in place of the number that an edit was made of.
const AnyVersion = ^uint64(0)

// Edit makes the next version of the rule set out of the present one. KindConflict
// if that is not the version the caller has seen; KindInvalid, with all faults,
// if what edit returns cannot be in force. Nothing is changed then. edit gets a
// list of its own; new rules come without id.
func (s *Service) Edit(tx store.Tx, seen uint64, note string, edit func([]core.Rule) ([]core.Rule, error)) (*core.RuleSet, error) {
	old, err := s.Rules(tx)
	if err != nil {
		return nil, err
	}
	if seen != AnyVersion && seen != old.Number {
		return nil, s.stale(tx, seen, old)
	}
	rules, err := edit(slices.Clone(old.Rules))
	if err != nil {
		return nil, err
	}
	next := &core.RuleSet{Number: old.Number + 1, Rules: rules, By: tx.Actor(), Note: note}
	changed := stamp(tx, old.Rules, next)
	if err := s.check(tx, rules, changed); err != nil {
		return nil, err
	}
	return next, s.keep(tx, next)
}

// stale tells which rules changed since the version the caller has seen.
func (s *Service) stale(tx store.Tx, seen uint64, now *core.RuleSet) error {
	was, err := s.Version(tx, seen)
	if core.KindOf(err) == core.KindNotFound {
		was, err = &core.RuleSet{}, nil // before the first one, or invented
	}
	if err != nil {
		return err
	}
	out := core.Conflict("rules.stale", "правила изменены другим пользователем")
	say := func(r core.Rule, format string, version uint64) {
		out.Faults = append(out.Faults, core.FieldFault{Field: "rules." + string(r.ID), Text: fmt.Sprintf(format, version)})
	}
	for _, r := range now.Rules {
		if r.Changed > seen {
			say(r, "изменено в версии %d", r.Changed)
		}
	}
	for _, r := range was.Rules {
		if !slices.ContainsFunc(now.Rules, func(left core.Rule) bool { return left.ID == r.ID }) {
			say(r, "удалено до версии %d", now.Number)
		}
	}
	return out
}

// stamp names new rules and notes the version in those that changed. It returns
// their places.
func stamp(tx store.Tx, old []core.Rule, next *core.RuleSet) (changed []int) {
	had := map[core.RuleID]*core.Rule{}
	for i := range old {
		had[old[i].ID] = &old[i]
	}
	for i := range next.Rules {
		r := &next.Rules[i]
		if r.ID == "" {
			r.ID = core.RuleID(core.NewID("rul", tx.Now()))
		}
		before := had[r.ID]
		if before != nil {
			r.Changed = before.Changed
		}
		if before == nil || !reflect.DeepEqual(*before, *r) {
			r.Changed = next.Number
			changed = append(changed, i)
		}
	}
	return changed
}

func (s *Service) keep(tx store.Tx, next *core.RuleSet) error {
	head := &core.RuleHead{ID: core.RuleHeadID}
	if next.Number > 1 {
		var err error
		if head, err = store.RuleHeads.Get(tx, core.RuleHeadID); err != nil {
			return err
		}
	}
	head.Mark = core.NewID("mrk", tx.Now())
	if err := store.RuleHeads.Put(tx, head); err != nil {
		return err
	}
	if err := store.RuleSets.Put(tx, next); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.RulesUpdated, core.RuleHeadID, bus.RulesEvent{RuleSet: next.Number})
}

// Check tells what is wrong with rules that are not in force yet, as Edit would.
func (s *Service) Check(tx store.Tx, rules []core.Rule) error {
	all := make([]int, len(rules))
	for i := range all {
		all[i] = i
	}
	return s.check(tx, rules, all)
}

// check proves the rules sound, and of those that changed also that what they
// name exists: what was deleted since must not keep other rules from being
// edited.
func (s *Service) check(tx store.Tx, rules []core.Rule, changed []int) error {
	if _, err := routing.Compile(rules); err != nil {
		return err
	}
	n := &names{Service: s, tx: tx}
	for _, i := range changed {
		for j := range rules[i].Then {
			if err := n.action("rules."+strconv.Itoa(i)+".then."+strconv.Itoa(j)+".", &rules[i].Then[j]); err != nil {
				return err
			}
		}
	}
	if len(n.faults) > 0 {
		return &core.Error{Kind: core.KindInvalid, Code: "rules.invalid", Field: n.faults[0].Field, Faults: n.faults}
	}
	return nil
}

// names looks up what actions name.
type names struct {
	*Service
	tx     store.Tx
	faults []core.FieldFault
}

func (n *names) fault(field, text string) {
	n.faults = append(n.faults, core.FieldFault{Field: field, Text: text})
}

func (n *names) action(path string, a *core.Action) error {
	if a.Do == core.ActCreateTask && n.Tasks == nil {
		n.fault(path+"do", "в этом хабе нет поручений")
	}
	if a.Template != "" && n.Templates == nil {
		n.fault(path+"template", "в этом хабе нет шаблонов")
	}
	for i, id := range a.Channels {
		if err := n.must(path+"channels."+strconv.Itoa(i), func() (bool, error) { return has(n.tx, store.Channels, string(id)) }); err != nil {
			return err
		}
	}
	for i, id := range a.Users {
		if err := n.user(path+"users."+strconv.Itoa(i), id); err != nil {
			return err
		}
	}
	if err := n.user(path+"performer", a.Performer); err != nil {
		return err
	}
	if err := n.user(path+"controller", a.Controller); err != nil {
		return err
	}
	return n.entries(path, a)
}

func (n *names) user(field string, id core.UserID) error {
	if id == "" {
		return nil
	}
	return n.must(field, func() (bool, error) { return works(n.tx, id) })
}

func (n *names) entries(path string, a *core.Action) error {
	if n.Entries == nil {
		return nil
	}
	named := []struct {
		field string
		dir   core.DirectoryName
		id    core.EntryID
	}{
		{"line", core.DirSupportLines, a.Line},
		{"reason", core.DirReasons, a.Reason},
		{"reason_group", core.DirReasonGroups, a.ReasonGroup},
		{"template", core.DirMessageTemplates, a.Template},
	}
	for i, tag := range a.Tags {
		named = append(named, struct {
			field string
			dir   core.DirectoryName
			id    core.EntryID
		}{"tags." + strconv.Itoa(i), core.DirTags, tag})
	}
	for _, name := range named {
		if name.id == "" {
			continue
		}
		if err := n.must(path+name.field, func() (bool, error) { return n.Entries(n.tx, name.dir, name.id) }); err != nil {
			return err
		}
	}
	return nil
}

func (n *names) must(field string, exists func() (bool, error)) error {
	ok, err := exists()
	if err == nil && !ok {
		n.fault(field, "такой записи нет")
	}
	return err
}

// Revert puts an earlier version in force again, as the next one.
func (s *Service) Revert(tx store.Tx, seen, number uint64) (*core.RuleSet, error) {
	earlier, err := s.Version(tx, number)
	if err != nil {
		return nil, err
	}
	note := "возврат к версии " + strconv.FormatUint(number, 10)
	return s.Edit(tx, seen, note, func([]core.Rule) ([]core.Rule, error) { return earlier.Rules, nil })
}

// switchOff makes a version in which the failed rules do not run, and says so:
// in the rules, in the audit journal and on the bus.
func (s *Service) switchOff(tx store.Tx, at core.DocumentID, failed map[core.RuleID]string) error {
	old, err := s.Rules(tx)
	if err != nil {
		return err
	}
	next := &core.RuleSet{Number: old.Number + 1, Rules: old.Rules, By: tx.Actor(), Note: "правило с ошибкой выключено"}
	for i := range next.Rules {
		r := &next.Rules[i]
		text, guilty := failed[r.ID]
		if !guilty {
			continue
		}
		r.On, r.Changed = false, next.Number
		r.Fault = &core.RuleFault{At: tx.Now(), Document: at, Text: text}
		if err := s.tell(tx, r); err != nil {
			return err
		}
	}
	return s.keep(tx, next)
}

func (s *Service) tell(tx store.Tx, r *core.Rule) error {
	err := store.Audit.Put(tx, &core.AuditEntry{
		ID: core.AuditID(core.NewID("aud", tx.Now())), Actor: tx.Actor(),
		Operation: "rules.fail", Object: "rules/" + string(r.ID), Outcome: "rule.failed",
	})
	if err != nil {
		return err
	}
	users, err := keepers(tx)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		err = s.Bus.Publish(tx, bus.NoticeRaised, string(r.Fault.Document), bus.NoticeEvent{
			Users: users, Document: r.Fault.Document, Rule: r.ID, Text: "Правило «" + r.Title + "» выключено: " + r.Fault.Text,
		})
		if err != nil {
			return err
		}
	}
	return s.Bus.Publish(tx, bus.RuleFailed, string(r.Fault.Document), bus.RuleEvent{
		Rule: r.ID, Title: r.Title, Document: r.Fault.Document, Text: r.Fault.Text,
	})
}

// keepers are who may mend the rules, by their roles.
func keepers(tx store.Tx) (out []core.UserID, err error) {
	for _, role := range []core.Role{core.RoleAdministrator, core.RoleSupervisor} {
		for u, err := range store.Users.Find(tx, "role", string(role)) {
			if err != nil {
				return nil, err
			}
			if u.MayEnter() && !slices.Contains(out, u.ID) {
				out = append(out, u.ID)
			}
		}
	}
	return out, nil
}

// Decision is what the rules made of a document; nil if they never looked at it.
func (s *Service) Decision(tx store.Tx, id core.DocumentID) (*core.Decision, []core.RuleStep, error) {
	d, err := store.Decisions.Get(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	set, err := s.Version(tx, d.RuleSet)
	if err != nil {
		return nil, nil, err
	}
	return d, routing.Steps(set.Rules, d.Trace, d.Faults), nil
}
