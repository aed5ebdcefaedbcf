package appeals_test

import (
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

// oneTag is a desk whose directories have one tag.
type oneTag struct{}

func (oneTag) Has(_ store.Tx, directory core.DirectoryName, id core.EntryID) (bool, error) {
	return directory == core.DirTags && id == "ent_flood", nil
}

func (oneTag) CheckExtra(store.Tx, core.EntryID, map[string]string) ([]core.FieldFault, error) {
	return nil, nil
}

func (oneTag) Result(store.Tx, core.EntryID) (string, []string, error) { return "", nil, nil }

// TestATagThatDoesNotExistIsRefusedBeforeAnythingIsDone: it would be refused for
// each of thousands of appeals otherwise.
func TestATagThatDoesNotExistIsRefusedBeforeAnythingIsDone(t *testing.T) {
	o := newOffice(t)
	o.desk.Directories = oneTag{}
	_, err := o.order(olga, "tag", `{"add":["ent_flood","ent_none"],"remove":["ent_gone"]}`, idOf(core.AppealNew))
	if got := coretest.FaultFields(err); core.KindOf(err) != core.KindInvalid || !slices.Equal(got, []string{"args.add.1"}) {
		t.Errorf("%v names %q", err, got)
	}
	if _, err := o.order(olga, "tag", `{"add":["ent_flood"],"remove":["ent_gone"]}`, idOf(core.AppealNew)); err != nil {
		t.Error(err)
	}
}
