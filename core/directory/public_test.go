package directory_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

func TestConnectorSeesWhatIsPublicAndItsOwn(t *testing.T) {
	own := directory.Type{
		Name: "cabinet.pages", Title: directory.Words{RU: "Страницы", EN: "Pages"}, Label: "title", Order: "title",
		Fields: []directory.Field{{Name: "title", Title: directory.Words{RU: "Название", EN: "Title"}, Type: directory.Text, Required: true}},
	}
	d := newDesk(t, own)
	org := d.create(core.DirOrganizations, values{"title": "ООО «Дом»"})
	coretest.Update(t, d.store, func(tx store.Tx) error {
		if err := store.Channels.Put(tx, &core.Channel{ID: "cabinet", Plugin: "cabinet", Organization: core.OrganizationID(org.ID)}); err != nil {
			return err
		}
		return store.Channels.Put(tx, &core.Channel{ID: "mail", Plugin: "email", Organization: "org_other"})
	})
	group := d.create(core.DirReasonGroups, values{"title": "Вода"})
	coretest.Update(t, d.store, func(tx store.Tx) error {
		for title, widget := range map[string]bool{"Протечка": true, "Внутренняя": false} {
			v := values{"title": title, "group": string(group.ID), "widget": widget}
			if _, err := d.Create(tx, core.DirReasons, directory.Draft{Organization: core.OrganizationID(org.ID), Values: v}); err != nil {
				return err
			}
		}
		return nil
	})
	d.create(core.DirTags, values{"title": "Срочно"})
	d.create("cabinet.pages", values{"title": "Главная"})

	ask := func(channel core.ChannelID, question string) ([]string, error) {
		raw, err := d.Public(t.Context(), d.store, channel, json.RawMessage(question))
		if err != nil {
			return nil, err
		}
		var page directory.PublicPage
		if err := json.Unmarshal(raw, &page); err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, e := range page.Items {
			titles = append(titles, e.Values["title"].(string))
		}
		return titles, nil
	}
	for _, c := range []struct {
		channel  core.ChannelID
		question string
		want     []string
	}{
		{"cabinet", `{"directory": "reasons"}`, []string{"Протечка"}},
		{"cabinet", `{"directory": "reasons", "filter": {"group": "` + string(group.ID) + `"}, "q": "про"}`, []string{"Протечка"}},
		{"cabinet", `{"directory": "reasons", "filter": {"widget": "false"}}`, []string{"Протечка"}},
		{"mail", `{"directory": "reasons"}`, nil}, // of another organisation
		{"mail", `{"directory": "reason_groups"}`, []string{"Вода"}},
		{"cabinet", `{"directory": "cabinet.pages"}`, []string{"Главная"}},
	} {
		got, err := ask(c.channel, c.question)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s asks %s: %q, %v; want %q", c.channel, c.question, got, err, c.want)
		}
	}
	for question, kind := range map[string]core.Kind{
		`{"directory": "tags"}`:          core.KindForbidden,
		`{"directory": "cabinet.pages"}`: core.KindForbidden,
		`{"directory": "none"}`:          core.KindNotFound,
		`[]`:                             core.KindInvalid,
		`{"directory": "reasons", "filter": {"title": "x"}}`:    core.KindInvalid,
		`{"directory": "reasons", "filter": {"readings": "x"}}`: core.KindInvalid,
	} {
		_, err := ask("mail", question)
		wantKind(t, err, kind)
	}
}
