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
type checker struct {
	tx     store.Tx
	faults []core.FieldFault
	err    error // the store's own
}

func (c *checker) fault(field, text string) {
	c.faults = append(c.faults, core.FieldFault{Field: field, Text: text})
}

func (c *checker) result() error {
	switch {
	case c.err != nil:
		return c.err
	case len(c.faults) > 0:
		return &core.Error{Kind: core.KindInvalid, Code: "draft.invalid", Faults: c.faults}
	}
	return nil
}

// origin demands an incoming document, whose organisation the draft takes over.
func (c *checker) origin(d *core.Draft) {
	if d.InReplyTo == "" {
		return
	}
	doc, err := store.Documents.Get(c.tx, string(d.InReplyTo))
	switch {
	case core.KindOf(err) == core.KindNotFound:
		c.fault("in_reply_to", "такого документа нет")
	case err != nil:
		c.err = err
	case doc.Direction != core.Incoming:
		c.fault("in_reply_to", "ответить можно только на входящий документ")
	case d.Organization == "":
		d.Organization = doc.Organization
	}
}

func (c *checker) route(d *core.Draft, r *core.ApprovalRoute) {
	if r == nil {
		return
	}
	if r.Order != core.ApprovalSequence && r.Order != core.ApprovalParallel {
		c.fault("route.order", "нет такого значения")
	}
	if r.Restart != core.RestartAll && r.Restart != core.RestartOthers {
		c.fault("route.restart", "нет такого значения")
	}
	if r.DueAt != nil && !r.DueAt.After(c.tx.Now()) {
		c.fault("route.due_at", "срок уже прошёл")
	}
	if r.DueAt != nil && r.Term != nil {
		c.fault("route.term", "срок задан и датой, и длительностью")
	}
	switch n := len(r.Approvers); {
	case n == 0:
		c.fault("route.approvers", "назовите согласующих")
	case n > MaxApprovers:
		c.fault("route.approvers", "слишком много")
	default:
		c.approvers(d, r.Approvers)
	}
}

func (c *checker) approvers(d *core.Draft, all []core.Approver) {
	for i, a := range all {
		field := "route.approvers." + strconv.Itoa(i) + ".user"
		u, err := store.Users.Get(c.tx, string(a.User))
		switch {
		case core.KindOf(err) == core.KindNotFound:
			c.fault(field, "такого сотрудника нет")
		case err != nil:
			c.err = err
		case !u.MayEnter():
			c.fault(field, "учётная запись сотрудника отключена")
		case a.User == d.Author:
			c.fault(field, "автор не согласует собственный проект")
		case slices.ContainsFunc(all[:i], func(b core.Approver) bool { return b.User == a.User }):
			c.fault(field, "этот сотрудник уже назван")
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
	c := &checker{tx: tx}
	var out []core.Attachment
	for i, hash := range hashes {
		at := slices.IndexFunc(before, func(f core.Attachment) bool { return f.Hash == hash })
		if at < 0 {
			c.fault("keep_files."+strconv.Itoa(i), "в прежней редакции нет такого файла")
			continue
		}
		out = append(out, before[at])
	}
	return out, c.result()
}
