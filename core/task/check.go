package task

import (
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// checker gathers all faults of a task.
type checker struct {
	tx     store.Tx
	faults []core.FieldFault
	err    error // the store's own
}

func (c *checker) fault(field, text string) {
	c.faults = append(c.faults, core.FieldFault{Field: field, Text: text})
}

// check proves a task sound as it is going to be written. A draft may lack what
// it takes to be handed out.
func check(tx store.Tx, t *core.Task, draft bool) error {
	c := &checker{tx: tx}
	if t.Kind != core.TaskAssignment && t.Kind != core.TaskPlain && t.Kind != core.TaskControl {
		c.fault("kind", "нет такого значения")
	}
	if t.Title == "" {
		c.fault("title", "обязательное поле")
	}
	c.people(t, draft)
	c.document(t)
	c.control(t, draft)
	c.deadline(t)
	return c.result()
}

// checkPeople proves those sound who do the task.
func checkPeople(tx store.Tx, t *core.Task) error {
	c := &checker{tx: tx}
	c.people(t, false)
	return c.result()
}

func (c *checker) result() error {
	switch {
	case c.err != nil:
		return c.err
	case len(c.faults) > 0:
		return &core.Error{Kind: core.KindInvalid, Code: "task.invalid", Faults: c.faults}
	}
	return nil
}

func (c *checker) people(t *core.Task, draft bool) {
	if t.Performer != "" || !draft {
		c.user("performer", t.Performer)
	}
	c.others(t)
}

// others are all but the performer.
func (c *checker) others(t *core.Task) {
	if t.Controller != "" {
		c.user("controller", t.Controller)
		if t.Controller == t.Performer {
			c.fault("controller", "контролёр не может быть исполнителем")
		}
	}
	seen := map[core.UserID]bool{t.Performer: true}
	for i, u := range t.CoPerformers {
		field := "co_performers." + strconv.Itoa(i)
		c.user(field, u)
		if seen[u] {
			c.fault(field, "этот сотрудник уже назван")
		}
		seen[u] = true
	}
}

// user demands somebody who can sign in.
func (c *checker) user(field string, id core.UserID) {
	if id == "" {
		c.fault(field, "обязательное поле")
		return
	}
	u, err := store.Users.Get(c.tx, string(id))
	switch {
	case core.KindOf(err) == core.KindNotFound:
		c.fault(field, "такого сотрудника нет")
	case err != nil:
		c.err = err
	case !u.MayEnter():
		c.fault(field, "учётная запись сотрудника отключена")
	}
}

func (c *checker) document(t *core.Task) {
	if t.Document == "" {
		return
	}
	doc, err := store.Documents.Get(c.tx, string(t.Document))
	switch {
	case core.KindOf(err) == core.KindNotFound:
		c.fault("document", "такого документа нет")
	case err != nil:
		c.err = err
	case t.Organization == "":
		t.Organization = doc.Organization
	}
}

// control demands what makes a control of a task.
func (c *checker) control(t *core.Task, draft bool) {
	if t.Kind != core.TaskControl || draft {
		return
	}
	if t.Controller == "" {
		c.fault("controller", "у контроля должен быть контролёр")
	}
	if t.Deadline == nil {
		c.fault("due_at", "у контроля должен быть срок")
	}
}

// deadline holds it against the present and the parent's.
func (c *checker) deadline(t *core.Task) {
	if t.Deadline == nil {
		return
	}
	if !t.Deadline.DueAt.After(c.tx.Now()) {
		c.fault("due_at", "срок уже прошёл")
	}
	if t.Parent == "" || t.BeyondParent {
		return
	}
	parent, err := store.Tasks.Get(c.tx, string(t.Parent))
	switch {
	case err != nil:
		c.err = err
	case parent.Deadline != nil && t.Deadline.DueAt.After(parent.Deadline.DueAt):
		c.fault("due_at", "срок позже срока вышестоящей задачи: укажите beyond_parent, если так и нужно")
	}
}
