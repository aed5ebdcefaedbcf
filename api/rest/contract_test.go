package rest_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/approval"
	"github.com/uzel-hub/uzel/core/audit"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/execution"
	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/core/mass/appeals"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/search"
	"github.com/uzel-hub/uzel/core/store"
)

func TestRouterAndContractHaveTheSameOperations(t *testing.T) {
	doc, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	promised, served := map[string]bool{}, map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			promised[op.OperationID+" "+method+" "+path] = true
		}
	}
	for _, rt := range rest.AllRoutes() {
		served[rt.Name+" "+rt.Method+" "+rt.Path] = true
	}
	for op := range promised {
		if !served[op] {
			t.Errorf("in the contract only: %s", op)
		}
	}
	for op := range served {
		if !promised[op] {
			t.Errorf("in the router only: %s", op)
		}
	}
}

func TestEveryOperationRefusesStrangersAsTheContractSays(t *testing.T) {
	h := newHub(t)
	doc, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.Security != nil || path == "/metrics" {
				continue
			}
			concrete := strings.NewReplacer("{id}", "x", "{hash}", strings.Repeat("0", 64), "{version}", "1", "{operation}", "x", "{name}", "x", "{ticket}", "x").Replace(path)
			h.anonymous().json(method, concrete, nil).problem(401, "access.none")
		}
	}
}

// shapes are the Go types of the contract's schemas.
var shapes = map[string]any{
	"MatchInput":      rest.MatchInput{},
	"Proof":           party.Proof{},
	"Candidate":       party.Candidate{},
	"SubstituteInput": rest.SubstituteInput{},
	"ContactDecision": rest.ContactDecision{},
	"Decided":         rest.Decided{},
	"ConsentInput":    rest.ConsentInput{},
	"MergeInput":      rest.MergeInput{},
	"PartyMergeInput": rest.PartyMergeInput{},
	"ErasureInput":    rest.ErasureInput{},
	"KeptDocument":    core.KeptDocument{}, "KeptDraft": core.KeptDraft{},
	"ErasedDocument":  core.ErasedDocument{},
	"DoomedFile":      core.DoomedFile{},
	"Erasure":         core.Erasure{},
	"Task":            core.Task{},
	"TaskCard":        rest.TaskCard{},
	"TaskComment":     core.TaskComment{},
	"TaskInput":       rest.TaskInput{},
	"TaskPatch":       rest.TaskPatch{},
	"ReasonInput":     rest.ReasonInput{},
	"PerformerInput":  rest.PerformerInput{},
	"ResultInput":     rest.ResultInput{},
	"CommentInput":    rest.CommentInput{},
	"Draft":           core.Draft{},
	"DraftVersion":    core.DraftVersion{},
	"DraftCard":       rest.DraftCard{},
	"DraftTextInput":  rest.DraftTextInput{},
	"DraftWayInput":   rest.DraftWayInput{},
	"DraftInput":      rest.DraftInput{},
	"VisaInput":       rest.VisaInput{},
	"DraftComparison": approval.Comparison{},

	"Signature":             core.Signature{},
	"SignatureReport":       core.SignatureReport{},
	"SignatureCheck":        core.SignatureCheck{},
	"SignerIdentity":        core.SignerIdentity{},
	"SignatureCertificate":  core.SignatureCertificate{},
	"CertificateRevocation": core.CertificateRevocation{},
	"FileDigests":           core.FileDigests{},
	"SigningCertificate":    core.SigningCertificate{},
	"SignInput":             rest.SignInput{},
	"DraftSignInput":        rest.DraftSignInput{},

	"SettingsSection": rest.SettingsSection{},
	"SettingsInput":   rest.SettingsInput{},

	"Problem":              rest.Problem{},
	"FieldFault":           core.FieldFault{},
	"Health":               rest.Health{},
	"Credentials":          rest.Credentials{},
	"Session":              rest.Session{},
	"PasswordChange":       rest.PasswordChange{},
	"OneTimePassword":      rest.OneTimePassword{},
	"OwnSession":           rest.OwnSession{},
	"OpenSession":          rest.OpenSession{},
	"Entered":              rest.Entered{},
	"SignInWays":           rest.SignInWays{},
	"SignedOut":            rest.SignedOut{},
	"RoleRights":           rest.RoleRights{},
	"Token":                rest.Token{},
	"TokenInput":           rest.TokenInput{},
	"NewToken":             rest.NewToken{},
	"User":                 rest.User{},
	"UserInput":            rest.UserInput{},
	"NotificationSettings": core.NotificationSettings{},
	"NewUser":              rest.NewUser{},
	"Address":              core.Address{},
	"Correspondent":        core.Correspondent{},
	"Mark":                 core.Mark{},
	"RegNumber":            core.RegNumber{},
	"File":                 core.Attachment{},
	"Document":             core.Document{},
	"Appeal":               core.Appeal{},
	"Deadline":             core.Deadline{},
	"DocumentRow":          rest.DocumentRow{},
	"DocumentCard":         rest.DocumentCard{},
	"DocumentInput":        rest.DocumentInput{},
	"DocumentPatch":        rest.DocumentPatch{},
	"JoinInput":            rest.JoinInput{},
	"ReplyInput":           rest.ReplyInput{},
	"Replied":              rest.Replied{},
	"Actor":                core.Actor{},
	"FieldChange":          store.FieldChange{},
	"HistoryEntry":         store.Entry{},
	"Delivery":             core.Delivery{},
	"ChannelStatus":        core.ChannelStatus{},
	"Channel":              rest.Channel{},
	"ChannelInput":         rest.ChannelInput{},
	"ChannelDraft":         rest.ChannelDraft{},
	"CheckPart":            pluginhost.CheckPart{},
	"CheckResult":          rest.CheckResult{},
	"RevertInput":          rest.RevertInput{},
	"DirectionInput":       rest.DirectionInput{},
	"PluginOperation":      rest.PluginOperation{},
	"OperationInput":       rest.OperationInput{},
	"ResultFile":           rest.ResultFile{},
	"OperationResult":      rest.OperationResult{},
	"PluginLimits":         catalog.Limits{},
	"PluginVersion":        rest.PluginVersion{},
	"Trial":                catalog.Trial{},
	"PluginRow":            rest.PluginRow{},
	"CurrentInput":         rest.CurrentInput{},
	"UpgradeInput":         rest.UpgradeInput{},
	"Event":                bus.Event{},
	"DeadLetter":           bus.DeadLetter{},
	"Journal":              rest.Journal{},
	"JournalInput":         rest.JournalInput{},
	"Party":                core.Party{},
	"PartyInput":           rest.PartyInput{},
	"ActionCount":          audit.Count{},
	"UserActions":          rest.UserActions{},
	"DirectoryWords":       directory.Words{},
	"DirectoryOption":      directory.Option{},
	"DirectoryField":       directory.Field{},
	"Directory":            rest.Directory{},
	"Entry":                rest.EntryRow{},
	"EntryInput":           rest.EntryInput{},
	"RowFault":             directory.RowFault{},
	"ImportReport":         directory.Report{},
	"SearchHit":            rest.SearchHit{},
	"Passage":              search.Passage{},
	"PassagePart":          search.Part{},
	"SearchPage":           rest.SearchPage{},
	"SearchStatus":         search.Status{},
	"Filter":               core.Filter{},
	"FilterInput":          rest.FilterInput{},
	"ReportKey":            report.Key{},
	"Sums":                 report.Sums{},
	"ReportRow":            report.Row{},
	"Summary":              rest.Summary{},
	"AuditEntry":           core.AuditEntry{},
	"Traffic":              rest.Traffic{},
	"TrafficCount":         core.Traffic{},
	"CheckLine":            rest.CheckLine{},
	"CheckReport":          maintenance.Report{},
	"Colleague":            rest.Colleague{},
	"Panel":                rest.Panel{},
	"SystemStatus":         maintenance.Status{},
	"Contact":              core.Contact{},
	"ContactInput":         rest.ContactInput{},
	"PartyAccount":         core.AccountRef{},
	"Consent":              core.Consent{},

	"Calendar":          core.WorkCalendar{},
	"CalendarInput":     rest.CalendarInput{},
	"CalendarYear":      core.CalendarYear{},
	"CalendarYearInput": rest.CalendarYearInput{},
	"Interval":          core.Interval{},
	"SpecialDay":        core.SpecialDay{},
	"Term":              core.Term{},
	"CountInput":        rest.CountInput{},
	"DeadlineView":      rest.DeadlineView{},
	"PauseInput":        rest.PauseInput{},
	"ExtendInput":       rest.ExtendInput{},
	"Job":               rest.Job{},
	"JobInput":          rest.JobInput{},
	"MassOperation":     rest.MassOperation{},
	"MassInput":         rest.MassInput{},
	"MassFilter":        core.MassFilter{},
	"MassCloseArgs":     appeals.CloseArgs{},
	"MassAssignArgs":    appeals.AssignArgs{},
	"MassForwardArgs":   appeals.ForwardArgs{},
	"MassTagArgs":       appeals.TagArgs{},
	"MassRun":           core.MassRun{},
	"MassItem":          core.MassItem{},
	"Condition":         core.Condition{},
	"Action":            core.Action{},
	"RuleFault":         core.RuleFault{},
	"Rule":              core.Rule{},
	"RuleInput":         rest.RuleInput{},
	"RulesInput":        rest.RulesInput{},
	"OrderInput":        rest.OrderInput{},
	"SimulationInput":   rest.SimulationInput{},
	"RuleSet":           core.RuleSet{},
	"RuleSetRow":        rest.RuleSetRow{},
	"Effect":            core.Effect{},
	"RuleStep":          core.RuleStep{},
	"Decision":          rest.Decision{},
	"Doing":             execution.Doing{},
	"Difference":        execution.Difference{},
	"Failure":           execution.Failure{},
	"SimProgress":       execution.Progress{},
	"SimulationLine":    rest.SimulationLine{},
	"AppealRow":         rest.AppealRow{},
	"AppealCard":        rest.AppealCard{},
	"AppealInput":       rest.AppealInput{},
	"AppealPatch":       rest.AppealPatch{},
	"AttachInput":       rest.AttachInput{},
	"PlanInput":         rest.PlanInput{},
	"TransferInput":     rest.TransferInput{},
	"ForwardInput":      rest.ForwardInput{},
	"TaskResultInput":   rest.TaskResultInput{},
	"RejectInput":       rest.RejectInput{},
	"RatingInput":       rest.RatingInput{},
	"QuestionInput":     rest.QuestionInput{},
	"OtherInput":        rest.OtherInput{},
	"AppealPair":        rest.AppealPair{},
	"WorkedTime":        rest.WorkedTime{},
}

func TestTypesAndSchemasHaveTheSameFields(t *testing.T) {
	doc, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	for name, ref := range doc.Components.Schemas {
		schema := ref.Value
		if !schema.Type.Is("object") || name == "Settings" || strings.HasSuffix(name, "Form") || isList(schema) {
			continue
		}
		shape, ok := shapes[name]
		if !ok {
			t.Errorf("schema %s has no Go type in this test", name)
			continue
		}
		compareFields(t, name, schema, reflect.TypeOf(shape))
	}
	for name := range shapes {
		if doc.Components.Schemas[name] == nil {
			t.Errorf("no schema %s", name)
		}
	}
}

// isList tells the pages and whole lists: items and perhaps next.
func isList(s *openapi3.Schema) bool {
	names := slices.Sorted(maps.Keys(s.Properties))
	return slices.Equal(names, []string{"items"}) || slices.Equal(names, []string{"items", "next"})
}

func compareFields(t *testing.T, name string, schema *openapi3.Schema, typ reflect.Type) {
	t.Helper()
	fields := jsonFields(typ)
	for field, property := range schema.Properties {
		goType, ok := fields[field]
		if !ok {
			t.Errorf("%s.%s is in the contract only", name, field)
			continue
		}
		if want := jsonType(goType); want != "" && property.Value.Type != nil && !property.Value.Type.Is(want) {
			t.Errorf("%s.%s is %v in the contract and %s in Go", name, field, property.Value.Type.Slice(), goType)
		}
	}
	for field := range fields {
		// The contract keeps quiet about fields no record of this kind has.
		if schema.Properties[field] == nil && field != "deleted_at" {
			t.Errorf("%s.%s is in Go only", name, field)
		}
	}
}

func jsonFields(typ reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		embedded := f.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case f.Anonymous && name == "":
			maps.Copy(out, jsonFields(embedded))
		case f.IsExported() && name != "" && name != "-":
			out[name] = f.Type
		}
	}
	return out
}

// jsonType is what a Go type looks like in JSON; "" if it may be anything.
func jsonType(typ reflect.Type) string {
	if strings.HasPrefix(typ.Name(), "optional[") {
		value, _ := typ.FieldByName("Value")
		return jsonType(value.Type)
	}
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return "string"
	case typ == reflect.TypeFor[json.RawMessage]():
		return ""
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return jsonType(typ.Elem())
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	case reflect.Interface:
		return ""
	}
	return "integer"
}

func TestOperationsAndRolesAreThoseOfTheContract(t *testing.T) {
	doc, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	var operations, roles []string
	for _, op := range access.Operations() {
		operations = append(operations, string(op))
	}
	for _, role := range access.Roles() {
		roles = append(roles, string(role))
	}
	sameEnum(t, doc, "Operation", operations)
	sameEnum(t, doc, "Role", roles)
}

func sameEnum(t *testing.T, doc *openapi3.T, schema string, want []string) {
	t.Helper()
	var have []string
	for _, v := range doc.Components.Schemas[schema].Value.Enum {
		have = append(have, v.(string))
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("%s: contract %q, hub %q", schema, have, want)
	}
}

func TestExamplesFitTheirSchemas(t *testing.T) {
	if _, err := loadContract(); err != nil { // Validate checks examples too
		t.Fatal(err)
	}
}
