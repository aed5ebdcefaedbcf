package directory_test

import (
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/directory"
)

func TestCheckDigits(t *testing.T) {
	for text, want := range map[string]bool{
		"7707083893": true, "7830002293": true, "500100732259": true, // two check digits
		"7707083894": false, "500100732258": false, "500100732249": false, "770708389": false, "": false, "77070838９3": false,
	} {
		if got := directory.ValidINN(text); got != want {
			t.Errorf("ИНН %q: %v", text, got)
		}
	}
	for text, want := range map[string]bool{
		"1027700132195": true, "304500116000157": true,
		"1027700132196": false, "304500116000158": false, "102770013219": false, "": false, "10277001321９": false,
	} {
		if got := directory.ValidOGRN(text); got != want {
			t.Errorf("ОГРН %q: %v", text, got)
		}
	}
}

func TestMistakesOfADeclarationAreNamedAtOnce(t *testing.T) {
	_, err := directory.New(directory.Type{
		Name: "Кривой", Title: directory.Words{RU: "Кривой"},
		Fields: []directory.Field{
			{Name: "a", Title: directory.Words{RU: "А", EN: "A"}, Type: directory.Ref, Ref: "nowhere"},
			{Name: "a", Title: directory.Words{RU: "Б", EN: "B"}, Type: directory.Text, Check: "colour"},
			{Name: "n", Title: directory.Words{RU: "Н", EN: "N"}, Type: directory.Number, Default: "много", Unique: true},
			{Name: "c", Title: directory.Words{RU: "Ц", EN: "C"}, Type: directory.Choice},
		},
		Label: "n", Key: "c", Parent: "a", Columns: []string{"x"}, Filters: []string{"y"}, Order: "-a", PublicIf: "n", Edit: []core.Role{"king"},
	})
	got := faultFields(t, err)
	for _, want := range []string{"name", "title", "a", "n", "c", "label", "key", "parent", "columns", "order", "public_if", "edit"} {
		if !slices.Contains(got, "Кривой."+want) {
			t.Errorf("no fault of %s among %q", want, got)
		}
	}
}

func TestConnectorsTypesHaveItsName(t *testing.T) {
	d := newDesk(t)
	err := d.RegisterOf("diadoc", []byte(`[
		{"name": "mapping", "title": {"ru": "Соответствие", "en": "Mapping"}, "label": "title", "order": "title", "columns": ["title"],
		 "fields": [
			{"name": "title", "title": {"ru": "Название", "en": "Title"}, "type": "text", "required": true},
			{"name": "kind", "title": {"ru": "Вид", "en": "Kind"}, "type": "ref", "ref": "kinds"},
			{"name": "document_type", "title": {"ru": "Тип", "en": "Type"}, "type": "ref", "ref": "document_types"}]},
		{"name": "kinds", "title": {"ru": "Виды", "en": "Kinds"}, "label": "title", "order": "title", "columns": ["title"],
		 "fields": [{"name": "title", "title": {"ru": "Название", "en": "Title"}, "type": "text", "required": true}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	kind := d.create("diadoc.kinds", values{"title": "Акт"})
	d.create("diadoc.mapping", values{"title": "Акт", "kind": string(kind.ID)})
	wantKind(t, d.remove(kind), core.KindConflict)
	for _, bad := range []string{`{}`, `[{"name": "organizations.x"}]`, `[{"name": "a b"}]`} {
		wantKind(t, d.RegisterOf("diadoc", []byte(bad)), core.KindInvalid)
	}
	if _, err := d.Type(core.DirOrganizations); err != nil {
		t.Error(err)
	}
}

func TestEditorsAndReaders(t *testing.T) {
	typ := directory.Type{Edit: []core.Role{core.RoleClerk}, Read: []core.Role{core.RoleAuditor}}
	for role, want := range map[core.Role][2]bool{
		core.RoleAdministrator: {true, true}, core.RoleClerk: {true, true}, core.RoleAuditor: {false, true}, core.RoleOperator: {false, false},
	} {
		roles := []core.Role{role}
		if got := [2]bool{typ.Editable(roles), typ.Readable(roles)}; got != want {
			t.Errorf("%s may edit and read: %v", role, got)
		}
	}
	if open := (&directory.Type{}); !open.Readable([]core.Role{core.RoleOperator}) {
		t.Error("a type without readers is closed")
	}
}
