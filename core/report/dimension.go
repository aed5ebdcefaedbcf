package report

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Dimension is what documents are grouped and chosen by.
type Dimension string

// The dimensions.
const (
	Hour         Dimension = "hour"     // of registration, by the office's clock, like the next four
	DayHour      Dimension = "day_hour" // the hour alone, whatever the day
	Day          Dimension = "day"
	Week         Dimension = "week"
	Month        Dimension = "month"
	Organization Dimension = "organization"
	Direction    Dimension = "direction"
	Kind         Dimension = "kind"
	State        Dimension = "state"
	Channel      Dimension = "channel"
	AppealState  Dimension = "appeal_state"
	Line         Dimension = "line"
	Operator     Dimension = "operator"
	ReasonGroup  Dimension = "reason_group"
	Reason       Dimension = "reason"
	Source       Dimension = "source"
	Tag          Dimension = "tag"
	ForwardedTo  Dimension = "forwarded_to" // channels the document was forwarded to
)

// Dimensions are all of them, sorted.
func Dimensions() []Dimension { return slices.Sorted(maps.Keys(dimensions)) }

// dimension says which values a document has.
type dimension struct {
	title  string // in Russian, for the head of a column
	index  string // of the table of documents; "": there is none
	facet  string // of the index of appeals, if that is the index
	values func(store.Tx, *core.Document) ([]string, error)
}

var dimensions = map[Dimension]dimension{
	Hour:    period("Час", func(t time.Time) string { return t.Format("2006-01-02 15:00") }),
	DayHour: period("Час суток", func(t time.Time) string { return t.Format("15:00") }),
	Day:     period("День", func(t time.Time) string { return t.Format(time.DateOnly) }),
	Month:   period("Месяц", func(t time.Time) string { return t.Format("2006-01") }),
	Week: period("Неделя", func(t time.Time) string {
		year, week := t.ISOWeek()
		return fmt.Sprintf("%d-W%02d", year, week)
	}),
	Organization: ofDocument("Организация", "", func(d *core.Document) string { return string(d.Organization) }),
	Direction:    ofDocument("Направление", "direction", func(d *core.Document) string { return string(d.Direction) }),
	Kind:         ofDocument("Вид", "", func(d *core.Document) string { return string(d.Kind) }),
	State:        ofDocument("Состояние документа", "state", func(d *core.Document) string { return string(d.State) }),
	Channel:      ofDocument("Канал", "channel", func(d *core.Document) string { return string(d.Channel) }),
	AppealState:  ofAppeal("Состояние обращения", store.FacetState, func(a *core.Appeal) string { return string(a.State) }),
	Line:         ofAppeal("Линия поддержки", store.FacetLine, func(a *core.Appeal) string { return string(a.Line) }),
	Operator:     ofAppeal("Оператор", store.FacetOperator, func(a *core.Appeal) string { return string(a.Operator) }),
	ReasonGroup:  ofAppeal("Группа причин", store.FacetReasonGroup, func(a *core.Appeal) string { return string(a.ReasonGroup) }),
	Reason:       ofAppeal("Причина", store.FacetReason, func(a *core.Appeal) string { return string(a.Reason) }),
	Source:       ofAppeal("Источник", store.FacetSource, func(a *core.Appeal) string { return string(a.Source) }),
	Tag:          {"Тег", appealIndex, store.FacetTag, tagsOf},
	ForwardedTo:  {"Передано в систему", "", "", forwardedTo},
}

func ofDocument(title, index string, value func(*core.Document) string) dimension {
	return dimension{title, index, "", func(_ store.Tx, d *core.Document) ([]string, error) { return some(value(d)), nil }}
}

// appealIndex is the index whose values are facets.
const appealIndex = "appeal"

// term is what the index is asked for; false: no index has the dimension.
func (d dimension) term(value string) (store.Term, bool) {
	if d.facet != "" {
		value = store.AppealFacet(d.facet, value)
	}
	return store.Term{Index: d.index, Value: value}, d.index != ""
}

func period(title string, value func(time.Time) string) dimension {
	return ofDocument(title, "", func(d *core.Document) string { return value(d.CreatedAt.In(core.OfficeZone)) })
}

func ofAppeal(title, facet string, value func(*core.Appeal) string) dimension {
	out := ofDocument(title, appealIndex, func(d *core.Document) string {
		if d.Appeal == nil {
			return ""
		}
		return value(d.Appeal)
	})
	out.facet = facet
	return out
}

func some(v string) []string {
	if v == "" {
		return nil
	}
	return []string{v}
}

func tagsOf(_ store.Tx, d *core.Document) (out []string, err error) {
	if d.Appeal == nil {
		return nil, nil
	}
	for _, tag := range d.Appeal.Tags {
		if !slices.Contains(out, string(tag)) {
			out = append(out, string(tag))
		}
	}
	return out, nil
}

// forwardedTo are the channels a document was forwarded to: neither called back
// from nor refused by them.
func forwardedTo(tx store.Tx, d *core.Document) (out []string, err error) {
	for dlv, err := range store.Deliveries.Find(tx, "document", string(d.ID)) {
		if err != nil {
			return nil, err
		}
		if dlv.Forwards() && !slices.Contains(out, string(dlv.Channel)) {
			out = append(out, string(dlv.Channel))
		}
	}
	return out, nil
}

// titleOf is a value as people know it.
func titleOf(tx store.Tx, q *Query, name Dimension, value string) string {
	title := ""
	switch name {
	case Channel, ForwardedTo:
		if ch, err := store.Channels.Look(tx, value); err == nil {
			title = ch.Title
		}
	case Operator:
		if u, err := store.Users.Look(tx, value); err == nil {
			title = u.Name
		}
	case Organization, Line, ReasonGroup, Reason, Source, Tag:
		if e, err := store.Entries.Look(tx, value); err == nil {
			title = e.Text("title")
		}
	case State:
		title = q.say(core.DocumentState(value).Title())
	case AppealState:
		title = q.say(core.AppealState(value).Title())
	case Direction:
		title = q.say(core.Direction(value).Title())
	case Kind:
		title = q.say(core.MessageKind(value).Title())
	}
	if title == "" {
		return value
	}
	return title
}
