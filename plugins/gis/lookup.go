package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/sdk"
)

// lookups are names that appeals refer to, kept in the scratch folder.
type lookups struct {
	account *account
	path    string

	mu     sync.Mutex
	loaded bool
	kept   keptNames
}

type keptNames struct {
	Topics   map[string]string       `json:"topics,omitempty"`
	TopicsAt time.Time               `json:"topics_at,omitzero"`
	Orgs     map[string]organization `json:"orgs,omitempty"`
}

// organization is an entry of the registry of organisations.
type organization struct {
	Name string    `json:"name"`
	INN  string    `json:"inn,omitempty"`
	OGRN string    `json:"ogrn,omitempty"`
	KPP  string    `json:"kpp,omitempty"`
	At   time.Time `json:"at"`
}

// How old names may get, and how soon an unknown topic is looked for again.
const (
	orgAge      = 30 * 24 * time.Hour
	topicsAge   = 7 * 24 * time.Hour
	topicsAgain = 6 * time.Hour
	lookupLimit = 5 * time.Minute
)

func newLookups(a *account, scratch string) *lookups {
	return &lookups{account: a, path: filepath.Join(scratch, "names.json")}
}

// load reads what an earlier process has kept; a damaged cache is none.
func (l *lookups) load() {
	if l.loaded {
		return
	}
	l.loaded = true
	if raw, err := os.ReadFile(l.path); err == nil {
		_ = json.Unmarshal(raw, &l.kept)
	}
	if l.kept.Topics == nil {
		l.kept.Topics = map[string]string{}
	}
	if l.kept.Orgs == nil {
		l.kept.Orgs = map[string]organization{}
	}
}

func (l *lookups) save() {
	raw, err := json.Marshal(l.kept)
	if err == nil {
		err = os.WriteFile(l.path, raw, 0o600)
	}
	if err != nil {
		l.account.env.Log.Warn("names not cached", "error", err)
	}
}

// topic is the name of a topic by its code; "" if directory 220 has none, or GIS
// does not give the directory to this organisation.
func (l *lookups) topic(ctx context.Context, code string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.load()
	name, known := l.kept.Topics[code]
	age := l.account.clock.now().Sub(l.kept.TopicsAt)
	if known && age < topicsAge || !known && age < topicsAgain {
		return name, nil
	}
	for _, group := range appeals.Groups() {
		r, err := l.account.fetch(ctx, appeals.PathNSI, "exportNsiItem", appeals.ExportDirectory(appeals.Topics, group), lookupLimit)
		if err != nil && sdk.KindOf(err) == "unavailable" {
			return name, err
		}
		if err != nil {
			l.account.env.Log.Warn("directory of topics not read", "group", group, "code", codeText(err))
			continue
		}
		if collect(l.kept.Topics, r.Elements); len(r.Elements) > 0 {
			break
		}
	}
	l.kept.TopicsAt = l.account.clock.now()
	l.save()
	return l.kept.Topics[code], nil
}

func collect(into map[string]string, list []appeals.Element) {
	for i := range list {
		if title := list[i].Title(); title != "" {
			into[list[i].Code] = title
		}
		collect(into, list[i].Children)
	}
}

// organization looks an organisation up. One that GIS does not show has no name
// but its GUID.
func (l *lookups) organization(ctx context.Context, root string) (organization, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.load()
	key, now := appeals.Key(root), l.account.clock.now()
	had, known := l.kept.Orgs[key]
	if known && now.Sub(had.At) < orgAge {
		return had, nil
	}
	r, err := l.account.fetch(ctx, appeals.PathRegistry, "exportOrgRegistry", appeals.ExportOrganization(root), lookupLimit)
	switch {
	case err != nil && sdk.KindOf(err) == "unavailable" && known:
		return had, nil // old is better than none
	case err != nil && sdk.KindOf(err) == "unavailable":
		return had, err
	case err != nil:
		l.account.env.Log.Warn("registry of organisations not read", "code", codeText(err))
	}
	out := organization{Name: "Организация " + key + " (реестр ГИС ЖКХ)", At: now}
	if err == nil {
		for i := range r.Organizations {
			out = named(&r.Organizations[i], out)
		}
	}
	l.kept.Orgs[key] = out
	l.save()
	return out, nil
}

func named(o *appeals.Organization, out organization) organization {
	person := appeals.Person(struct{ Surname, First, Patronymic string }{o.Entrepreneur.Surname, o.Entrepreneur.First, o.Entrepreneur.Patronymic})
	switch {
	case o.Legal.Short != "":
		out.Name = o.Legal.Short
	case o.Legal.Full != "":
		out.Name = o.Legal.Full
	case person.Name() != "":
		out.Name = "ИП " + person.Name()
	}
	out.INN, out.OGRN, out.KPP = o.Legal.INN+o.Entrepreneur.INN, o.Legal.OGRN+o.Entrepreneur.OGRN, o.Legal.KPP
	return out
}

// codeText is what may stand in a log about an error: the code.
func codeText(err error) string {
	if e, ok := errors.AsType[*sdk.Error](err); ok && e.Code != "" {
		return e.Code
	}
	return sdk.KindOf(err)
}
