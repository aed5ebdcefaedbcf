package approval

import (
	"slices"
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// MaxApprovers bounds a route.
const MaxApprovers = 50

// checker gathers all faults of an input.
type checker struct{ store.Input }

func checking(tx store.Tx) *checker { return &checker{store.Input{Tx: tx}} }

func (c *checker) result() error { return c.Err("draft.invalid") }

// origin demands an incoming document, whose organisation the draft takes over.
func (c *checker) origin(d *core.Draft) {
	doc := c.Document("in_reply_to", d.InReplyTo)
	switch {
	case doc == nil:
	case doc.Direction != core.Incoming:
		c.Add("in_reply_to", "ответить можно только на входящий документ")
	case d.Organization == "":
		d.Organization = doc.Organization
	}
}

func (c *checker) route(d *core.Draft, r *core.ApprovalRoute) {
	if r == nil {
		return
	}
	if r.Order != core.ApprovalSequence && r.Order != core.ApprovalParallel {
		c.Add("route.order", "нет такого значения")
	}
	if r.Restart != core.RestartAll && r.Restart != core.RestartOthers {
		c.Add("route.restart", "нет такого значения")
	}
	if r.DueAt != nil && !r.DueAt.After(c.Tx.Now()) {
		c.Add("route.due_at", "срок уже прошёл")
	}
	if r.DueAt != nil && r.Term != nil {
		c.Add("route.term", "срок задан и датой, и длительностью")
	}
	switch n := len(r.Approvers); {
	case n == 0:
		c.Add("route.approvers", "назовите согласующих")
	case n > MaxApprovers:
		c.Add("route.approvers", "слишком много")
	default:
		c.approvers(d, r.Approvers)
	}
}

func (c *checker) approvers(d *core.Draft, all []core.Approver) {
	for i, a := range all {
		field := "route.approvers." + strconv.Itoa(i) + ".user"
		c.User(field, a.User)
		switch {
		case a.User == d.Author:
			c.Add(field, "автор не согласует собственный проект")
		case slices.ContainsFunc(all[:i], func(b core.Approver) bool { return b.User == a.User }):
			c.Add(field, "этот сотрудник уже назван")
		}
	}
}

func sameRoute(a, b *core.ApprovalRoute) bool {
	if a == nil || b == nil {
		return a == b
	}
	term := (a.Term == nil) == (b.Term == nil) && (a.Term == nil || *a.Term == *b.Term)
	due := (a.DueAt == nil) == (b.DueAt == nil) && (a.DueAt == nil || a.DueAt.Equal(*b.DueAt))
	return term && due && a.Order == b.Order && a.Restart == b.Restart && slices.Equal(a.Approvers, b.Approvers)
}

// keptFiles are those of the draft's present text that the next one keeps.
func keptFiles(tx store.Tx, d *core.Draft, hashes []string) ([]core.Attachment, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	var before []core.Attachment
	if d.Versions > 0 {
		v, err := newest(tx, d)
		if err != nil {
			return nil, err
		}
		before = v.Files
	}
	c := checking(tx)
	var out []core.Attachment
	for i, hash := range hashes {
		at := slices.IndexFunc(before, func(f core.Attachment) bool { return f.Hash == hash })
		if at < 0 {
			c.Add("keep_files."+strconv.Itoa(i), "в прежней редакции нет такого файла")
			continue
		}
		out = append(out, before[at])
	}
	return out, c.result()
}
