package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

// granted says once more, operation by operation, who may. A new operation gets
// its row here by a person who has thought about each role:
// a(dministrator) s(upervisor) o(perator) c(lerk) au(ditor) i(ntegration).
var granted = map[access.Operation]string{
	access.ReadDocuments:     "a s o c au i",
	access.WriteDocuments:    "a s o c i",
	access.ReadDeliveries:    "a s o c au i",
	access.WriteDeliveries:   "a s o c",
	access.ReadParties:       "a s o c au i",
	access.WriteParties:      "a s o c i",
	access.ReadTasks:         "a s o c au i",
	access.WriteTasks:        "a s o c i",
	access.SuperviseTasks:    "a s",
	access.ReadDrafts:        "a s o c au",
	access.WriteDrafts:       "a s o c",
	access.ReadJournals:      "a s o c au i",
	access.ReadDirectories:   "a s o c au i",
	access.WriteDirectories:  "a s o c",
	access.WriteJournals:     "a",
	access.ReadChannels:      "a s o c au",
	access.OperateChannels:   "a s",
	access.WriteChannels:     "a",
	access.RunOperations:     "a s o c",
	access.ReadLogs:          "a au",
	access.ReadPlugins:       "a au",
	access.WritePlugins:      "a",
	access.ReadDeadLetters:   "a s au",
	access.WriteDeadLetters:  "a s",
	access.ManageUsers:       "a",
	access.EnterAsUser:       "a",
	access.ReadAudit:         "a s au",
	access.ReadMetrics:       "a au i",
	access.ManageSystem:      "a",
	access.ExportParties:     "a",
	access.EraseParties:      "a",
	access.ManageOwnAccesses: "a s o c au",
	access.ReadReports:       "a s o c au",
	access.WriteFilters:      "a s o c",
	access.ReadAppeals:       "a s o c au i",
	access.WriteAppeals:      "a s o c i",
	access.ReadSettings:      "a au",
	access.WriteSettings:     "a",
	access.ReadCalendars:     "a s o c au",
	access.WriteCalendars:    "a",
	access.ReadJobs:          "a au",
	access.OperateJobs:       "a",
	access.RunMass:           "a s o c",
	access.ReadRules:         "a s au",
	access.WriteRules:        "a s",
	access.SignDocuments:     "a s o c",
}

var letters = map[core.Role]string{
	core.RoleAdministrator: "a", core.RoleSupervisor: "s", core.RoleOperator: "o", core.RoleClerk: "c",
	core.RoleAuditor: "au", core.RoleIntegration: "i",
}

func TestRoles(t *testing.T) {
	if !slices.Equal(access.Roles(), core.Roles()) {
		t.Errorf("the table has the roles %v, the core %v", access.Roles(), core.Roles())
	}
	for _, role := range access.Roles() {
		if letters[role] == "" {
			t.Errorf("the role %s has no column in this test", role)
		}
	}
	for _, op := range access.Operations() {
		row, ok := granted[op]
		if !ok {
			t.Errorf("the operation %s has no row in this test", op)
			continue
		}
		for role, letter := range letters {
			want := slices.Contains(strings.Fields(row), letter)
			if got := access.Can(role, op); got != want {
				t.Errorf("%s may %s: %v, the table says %v", role, op, got, want)
			}
		}
	}
	for op := range granted {
		if !slices.Contains(access.Operations(), op) {
			t.Errorf("the row %s is of no operation", op)
		}
	}
	if access.Can("tsar", access.ReadDocuments) {
		t.Error("an unknown role may something")
	}
}

func TestScopeSeesItsOrganisationsAndLines(t *testing.T) {
	clerk := func(orgs []core.OrganizationID, lines ...core.EntryID) access.Scope {
		p := access.Principal{User: core.User{ID: "usr_1", Roles: []core.Role{core.RoleClerk}, Organizations: orgs, Lines: lines}}
		return p.Scope()
	}
	admin := access.Principal{User: core.User{Roles: []core.Role{core.RoleAdministrator}, Organizations: []core.OrganizationID{"org_1"}, Lines: []core.EntryID{"lin_1"}}}
	one := []core.OrganizationID{"org_1"}
	appeal := func(line core.EntryID, operator core.UserID) *core.Appeal {
		return &core.Appeal{Line: line, Operator: operator}
	}
	for name, c := range map[string]struct {
		scope access.Scope
		d     core.Document
		want  bool
	}{
		"no limit":                       {clerk(nil), core.Document{Organization: "org_2", Appeal: appeal("lin_2", "")}, true},
		"own organisation":               {clerk(one), core.Document{Organization: "org_1"}, true},
		"another organisation":           {clerk(one), core.Document{Organization: "org_2"}, false},
		"no organisation":                {clerk(one), core.Document{}, true},
		"own line":                       {clerk(nil, "lin_1"), core.Document{Appeal: appeal("lin_1", "")}, true},
		"another line":                   {clerk(nil, "lin_1"), core.Document{Appeal: appeal("lin_2", "")}, false},
		"another line, but one's own":    {clerk(nil, "lin_1"), core.Document{Appeal: appeal("lin_2", "usr_1")}, true},
		"one's own, elsewhere":           {clerk(one), core.Document{Organization: "org_2", Appeal: appeal("", "usr_1")}, false},
		"no line yet":                    {clerk(nil, "lin_1"), core.Document{Appeal: appeal("", "")}, true},
		"no appeal":                      {clerk(nil, "lin_1"), core.Document{}, true},
		"administrator":                  {admin.Scope(), core.Document{Organization: "org_2", Appeal: appeal("lin_2", "")}, true},
		"command line":                   {access.CommandLine().Scope(), core.Document{Organization: "org_2"}, true},
		"own line, another organisation": {clerk(one, "lin_1"), core.Document{Organization: "org_2", Appeal: appeal("lin_1", "")}, false},
	} {
		if got := c.scope.Document(&c.d); got != c.want {
			t.Errorf("%s: seen %v", name, got)
		}
	}
}
