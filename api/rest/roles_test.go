package rest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core/access"
)

// Routes that take no operation, each on purpose.
var (
	anybody  = []string{"session.create", "contract.get", "health.live", "health.ready", "metrics.get"}
	signedIn = []string{"session.get", "session.delete", "session.leave", "roles.list", "events.stream"}
)

func TestEveryRouteTakesAnOperationOrIsNamedHere(t *testing.T) {
	for _, rt := range rest.AllRoutes() {
		if rt.Public != slices.Contains(anybody, rt.Name) {
			t.Errorf("%s: public %v, this test says otherwise", rt.Name, rt.Public)
		}
		free := rt.Op == "" && !rt.Public
		if free != slices.Contains(signedIn, rt.Name) {
			t.Errorf("%s takes the operation %q, this test says otherwise", rt.Name, rt.Op)
		}
		if rt.Op != "" && !slices.Contains(access.Operations(), rt.Op) {
			t.Errorf("%s takes %s, which is no operation", rt.Name, rt.Op)
		}
	}
}

func TestRolesAreHeldToAtEveryRoute(t *testing.T) {
	h := newHub(t)
	fill := strings.NewReplacer("{hash}", strings.Repeat("0", 64), "{version}", "1")
	for _, role := range access.Roles() {
		c := h.as(string(role), role)
		for _, rt := range rest.AllRoutes() {
			if rt.Op == "" || rt.Live || access.Can(role, rt.Op) {
				continue
			}
			path := fill.Replace(rt.Path)
			for i := strings.IndexByte(path, '{'); i >= 0; i = strings.IndexByte(path, '{') {
				path = path[:i] + "x" + path[strings.IndexByte(path, '}')+1:]
			}
			c.send(rt.Method, path, "", nil).problem(403, "access.forbidden")
		}
	}
}
