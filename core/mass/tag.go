package mass

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Tag adds tags to appeals and takes tags off them.
type Tag struct {
	Bus bus.Publisher
}

// tagArgs are the arguments of tag, and what undoing it needs.
type tagArgs struct {
	Add    []core.EntryID `json:"add,omitempty"`
	Remove []core.EntryID `json:"remove,omitempty"`
}

// Name implements Operation.
func (Tag) Name() string { return "tag" }

// Title implements Operation.
func (Tag) Title() string { return "Изменить метки" }

// Undoable implements Operation.
func (Tag) Undoable() bool { return true }

// Check implements Operation.
func (Tag) Check(raw json.RawMessage) error {
	args, err := readTags(raw)
	switch {
	case err != nil:
		return err
	case len(args.Add)+len(args.Remove) == 0:
		return core.Invalid("mass.args", "args.add", "назовите хотя бы одну метку")
	case len(args.Add)+len(args.Remove) > 50:
		return core.Invalid("mass.args", "args.add", "слишком много")
	case slices.Contains(slices.Concat(args.Add, args.Remove), ""):
		return core.Invalid("mass.args", "args.add", "метка не может быть пустой")
	}
	return nil
}

func readTags(raw json.RawMessage) (args tagArgs, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&args) != nil {
		return args, core.Invalid("mass.args", "args", "ожидаются списки add и remove")
	}
	return args, nil
}

// Do implements Operation. What it saves is the inverse.
func (t Tag) Do(tx store.Tx, id core.DocumentID, raw json.RawMessage) (json.RawMessage, error) {
	args, err := readTags(raw)
	if err != nil {
		return nil, err
	}
	return t.change(tx, id, args)
}

// Undo implements Operation: tags that were changed again since stay as they
// are.
func (t Tag) Undo(tx store.Tx, id core.DocumentID, saved json.RawMessage) error {
	args, err := readTags(saved)
	if err == nil {
		_, err = t.change(tx, id, args)
	}
	return err
}

func (t Tag) change(tx store.Tx, id core.DocumentID, args tagArgs) (json.RawMessage, error) {
	old, err := store.Documents.Get(tx, string(id))
	if err != nil {
		return nil, err
	}
	if old.Appeal == nil {
		return nil, core.Conflict("mass.no_appeal", "это не обращение, меток у него нет")
	}
	doc, appeal, inverse := *old, *old.Appeal, tagArgs{}
	doc.Appeal = &appeal
	appeal.Tags = slices.DeleteFunc(slices.Clone(appeal.Tags), func(tag core.EntryID) bool {
		gone := slices.Contains(args.Remove, tag)
		if gone {
			inverse.Add = append(inverse.Add, tag)
		}
		return gone
	})
	for _, tag := range args.Add {
		if !slices.Contains(appeal.Tags, tag) {
			appeal.Tags = append(appeal.Tags, tag)
			inverse.Remove = append(inverse.Remove, tag)
		}
	}
	saved, err := json.Marshal(inverse)
	if err != nil || len(inverse.Add)+len(inverse.Remove) == 0 {
		return saved, err
	}
	if err := store.Documents.Replace(tx, old, &doc); err != nil {
		return nil, err
	}
	return saved, t.Bus.Publish(tx, bus.DocumentUpdated, string(id), bus.AboutDocument(&doc))
}

var _ Operation = Tag{}
