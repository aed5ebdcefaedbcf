// Package execution does with documents what the rules decide. It keeps the
// versions of the rule set, gathers what rules look at, carries their actions
// out in the transaction that records the decision, switches off a rule that
// fails, and tells beforehand what a changed rule set would do.
//
// It reads document.registered and writes document.updated, rules.updated,
// rule.failed and notice.raised.
package execution

import (
	"sync/atomic"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/routing"
	"github.com/uzel-hub/uzel/core/store"
)

// Service routes documents. It is safe for concurrent use once its fields are
// set. What is nil among the optional ones makes the actions that need it
// unavailable: a rule with such an action is refused when it is saved.
type Service struct {
	Store store.Store
	Bus   bus.Publisher
	// Forward passes the document on to other channels, as a person would: an
	// appeal is forwarded then. KindConflict if its state does not allow that.
	Forward func(tx store.Tx, d *core.Document, to []core.ChannelID) error
	// Reply queues an automatic answer to the document's sender. Errors of the
	// kinds invalid, not_found and config must come before anything is written.
	Reply func(tx store.Tx, to core.DocumentID, subject, text string) error

	Appeals  Appeals
	Calendar Calendar
	// Fill puts what is known of a document in the place of the names in braces in
	// a text that is sent; nil: texts go as they are.
	Fill      func(tx store.Tx, d *core.Document, text string) (string, error)
	Tasks     Tasks     // optional
	Templates Templates // optional
	// Entries tells whether a directory has the entry; nil: what rules name is not
	// looked up.
	Entries func(tx store.Tx, dir core.DirectoryName, id core.EntryID) (bool, error)

	compiled atomic.Pointer[compiled]
}

// Appeals owns the appeals; appeal.Service does.
type Appeals interface {
	// Sort makes the changes that rules have decided on, and an appeal of what is
	// none yet. d was read in tx.
	Sort(tx store.Tx, d *core.Document, set func(*core.Document)) (*core.Document, error)
}

// Calendar knows when an organisation works; schedule.Offices does.
type Calendar interface {
	Working(tx store.Tx, org core.OrganizationID, at time.Time) (bool, error)
	// Deadline counts a term from start. Basis is why, for people.
	Deadline(tx store.Tx, org core.OrganizationID, start time.Time, term core.Term, basis string) (*core.Deadline, error)
}

// Tasks creates tasks.
type Tasks interface {
	Create(tx store.Tx, t Task) error
}

// Task is a task a rule wants.
type Task struct {
	Document    core.DocumentID
	Rule        core.RuleID
	Title, Text string
	Performer   core.UserID
	Controller  core.UserID
	Deadline    *core.Deadline // nil: none
}

// Templates are the directory of message templates.
type Templates interface {
	// Template gives the subject, which may be empty, and the text. KindNotFound if
	// there is none.
	Template(tx store.Tx, id core.EntryID) (subject, text string, err error)
}

// compiled is a version of the rule set made ready.
type compiled struct {
	mark   string
	number uint64
	rules  []core.Rule
	set    *routing.Set
}

// current is the version in force; nil if there are no rules.
func (s *Service) current(tx store.Tx) (*compiled, error) {
	head, err := store.RuleHeads.Look(tx, core.RuleHeadID)
	if core.KindOf(err) == core.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if had := s.compiled.Load(); had != nil && had.mark == head.Mark {
		return had.orNil(), nil
	}
	kept, err := store.RuleSets.Get(tx, core.RuleSetKey(head.Version))
	if err != nil {
		return nil, err
	}
	set, err := routing.Compile(kept.Rules)
	if err != nil {
		return nil, err
	}
	c := &compiled{mark: head.Mark, number: head.Version, rules: kept.Rules, set: set}
	s.compiled.Store(c)
	return c.orNil(), nil
}

func (c *compiled) orNil() *compiled {
	if len(c.rules) == 0 {
		return nil
	}
	return c
}

// Route lets the rules decide about a document that was just registered; what
// they decide is done and recorded. A document that has a decision is left
// alone. d is as it is stored, and after an error must be read anew.
func (s *Service) Route(tx store.Tx, d *core.Document) error {
	rules, err := s.current(tx)
	if rules == nil || err != nil {
		return err
	}
	if done, err := store.Decisions.Has(tx, string(d.ID)); done || err != nil {
		return err
	}
	facts, err := s.gather(tx, d, tx.Now(), rules.set, openNow)
	if err != nil {
		return err
	}
	w := &work{Service: s, tx: tx, doc: d, seen: d.Version, rules: rules.rules}
	return w.carryOut(rules.number, rules.set, facts)
}

// gather reads what the rules look at, for a document that came at the moment.
// open counts the sender's open appeals.
func (s *Service) gather(tx store.Tx, d *core.Document, at time.Time, set *routing.Set, open counter) (*routing.Facts, error) {
	f := &routing.Facts{Document: d, At: at}
	var err error
	if set.AsksWorking() {
		if f.Working, err = s.Calendar.Working(tx, d.Organization, at); err != nil {
			return nil, err
		}
	}
	for _, days := range set.Periods() {
		if f.Appeals == nil {
			f.Appeals = map[int]int{}
		}
		since := core.FirstID("doc", at.AddDate(0, 0, -days))
		if f.Appeals[days], err = countOf(tx, d, "sender_key", since, store.Term{Index: "direction", Value: string(core.Incoming)}); err != nil {
			return nil, err
		}
	}
	if set.AsksOpen() {
		f.OpenAppeals, err = open(tx, d, at)
	}
	return f, err
}

// counter counts the appeals of the document's sender that were open at a moment.
type counter func(tx store.Tx, d *core.Document, at time.Time) (int, error)

func openNow(tx store.Tx, d *core.Document, _ time.Time) (int, error) {
	return countOf(tx, d, "sender_open", "")
}

// openThen reads the sender's earlier documents: of what was ended and opened
// again since it does not know that it was ended.
func openThen(tx store.Tx, d *core.Document, at time.Time) (int, error) {
	return countBy(tx, d, store.Query[core.Document]{Filter: func(_ store.Tx, o *core.Document) bool {
		return o.Appeal != nil && (o.Appeal.EndedAt == nil || o.Appeal.EndedAt.After(at))
	}}, "sender_key")
}

// maxCounted is as far as documents of one sender are counted, maxAddresses how
// many of its addresses are looked at.
const (
	maxCounted   = 1000
	maxAddresses = 5
)

// countOf counts earlier documents of the sender since an id.
func countOf(tx store.Tx, d *core.Document, index, since string, more ...store.Term) (int, error) {
	return countBy(tx, d, store.Query[core.Document]{Where: more, From: since}, index)
}

// countBy counts earlier documents of the sender by the address that has most,
// for a document under two addresses must not count twice.
func countBy(tx store.Tx, d *core.Document, q store.Query[core.Document], index string) (int, error) {
	most, more := 0, q.Where
	q.To = string(d.ID)
	for _, a := range d.Sender.Addresses[:min(len(d.Sender.Addresses), maxAddresses)] {
		q.Where = append([]store.Term{{Index: index, Value: a.Key()}}, more...)
		n, _, err := store.Documents.Count(tx, q, maxCounted)
		if err != nil {
			return 0, err
		}
		most = max(most, n)
	}
	return most, nil
}
