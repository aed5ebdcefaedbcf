package directory

import (
	"slices"
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Place is a kind of record that names an entry.
type Place string

// The places, in the order they are told in.
const (
	InEntries   Place = "entries"
	InAppeals   Place = "appeals"
	InDocuments Place = "documents"
	InTasks     Place = "tasks"
	InDrafts    Place = "drafts"
	InUsers     Place = "users"
	InRules     Place = "rules"
	InChannels  Place = "channels"
	InCalendars Place = "calendars"
)

var placeTitles = map[Place]string{
	InEntries: "другие записи справочников", InAppeals: "обращения", InDocuments: "документы", InTasks: "задачи",
	InDrafts: "проекты документов", InUsers: "пользователи", InRules: "правила маршрутизации", InChannels: "каналы", InCalendars: "календари",
}

// Use tells how many records of a place name an entry. Counting is bounded: with
// More there are Count at least, or may be some among older records.
type Use struct {
	Place Place `json:"place"`
	Count int   `json:"count"`
	More  bool  `json:"more"`
}

func (u Use) fault() core.FieldFault {
	text := placeTitles[u.Place] + ": " + strconv.Itoa(u.Count)
	if u.More {
		text += " или больше"
	}
	return core.FieldFault{Field: "uses." + string(u.Place), Text: text}
}

// maxUses bounds how many records are counted in each place, and how many are
// read where no index tells.
const maxUses = 1000

// Uses tells where an entry is used, leaving out the places where it is not. What
// it costs does not grow with the hub.
func (s *Service) Uses(tx store.Tx, name core.DirectoryName, id core.EntryID) ([]Use, error) {
	e, err := s.GetAny(tx, name, id)
	if err != nil {
		return nil, err
	}
	return s.uses(tx, e)
}

func (s *Service) uses(tx store.Tx, e *core.Entry) ([]Use, error) {
	c := &counter{tx: tx, entry: e, out: []Use{}}
	c.entries(s.Types())
	if facet, ok := appealFacet[e.Directory]; ok {
		indexed(c, InAppeals, store.Documents, "appeal", store.AppealFacet(facet, string(e.ID)))
	}
	switch e.Directory {
	case core.DirSupportLines:
		indexed(c, InUsers, store.Users, "line", string(e.ID))
	case core.DirOrganizations:
		c.organization()
	}
	c.rules()
	return c.out, c.err
}

// appealFacet is how appeals name entries of a directory.
var appealFacet = map[core.DirectoryName]string{
	core.DirSupportLines: store.FacetLine, core.DirReasonGroups: store.FacetReasonGroup, core.DirReasons: store.FacetReason,
	core.DirSources: store.FacetSource, core.DirTags: store.FacetTag,
}

// counter counts the uses of one entry; after an error it counts nothing.
type counter struct {
	tx    store.Tx
	entry *core.Entry
	out   []Use
	err   error
}

func (c *counter) add(place Place, n int, more bool) {
	if n > 0 {
		c.out = append(c.out, Use{place, min(n, maxUses), more})
	}
}

func indexed[T any](c *counter, place Place, table *store.Table[T], index, value string) {
	n, more := some(table.FindKeys(c.tx, index, value), maxUses)
	c.add(place, n, more)
}

// some counts up to limit; more tells that there is another.
func some[T any](of func(func(T) bool), limit int) (n int, more bool) {
	for range of {
		if n == limit {
			return n, true
		}
		n++
	}
	return n, false
}

// newest counts among the newest records of a table.
func newest[T any](c *counter, place Place, table *store.Table[T], names func(*T) bool) {
	if c.err != nil {
		return
	}
	page, err := table.List(c.tx, store.Query[T]{Desc: true, Limit: maxUses})
	if err != nil {
		c.err = err
		return
	}
	n := 0
	for _, rec := range page.Items {
		if names(rec) {
			n++
		}
	}
	c.add(place, n, page.Next != "")
}

// entries counts those that refer to the entry or, if it is an organisation,
// belong to it. One that does so in several fields counts once for each.
func (c *counter) entries(types []Type) {
	n, more := 0, false
	count := func(index, value string) {
		found, left := some(store.Entries.FindKeys(c.tx, index, value), maxUses-min(n, maxUses))
		n, more = n+found, more || left
	}
	for _, t := range types {
		for _, f := range t.Fields {
			if f.Ref == c.entry.Directory {
				count("value", store.EntryKey(t.Name, f.Name, string(c.entry.ID)))
			}
		}
	}
	if c.entry.Directory == core.DirOrganizations {
		count("organization", string(c.entry.ID))
	}
	c.add(InEntries, n, more)
}

func (c *counter) organization() {
	id := core.OrganizationID(c.entry.ID)
	newest(c, InDocuments, store.Documents, func(d *core.Document) bool { return d.Organization == id })
	newest(c, InTasks, store.Tasks, func(t *core.Task) bool { return t.Organization == id })
	newest(c, InDrafts, store.Drafts, func(d *core.Draft) bool { return d.Organization == id })
	indexed(c, InUsers, store.Users, "organization", string(id))
	newest(c, InChannels, store.Channels, func(ch *core.Channel) bool { return ch.Organization == id })
	newest(c, InCalendars, store.Calendars, func(cal *core.WorkCalendar) bool { return cal.Organization == id })
}

// rules counts the rules in force that name the entry. Expressions are not
// looked into.
func (c *counter) rules() {
	head, err := store.RuleHeads.Get(c.tx, core.RuleHeadID)
	if core.KindOf(err) == core.KindNotFound {
		return
	}
	var set *core.RuleSet
	if err == nil {
		set, err = store.RuleSets.Get(c.tx, core.RuleSetKey(head.Version))
	}
	if err != nil {
		c.err = err
		return
	}
	n := 0
	for i := range set.Rules {
		if ruleNames(&set.Rules[i], string(c.entry.ID)) {
			n++
		}
	}
	c.add(InRules, n, false)
}

func ruleNames(r *core.Rule, id string) bool {
	return string(r.Organization) == id || r.When != nil && conditionNames(r.When, id) ||
		slices.ContainsFunc(r.Then, func(a core.Action) bool { return actionNames(&a, core.EntryID(id)) })
}

func actionNames(a *core.Action, id core.EntryID) bool {
	return slices.Contains([]core.EntryID{a.Line, a.ReasonGroup, a.Reason, a.Template}, id) || slices.Contains(a.Tags, id)
}

func conditionNames(w *core.Condition, id string) bool {
	names := func(w core.Condition) bool { return conditionNames(&w, id) }
	return slices.Contains(w.Values, id) || slices.ContainsFunc(w.All, names) || slices.ContainsFunc(w.Any, names) ||
		w.Not != nil && conditionNames(w.Not, id)
}
