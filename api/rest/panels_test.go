package rest_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

func TestPanelsAreThoseOfChannelsThatAreOnAndOnesOwn(t *testing.T) {
	h := newHub(t)
	put(
		h, store.Channels,
		&core.Channel{ID: "mail", Title: "Почта", Plugin: "email", Enabled: true, Settings: json.RawMessage(`{}`)},
		&core.Channel{ID: "off", Title: "Выключен", Plugin: "email", Settings: json.RawMessage(`{}`)},
		&core.Channel{ID: "orphan", Title: "Без коннектора", Plugin: "gone", Enabled: true, Settings: json.RawMessage(`{}`)},
	)
	for _, c := range []struct {
		client *client
		query  string
		want   []string
	}{
		{h.clerk(), "", []string{"mail/stamp"}},
		{h.as("anna", core.RoleClerk, core.RoleAuditor), "", []string{"mail/stamp", "mail/secret"}},
		{h.as("vera", core.RoleClerk, core.RoleAuditor), "?place=account", []string{"mail/secret"}},
		{h.as("dina", core.RoleClerk, core.RoleAuditor), "?place=document", []string{"mail/stamp"}},
	} {
		got := []string{}
		for _, p := range read[struct{ Items []rest.Panel }](c.client.get("/api/v1/panels" + c.query).want(200)).Items {
			got = append(got, string(p.Channel)+"/"+p.Operation.Name)
			if p.ChannelTitle != "Почта" {
				t.Errorf("%+v", p)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.query, got, c.want)
		}
	}
	h.as("zoya", core.RoleClerk).get("/api/v1/panels?place=service").problem(400, "request.query")
	h.as("audit", core.RoleAuditor).get("/api/v1/panels").problem(403, "access.forbidden")
}
