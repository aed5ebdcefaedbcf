package directory_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/sdk"
)

type mute struct{}

func (*mute) Check(context.Context) error { return nil }

func connector(directories ...sdk.Directory) sdk.Connector[struct{}] {
	return sdk.Connector[struct{}]{
		Name: "diadoc", Title: "Диадок", Summary: "Обмен документами.", Version: "1.0.0", Type: (*mute)(nil),
		Directories: directories,
		New:         func(context.Context, struct{}, sdk.Env) (sdk.Channel, error) { return &mute{}, nil },
	}
}

// TestDirectoryOfAConnectorIsUsedAsItWasDeclared goes from the author's
// declaration over the description on the wire to an entry.
func TestDirectoryOfAConnectorIsUsedAsItWasDeclared(t *testing.T) {
	low := 0.0
	server, err := sdk.NewServer(connector(sdk.Directory{
		Name: "mapping", Title: sdk.Words{RU: "Соответствие типов", EN: "Mapping of types"}, Label: "title", Key: "title",
		Fields: []sdk.DirectoryField{
			{Name: "title", Title: sdk.Words{RU: "Название", EN: "Title"}, Type: "text", Required: true, Unique: true},
			{Name: "type", Title: sdk.Words{RU: "Тип документа", EN: "Document type"}, Type: "ref", Ref: "document_types"},
			{Name: "above", Title: sdk.Words{RU: "Выше", EN: "Above"}, Type: "ref", Ref: "mapping"},
			{Name: "kind", Title: sdk.Words{RU: "Вид", EN: "Kind"}, Type: "choice", Default: "act", Options: []sdk.DirectoryOption{{Value: "act", Title: sdk.Words{RU: "Акт", EN: "Act"}}}},
			{Name: "days", Title: sdk.Words{RU: "Дней", EN: "Days"}, Type: "number", Min: &low},
		},
		Parent: "above", Columns: []string{"title", "type"}, Filters: []string{"kind"}, Order: "-title", Edit: []string{"clerk"},
	}), hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	told, err := server.Describe(t.Context(), &pluginv1.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	if err := d.RegisterOf("diadoc", told.GetDirectories()); err != nil {
		t.Fatal(err)
	}
	typ, err := d.Type("diadoc.mapping")
	if err != nil || typ.Parent != "above" || typ.Order != "-title" || len(typ.Edit) != 1 || typ.Edit[0] != core.RoleClerk {
		t.Fatalf("%+v, %v", typ, err)
	}
	act := d.create(core.DirDocumentTypes, values{"title": "Акт"})
	e := d.create("diadoc.mapping", values{"title": "Акты", "type": string(act.ID)})
	d.create("diadoc.mapping", values{"title": "Акты сверки", "above": string(e.ID), "days": 1.0})
	_, err = d.try("diadoc.mapping", values{"title": "Иное", "days": -1.0})
	if got := faultFields(t, err); len(got) != 1 || got[0] != "values.days" {
		t.Errorf("faults of %q", got)
	}
	if e.Text("kind") != "act" {
		t.Errorf("values %v", e.Values)
	}
}

func TestMistakesOfAConnectorsDirectoryAreNamedToItsAuthor(t *testing.T) {
	twice := sdk.Directory{Name: "b", Title: sdk.Words{RU: "Б", EN: "B"}, Label: "title"}
	_, err := sdk.NewServer(connector(sdk.Directory{Name: "A b"}, twice, twice), hclog.NewNullLogger())
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"directory A b: Name", "directory A b: Title", "directory b: declared twice", "directory b: Label", "directory b: no Order"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}
