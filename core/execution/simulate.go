package execution

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/routing"
	"github.com/uzel-hub/uzel/core/store"
)

// MaxSimulated is how many documents a simulation may go through.
const MaxSimulated = 100_000

// Simulated is a line of a simulation's answer: one of its fields is set.
type Simulated struct {
	Difference *Difference `json:"difference,omitempty"`
	Failure    *Failure    `json:"failure,omitempty"`
	Progress   *Progress   `json:"progress,omitempty"`
}

// Difference is a document with which the changed rules would do something else.
type Difference struct {
	Document core.DocumentID `json:"document"`
	Number   string          `json:"number,omitempty"`
	Subject  string          `json:"subject"`
	Now      []Doing         `json:"now"`  // what the rules in force decide
	Then     []Doing         `json:"then"` // what the changed ones would
}

// Doing is an action with the rule it comes from and why that matched.
type Doing struct {
	Rule   core.RuleID `json:"rule"`
	Title  string      `json:"title"`
	Action core.Action `json:"action"`
	Why    string      `json:"why"`
}

// Failure is a rule of the changed set that would be switched off at the
// document; what follows is simulated without it.
type Failure struct {
	Rule     core.RuleID     `json:"rule"`
	Title    string          `json:"title"`
	Document core.DocumentID `json:"document"`
	Text     string          `json:"text"`
}

// Progress tells how far a simulation is.
type Progress struct {
	Done      int  `json:"done"`
	Total     int  `json:"total"`
	Different int  `json:"different"`
	Finished  bool `json:"finished"`
}

// Simulate tells what the changed rules would do with the last documents,
// oldest first, where the rules in force do something else. Documents are looked
// at as they were when the rules saw them or, before there were rules, as they
// were registered, and so are the sender's open appeals: only one that was ended
// and opened again since counts as if it had never been ended. Nothing is
// changed. say is called from this goroutine and outside of any transaction; its
// error ends the simulation, as the end of ctx does.
func (s *Service) Simulate(ctx context.Context, changed []core.Rule, last int, say func(Simulated) error) error {
	sim, err := s.simulation(ctx, changed, last)
	if err != nil {
		return err
	}
	sim.say = say
	for finished := false; !finished; {
		if ctx.Err() != nil {
			return core.Unavailable("rules.cancelled", "проверка прервана", context.Cause(ctx))
		}
		batch, err := sim.read(ctx)
		if err != nil {
			return err
		}
		for _, past := range batch {
			if err := sim.compare(past); err != nil {
				return err
			}
		}
		progress := sim.progress()
		if err := say(Simulated{Progress: &progress}); err != nil {
			return err
		}
		finished = progress.Finished
	}
	return nil
}

// simulation is one run.
type simulation struct {
	*Service
	now, then *trial
	ids       []core.DocumentID // still to be looked at
	total     int
	different int
	say       func(Simulated) error
}

// trial is a rule set under simulation. A rule that failed does not run again.
type trial struct {
	rules []core.Rule
	set   *routing.Set
}

func newTrial(rules []core.Rule) (*trial, error) {
	t := &trial{rules: slices.Clone(rules)}
	for i := range t.rules {
		if t.rules[i].ID == "" {
			t.rules[i].ID = core.RuleID(fmt.Sprintf("new_%d", i))
		}
	}
	var err error
	t.set, err = routing.Compile(t.rules)
	return t, err
}

// past is a document as it was, and the facts for each rule set.
type past struct {
	doc       *core.Document
	now, then *routing.Facts
}

func (s *Service) simulation(ctx context.Context, changed []core.Rule, last int) (*simulation, error) {
	sim := &simulation{Service: s}
	err := s.Store.View(ctx, func(tx store.Tx) error {
		if err := s.Check(tx, changed); err != nil {
			return err
		}
		inForce, err := s.Rules(tx)
		if err != nil {
			return err
		}
		if sim.now, err = newTrial(inForce.Rules); err != nil {
			return err
		}
		if sim.then, err = newTrial(changed); err != nil {
			return err
		}
		sim.ids, err = lastDocuments(ctx, tx, min(last, MaxSimulated))
		sim.total = len(sim.ids)
		return err
	})
	return sim, err
}

// lastDocuments are the ids of the newest documents, oldest of them first.
func lastDocuments(ctx context.Context, tx store.Tx, n int) ([]core.DocumentID, error) {
	var out []core.DocumentID
	q := store.Query[core.Document]{Desc: true, Limit: 1000}
	for len(out) < n && ctx.Err() == nil {
		page, err := store.Documents.List(tx, q)
		if err != nil {
			return nil, err
		}
		for _, d := range page.Items[:min(len(page.Items), n-len(out))] {
			out = append(out, d.ID)
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	slices.Reverse(out)
	return out, nil
}

// read takes the next documents in one short View.
func (m *simulation) read(ctx context.Context) (batch []past, err error) {
	const size = 250
	ids := m.ids[:min(size, len(m.ids))]
	m.ids = m.ids[len(ids):]
	err = m.Store.View(ctx, func(tx store.Tx) error {
		batch = nil
		for _, id := range ids {
			p, err := m.recall(tx, id)
			if err != nil {
				return err
			}
			if p != nil {
				batch = append(batch, *p)
			}
		}
		return nil
	})
	return batch, err
}

// recall is a document as the rules saw it; nil if it was deleted meanwhile.
func (m *simulation) recall(tx store.Tx, id core.DocumentID) (*past, error) {
	d, err := store.Documents.Get(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seen, at := uint64(1), d.CreatedAt
	switch decided, err := store.Decisions.Get(tx, string(id)); {
	case err == nil:
		seen, at = decided.Seen, decided.CreatedAt
	case core.KindOf(err) != core.KindNotFound:
		return nil, err
	}
	if err := rewind(tx, d, seen); err != nil {
		return nil, err
	}
	p := &past{doc: d}
	if p.now, err = m.gather(tx, d, at, m.now.set, openThen); err != nil {
		return nil, err
	}
	p.then, err = m.gather(tx, d, at, m.then.set, openThen)
	return p, err
}

// rewind takes a document back to how it was at the version, by its history.
func rewind(tx store.Tx, d *core.Document, version uint64) error {
	if d.Version == version {
		return nil
	}
	fields := map[string]any{
		"subject": &d.Subject, "text": &d.Text, "fields": &d.Fields, "marks": &d.Marks, "files": &d.Files, "appeal": &d.Appeal,
		"organization": &d.Organization, "sender": &d.Sender, "due_at": &d.DueAt,
	}
	for entry, err := range store.Documents.History(tx, string(d.ID)) {
		if err != nil {
			return err
		}
		if entry.Version <= version {
			continue
		}
		for _, change := range entry.Changes {
			field, wanted := fields[change.Field]
			if !wanted {
				continue
			}
			delete(fields, change.Field) // the first change tells how it was
			if err := setTo(field, change.Before); err != nil {
				return fmt.Errorf("rewind document: field %s: %w", change.Field, err)
			}
		}
	}
	return nil
}

// setTo puts a value out of the history back into a field.
func setTo(field, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	reflect.ValueOf(field).Elem().SetZero()
	return json.Unmarshal(raw, field)
}

// compare decides by both rule sets and tells the difference.
func (m *simulation) compare(p past) error {
	now, _, err := m.now.decide(p.now)
	if err != nil {
		return err
	}
	then, failures, err := m.then.decide(p.then)
	if err != nil {
		return err
	}
	for _, f := range failures {
		if err := m.say(Simulated{Failure: &f}); err != nil {
			return err
		}
	}
	if sameActions(now, then) {
		return nil
	}
	m.different++
	d := &Difference{Document: p.doc.ID, Subject: p.doc.Subject, Now: now, Then: then}
	if p.doc.Number != nil {
		d.Number = p.doc.Number.Text
	}
	return m.say(Simulated{Difference: d})
}

// decide is what the set would have done, and the rules that would have failed
// at it: as in the hub they do not run for the documents that follow.
func (t *trial) decide(f *routing.Facts) (doing []Doing, failures []Failure, err error) {
	decided := t.set.Decide(f)
	steps := routing.Steps(t.rules, decided.Trace, decided.Faults)
	doing = []Doing{}
	for _, p := range decided.Planned {
		if p.Note == "" && p.Action.Do != core.ActStop {
			doing = append(doing, Doing{steps[p.Rule].Rule, steps[p.Rule].Title, p.Action, steps[p.Rule].Why})
		}
	}
	if len(decided.Faults) == 0 {
		return doing, nil, nil
	}
	for i := range t.rules {
		if text, failed := decided.Faults[i]; failed {
			failures = append(failures, Failure{t.rules[i].ID, t.rules[i].Title, f.Document.ID, text})
			t.rules[i].On = false
		}
	}
	t.set, err = routing.Compile(t.rules)
	return doing, failures, err
}

// sameActions compares what is done, whichever rule does it and in which order.
func sameActions(a, b []Doing) bool {
	rest := slices.Clone(b)
	for _, x := range a {
		at := slices.IndexFunc(rest, func(y Doing) bool { return reflect.DeepEqual(x.Action, y.Action) })
		if at < 0 {
			return false
		}
		rest = slices.Delete(rest, at, at+1)
	}
	return len(rest) == 0
}

func (m *simulation) progress() Progress {
	return Progress{Done: m.total - len(m.ids), Total: m.total, Different: m.different, Finished: len(m.ids) == 0}
}
