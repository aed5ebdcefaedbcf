package appeals

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/store"
)

// TagArgs are the arguments of tag: entries of the directory of tags. What undoes
// it is of the same form.
type TagArgs struct {
	Add    []core.EntryID `json:"add,omitempty"`
	Remove []core.EntryID `json:"remove,omitempty"`
}

// tagging adds tags to appeals and takes tags off them. Undoing it leaves tags
// as they are that were changed again since.
func tagging(s *appeal.Service) mass.Operation {
	change := func(tx store.Tx, id core.DocumentID, args TagArgs) (inverse TagArgs, err error) {
		_, err = s.Edit(tx, appeal.Ref{ID: id}, func(d *core.Document) { inverse = args.apply(d.Appeal) })
		return inverse, err
	}
	return &work[TagArgs, TagArgs]{
		name: "tag", title: "Изменить теги", do: change,
		check: func(tx store.Tx, args TagArgs) error {
			if err := checkTags(args); err != nil {
				return err
			}
			return s.CheckTags(tx, args.Add)
		},
		undo: func(tx store.Tx, id core.DocumentID, saved TagArgs) error {
			_, err := change(tx, id, saved)
			return err
		},
	}
}

func checkTags(args TagArgs) error {
	all := slices.Concat(args.Add, args.Remove)
	switch {
	case len(all) == 0:
		return core.Invalid("mass.args", "add", "назовите хотя бы один тег")
	case len(all) > 50:
		return core.Invalid("mass.args", "add", "слишком много")
	case slices.Contains(all, ""):
		return core.Invalid("mass.args", "add", "тег не может быть пустым")
	}
	return nil
}

// apply changes the tags of an appeal and returns what undoes it.
func (t TagArgs) apply(a *core.Appeal) (inverse TagArgs) {
	tags := slices.DeleteFunc(slices.Clone(a.Tags), func(tag core.EntryID) bool {
		gone := slices.Contains(t.Remove, tag)
		if gone {
			inverse.Add = append(inverse.Add, tag)
		}
		return gone
	})
	for _, tag := range t.Add {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
			inverse.Remove = append(inverse.Remove, tag)
		}
	}
	if len(inverse.Add)+len(inverse.Remove) > 0 {
		a.Tags = tags
	}
	return inverse
}
