package app_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/app"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

// lists are the directories of a desk with a few entries.
type lists struct {
	*testing.T
	app.Lists
	store store.Store
}

func newLists(t *testing.T) *lists {
	service, err := directory.New(directory.Desk()...)
	if err != nil {
		t.Fatal(err)
	}
	l := &lists{T: t, Lists: app.Lists{Directories: service}, store: coretest.Open(t, coretest.NewClock())}
	coretest.Update(t, l.store, service.Seed)
	return l
}

func (l *lists) add(name core.DirectoryName, values map[string]any) (id core.EntryID) {
	l.Helper()
	coretest.Update(l, l.store, func(tx store.Tx) error {
		e, err := l.Directories.Create(tx, name, directory.Draft{Values: values})
		if err == nil {
			id = e.ID
		}
		return err
	})
	return id
}

func (l *lists) source(code string) (id core.EntryID) {
	l.Helper()
	coretest.View(l, l.store, func(tx store.Tx) error {
		e, err := l.Directories.Find(tx, core.DirSources, "code", code)
		if err == nil {
			id = e.ID
		}
		return err
	})
	return id
}

func TestTermFollowsReasonAndSource(t *testing.T) {
	l := newLists(t)
	email, phone := l.source("email"), l.source("phone")
	group := l.add(core.DirReasonGroups, map[string]any{"title": "Дом"})
	leak := l.add(core.DirReasons, map[string]any{
		"title": "Течь", "group": string(group), "hours_by_source": map[string]any{string(email): 24.0},
		"term": map[string]any{"kind": "working_days", "amount": 5.0},
	})
	outside := l.add(core.DirReasons, map[string]any{"title": "ГИС", "group": string(group), "term": map[string]any{"kind": "outside"}})
	plain := l.add(core.DirReasons, map[string]any{"title": "Прочее", "group": string(group)})
	coretest.View(t, l.store, func(tx store.Tx) error {
		for name, c := range map[string]struct {
			reason, source core.EntryID
			want           *core.Term
		}{
			"hours of the source":     {leak, email, &core.Term{Kind: core.TermHours, Amount: 24}},
			"the reason's own":        {leak, phone, &core.Term{Kind: core.TermWorkingDays, Amount: 5}},
			"without a source":        {leak, "", &core.Term{Kind: core.TermWorkingDays, Amount: 5}},
			"of the outside system":   {outside, email, nil},
			"a reason without a term": {plain, email, nil},
			"without a reason":        {"", email, nil},
		} {
			got, basis, err := l.Term(tx, c.reason, c.source)
			if err != nil || (got == nil) != (c.want == nil) || got != nil && (*got != *c.want || basis == "") {
				t.Errorf("%s: %+v %q %v", name, got, basis, err)
			}
		}
		return nil
	})
}

func TestSourceIsThatOfTheConnector(t *testing.T) {
	l := newLists(t)
	coretest.View(t, l.store, func(tx store.Tx) error {
		for _, c := range []struct {
			plugin string
			kind   core.MessageKind
			want   core.EntryID
		}{
			{"email", core.MessageLetter, l.source("email")},
			{"telegram", core.MessageChat, l.source("chat")},
			{"folder", core.MessageLetter, ""},
		} {
			got, err := l.SourceOf(tx, &core.Channel{Plugin: c.plugin}, c.kind)
			if err != nil || got != c.want {
				t.Errorf("%s: %q, %v", c.plugin, got, err)
			}
		}
		for code, want := range map[string]bool{"phone": true, "email": false} {
			if may, err := l.Plannable(tx, l.source(code)); err != nil || may != want {
				t.Errorf("%s may be planned: %t, %v", code, may, err)
			}
		}
		return nil
	})
}

func TestInactiveEntriesAreNotOffered(t *testing.T) {
	l := newLists(t)
	on := l.add(core.DirSupportLines, map[string]any{"title": "Вторая"})
	off := l.add(core.DirSupportLines, map[string]any{"title": "Старая", "active": false})
	tag := l.add(core.DirTags, map[string]any{"title": "Срочно"})
	coretest.View(t, l.store, func(tx store.Tx) error {
		for _, c := range []struct {
			dir  core.DirectoryName
			id   core.EntryID
			want bool
		}{
			{core.DirSupportLines, on, true},
			{core.DirSupportLines, off, false},
			{core.DirTags, tag, true},
			{core.DirTags, on, false},
			{core.DirTags, "ent_nothing", false},
		} {
			if got, err := l.Has(tx, c.dir, c.id); err != nil || got != c.want {
				t.Errorf("%s in %s: %t, %v", c.id, c.dir, got, err)
			}
		}
		return nil
	})
}

func TestTextsOfTemplates(t *testing.T) {
	l := newLists(t)
	result := l.add(core.DirResultTemplates, map[string]any{"title": "Лифт", "text": "№ {number}: {works}", "works": []any{"Замена"}})
	letter := l.add(core.DirMessageTemplates, map[string]any{"title": "Получено", "subject": "Обращение", "text": "Срок {due}, {applicant}{nothing}"})
	due := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	d := &core.Document{Number: &core.RegNumber{Text: "Вх-1"}, Sender: core.Correspondent{Name: "Анна"}, DueAt: &due}
	coretest.View(t, l.store, func(tx store.Tx) error {
		text, works, err := l.Result(tx, result)
		if err != nil || text != "№ {number}: {works}" || len(works) != 1 || works[0] != "Замена" {
			t.Errorf("%q %q %v", text, works, err)
		}
		subject, text, err := l.Template(tx, letter)
		if err != nil || subject != "Обращение" {
			t.Errorf("%q %v", subject, err)
		}
		if text, err = l.Directories.Fill(tx, d, text); err != nil || text != "Срок 20.11.2026 18:00, Анна{nothing}" {
			t.Errorf("%q %v", text, err)
		}
		if _, _, err := l.Template(tx, result); core.KindOf(err) != core.KindNotFound {
			t.Errorf("a template of another directory: %v", err)
		}
		return nil
	})
}

func TestExtraFieldsAreThoseOfTheReason(t *testing.T) {
	l := newLists(t)
	group := l.add(core.DirReasonGroups, map[string]any{"title": "Дом"})
	reason := l.add(core.DirReasons, map[string]any{"title": "Течь", "group": string(group)})
	for name, more := range map[string]map[string]any{
		"floor": {"type": "number", "required": true}, "day": {"type": "date"}, "urgent": {"type": "bool"},
		"kind": {"type": "choice", "options": []any{"a", "b"}}, "old": {"required": true, "active": false},
	} {
		more["title"], more["name"], more["reason"] = name, name, string(reason)
		l.add(core.DirExtraFields, more)
	}
	coretest.View(t, l.store, func(tx store.Tx) error {
		right := map[string]string{"floor": "5", "day": "2026-11-20", "urgent": "true", "kind": "b"}
		if faults, err := l.CheckExtra(tx, reason, right); err != nil || len(faults) != 0 {
			t.Errorf("%v %v", faults, err)
		}
		wrong := map[string]string{"day": "завтра", "urgent": "да", "kind": "c", "old": "1"}
		if faults, err := l.CheckExtra(tx, reason, wrong); err != nil || len(faults) != 5 {
			t.Errorf("%v %v", faults, err)
		}
		return nil
	})
}
