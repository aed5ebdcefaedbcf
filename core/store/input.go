package store

import "github.com/uzel-hub/uzel/core"

// Input proves sound what is going to be written: it gathers all faults, and
// looks up what the input names. An error of the store's own outweighs them; it
// is kept, so that a look-up needs no answer at once. It serves one input in one
// transaction.
type Input struct {
	core.Faults
	Tx  Tx
	err error
}

// Err is the store's own error, or KindInvalid with all faults, or nil.
func (in *Input) Err(code string) error {
	if in.err != nil {
		return in.err
	}
	return in.Faults.Err(code)
}

// Fail keeps an error of the store; nil is none.
func (in *Input) Fail(err error) {
	if in.err == nil {
		in.err = err
	}
}

// User demands somebody who may sign in.
func (in *Input) User(field string, id core.UserID) {
	if id == "" {
		in.Add(field, "обязательное поле")
		return
	}
	u := named(in, Users, field, string(id), "такого сотрудника нет")
	if u != nil && !u.MayEnter() {
		in.Add(field, "учётная запись сотрудника отключена")
	}
}

// Document is the document the field names, nil if it names none or there is no
// such document, which is a fault.
func (in *Input) Document(field string, id core.DocumentID) *core.Document {
	if id == "" {
		return nil
	}
	return named(in, Documents, field, string(id), "такого документа нет")
}

// named reads a record the field names; that there is none is a fault.
func named[T any](in *Input, t *Table[T], field, key, missing string) *T {
	rec, err := t.Get(in.Tx, key)
	switch {
	case core.KindOf(err) == core.KindNotFound:
		in.Add(field, missing)
	case err != nil:
		in.Fail(err)
	default:
		return rec
	}
	return nil
}
