package task

import (
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// checker gathers all faults of a task.
type checker struct{ store.Input }

func checking(tx store.Tx) *checker { return &checker{store.Input{Tx: tx}} }

func (c *checker) result() error { return c.Err("task.invalid") }

// check proves a task sound as it is going to be written. A draft may lack what
// it takes to be handed out.
func check(tx store.Tx, t *core.Task, draft bool) error {
	c := checking(tx)
	if t.Kind != core.TaskAssignment && t.Kind != core.TaskPlain && t.Kind != core.TaskControl {
		c.Add("kind", "нет такого значения")
	}
	if t.Title == "" {
		c.Add("title", "обязательное поле")
	}
	c.people(t, draft)
	c.document(t)
	c.control(t, draft)
	c.deadline(t)
	return c.result()
}

// checkPeople proves those sound who do the task.
func checkPeople(tx store.Tx, t *core.Task) error {
	c := checking(tx)
	c.people(t, false)
	return c.result()
}

func (c *checker) people(t *core.Task, draft bool) {
	if t.Performer != "" || !draft {
		c.User("performer", t.Performer)
	}
	c.others(t)
}

// others are all but the performer.
func (c *checker) others(t *core.Task) {
	if t.Controller != "" {
		c.User("controller", t.Controller)
		if t.Controller == t.Performer {
			c.Add("controller", "контролёр не может быть исполнителем")
		}
	}
	seen := map[core.UserID]bool{t.Performer: true}
	for i, u := range t.CoPerformers {
		field := "co_performers." + strconv.Itoa(i)
		c.User(field, u)
		if seen[u] {
			c.Add(field, "этот сотрудник уже назван")
		}
		seen[u] = true
	}
}

func (c *checker) document(t *core.Task) {
	doc := c.Document("document", t.Document)
	if doc != nil && t.Organization == "" {
		t.Organization = doc.Organization
	}
}

// control demands what makes a control of a task.
func (c *checker) control(t *core.Task, draft bool) {
	if t.Kind != core.TaskControl || draft {
		return
	}
	if t.Controller == "" {
		c.Add("controller", "у контроля должен быть контролёр")
	}
	if t.Deadline == nil {
		c.Add("due_at", "у контроля должен быть срок")
	}
}

// deadline holds it against the present and the parent's.
func (c *checker) deadline(t *core.Task) {
	if t.Deadline == nil {
		return
	}
	if !t.Deadline.DueAt.After(c.Tx.Now()) {
		c.Add("due_at", "срок уже прошёл")
	}
	if t.Parent == "" || t.BeyondParent {
		return
	}
	parent, err := store.Tasks.Get(c.Tx, string(t.Parent))
	switch {
	case err != nil:
		c.Fail(err)
	case parent.Deadline != nil && t.Deadline.DueAt.After(parent.Deadline.DueAt):
		c.Add("due_at", "срок позже срока вышестоящего поручения: укажите beyond_parent, если так и нужно")
	}
}
