package pluginhost_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/pluginhost"
)

// TestServiceIsAskedOfTheRightChannel has a signer in each of two organisations:
// nobody gets the keys of the other, and a pending answer's token finds back.
func TestServiceIsAskedOfTheRightChannel(t *testing.T) {
	r := newRig(t, nil)
	for id, organization := range map[core.ChannelID]core.OrganizationID{"a-sign": "org_a", "b-sign": "org_b"} {
		draft := r.draft(id, "test", nil)
		draft.Organization = organization
		if _, err := r.host.Channels().Create(t.Context(), draft); err != nil {
			t.Fatal(err)
		}
		r.awaitState(id, core.ChannelRunning)
	}
	ask := func(q pluginhost.ServiceRequest) (pluginhost.Result, error) {
		q.Service, q.Input = "sign", json.RawMessage(`{"later":true}`)
		return r.host.Ask(t.Context(), q)
	}
	for organization, want := range map[core.OrganizationID]string{"org_a": "a-sign:", "org_b": "b-sign:", "": "a-sign:"} {
		got, err := ask(pluginhost.ServiceRequest{Organization: organization})
		if err != nil || !got.Pending || !strings.HasPrefix(got.Token, want) {
			t.Fatalf("%q: %+v, %v", organization, got, err)
		}
		done, err := ask(pluginhost.ServiceRequest{Organization: organization, Token: got.Token})
		if err != nil || done.Pending || values(t, done)["token"] != "позже" {
			t.Errorf("%q again: %+v, %v", organization, done, err)
		}
	}
	for name, c := range map[string]struct {
		q    pluginhost.ServiceRequest
		want core.Kind
	}{
		"an organisation without a signer": {pluginhost.ServiceRequest{Organization: "org_c"}, core.KindUnavailable},
		"the other's channel by name":      {pluginhost.ServiceRequest{Organization: "org_a", Channel: "b-sign"}, core.KindUnavailable},
		"the other's token":                {pluginhost.ServiceRequest{Organization: "org_a", Token: "b-sign:позже"}, core.KindUnavailable},
		"a token of nobody":                {pluginhost.ServiceRequest{Token: "позже"}, core.KindInvalid},
	} {
		if _, err := ask(c.q); core.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
