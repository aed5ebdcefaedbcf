package access

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
)

// Operation is something a user may or may not do. A token's scope is the name
// of an operation; the names are part of the REST contract.
type Operation string

const (
	ReadDocuments     Operation = "documents.read"
	WriteDocuments    Operation = "documents.write" // register, change, answer, join
	ReadDeliveries    Operation = "deliveries.read"
	WriteDeliveries   Operation = "deliveries.write" // cancel, retry
	ReadParties       Operation = "parties.read"
	WriteParties      Operation = "parties.write"
	ReadDirectories   Operation = "directories.read"
	WriteDirectories  Operation = "directories.write" // those the role edits; a directory's type says whose it is
	ReadAppeals       Operation = "appeals.read"
	WriteAppeals      Operation = "appeals.write" // register, take, transfer, answer, close, merge
	ReadTasks         Operation = "tasks.read"
	WriteTasks        Operation = "tasks.write"     // what authors, performers and controllers do
	SuperviseTasks    Operation = "tasks.supervise" // in their place, with tasks and drafts
	ReadDrafts        Operation = "drafts.read"
	WriteDrafts       Operation = "drafts.write" // write, submit, agree, send
	ReadJournals      Operation = "journals.read"
	WriteJournals     Operation = "journals.write"
	ReadChannels      Operation = "channels.read"
	OperateChannels   Operation = "channels.operate" // pause, resume, run now, retry of a check
	WriteChannels     Operation = "channels.write"   // create, settings, delete
	RunOperations     Operation = "operations.run"   // buttons a connector brings
	ReadLogs          Operation = "logs.read"
	ReadPlugins       Operation = "plugins.read"
	WritePlugins      Operation = "plugins.write"
	ReadDeadLetters   Operation = "deadletters.read"
	WriteDeadLetters  Operation = "deadletters.write"
	ManageUsers       Operation = "users.manage"
	ReadReports       Operation = "reports.read"
	WriteFilters      Operation = "filters.write" // saved filters, own and shared
	EnterAsUser       Operation = "users.enter"
	ReadRules         Operation = "rules.read"
	WriteRules        Operation = "rules.write" // and try them
	ReadAudit         Operation = "audit.read"
	ReadMetrics       Operation = "metrics.read"
	ManageSystem      Operation = "system.manage" // check, back up
	ManageOwnAccesses Operation = "self.manage"   // own password, sessions and tokens

	ExportParties Operation = "parties.export" // all that is known about one person
	EraseParties  Operation = "parties.erase"  // for good, with an act
)

// SignDocuments lets have documents and visas signed with the organisation's
// keys, bring ready signatures, and verify again.
const SignDocuments Operation = "signatures.write"

// Terms, background jobs and mass operations.
const (
	ReadCalendars  Operation = "calendars.read"
	WriteCalendars Operation = "calendars.write"
	ReadJobs       Operation = "jobs.read"
	OperateJobs    Operation = "jobs.operate" // run now, on and off, schedule
	RunMass        Operation = "mass.run"     // one operation over many documents
)

// The settings of the office.
const (
	ReadSettings  Operation = "settings.read"
	WriteSettings Operation = "settings.write"
)

var reading = []Operation{
	ReadDocuments, ReadDeliveries, ReadParties, ReadJournals, ReadChannels, ReadLogs, ReadPlugins, ReadDeadLetters,
	ReadAudit, ReadMetrics, ReadDirectories, ReadCalendars, ReadJobs, ReadRules, ReadReports, ReadAppeals,
	ReadTasks, ReadDrafts,
	ReadSettings,
}

var deskWork = []Operation{
	ReadDocuments, WriteDocuments, ReadDeliveries, WriteDeliveries, ReadParties, WriteParties, ReadJournals, ReadChannels,
	RunOperations, ManageOwnAccesses,
	ReadDirectories, WriteDirectories,
	ReadCalendars, RunMass,
	ReadReports, WriteFilters,
	ReadAppeals, WriteAppeals,
	ReadTasks, WriteTasks, ReadDrafts, WriteDrafts,
	SignDocuments,
}

var changing = []Operation{
	WriteDocuments, WriteDeliveries, WriteParties, WriteJournals, OperateChannels, WriteChannels, RunOperations,
	WriteDirectories,
	WritePlugins, WriteDeadLetters, ManageUsers, EnterAsUser, ManageSystem, ManageOwnAccesses,
	WriteCalendars, OperateJobs, RunMass,
	WriteRules,
	ExportParties, EraseParties,
	WriteFilters,
	WriteAppeals,
	WriteTasks, SuperviseTasks, WriteDrafts,
	SignDocuments,
	WriteSettings,
}

// permissions is the whole table: nothing else in the hub grants anything.
var permissions = map[core.Role][]Operation{
	core.RoleAdministrator: slices.Concat(reading, changing),
	core.RoleSupervisor:    slices.Concat(deskWork, []Operation{OperateChannels, ReadDeadLetters, WriteDeadLetters, ReadAudit, ReadRules, WriteRules, SuperviseTasks}),
	core.RoleOperator:      deskWork,
	core.RoleClerk:         deskWork,
	core.RoleAuditor:       slices.Concat(reading, []Operation{ManageOwnAccesses}),
	core.RoleIntegration:   {ReadDocuments, WriteDocuments, ReadDeliveries, ReadParties, WriteParties, ReadJournals, ReadMetrics, ReadDirectories, ReadAppeals, WriteAppeals, ReadTasks, WriteTasks},
}

// Can tells whether the role may do the operation. An unknown role may nothing.
func Can(role core.Role, op Operation) bool {
	return slices.Contains(permissions[role], op)
}

// Operations are all operations there are, sorted: the scopes a token may have.
func Operations() []Operation {
	all := slices.Concat(reading, changing)
	slices.Sort(all)
	return all
}

// Roles are all roles there are, sorted.
func Roles() []core.Role {
	all := make([]core.Role, 0, len(permissions))
	for role := range permissions {
		all = append(all, role)
	}
	slices.Sort(all)
	return all
}
