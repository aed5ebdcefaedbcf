package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
)

func journalRoutes() []*route {
	return []*route{
		{name: "journals.list", method: get, path: v1 + "/journals", op: access.ReadJournals, serve: (*Server).listJournals},
		{name: "journals.create", method: post, path: v1 + "/journals", op: access.WriteJournals, serve: (*Server).createJournal},
		{name: "journals.get", method: get, path: v1 + "/journals/{id}", op: access.ReadJournals, serve: (*Server).getJournal},
		{name: "journals.history", method: get, path: v1 + "/journals/{id}/history", op: access.ReadJournals, serve: (*Server).journalHistory},
		{name: "journals.update", method: put, path: v1 + "/journals/{id}", op: access.WriteJournals, serve: (*Server).updateJournal},
		{name: "journals.delete", method: remove, path: v1 + "/journals/{id}", op: access.WriteJournals, serve: (*Server).deleteJournal},
		{name: "journals.restore", method: post, path: v1 + "/journals/{id}/restore", op: access.WriteJournals, serve: (*Server).restoreJournal},
	}
}

// Journal is a journal with the number it would give next.
type Journal struct {
	*core.Journal
	Next string `json:"next"`
}

// JournalInput is what an administrator says about a journal.
type JournalInput struct {
	ID        core.JournalID `json:"id"`
	Title     string         `json:"title"`
	Direction core.Direction `json:"direction"`
	Template  string         `json:"template"`
	Index     string         `json:"index"`
	Yearly    bool           `json:"yearly"`
}

func (in JournalInput) journal(version uint64) *core.Journal {
	return &core.Journal{
		Meta: core.Meta{Version: version}, ID: in.ID, Title: in.Title, Direction: in.Direction,
		Template: in.Template, Index: in.Index, Yearly: in.Yearly,
	}
}

func withNext(tx store.Tx, j *core.Journal) (Journal, error) {
	n, err := registry.Preview(tx, j.ID, core.DateOf(tx.Now().In(core.OfficeZone)))
	return Journal{j, n.Text}, err
}

func (s *Server) listJournals(c *call) (answer, error) {
	q := c.query()
	deleted := q.flag("deleted")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	all, err := s.journals(c, deleted)
	return ok(list[Journal]{all}), err
}

// journals are all there are, or those that were deleted: of these nothing comes
// next.
func (s *Server) journals(c *call, deleted bool) (out []Journal, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		got, err := store.Journals.List(tx, store.Query[core.Journal]{
			Deleted: deleted, Limit: maxJournals, Filter: func(_ store.Tx, j *core.Journal) bool { return (j.DeletedAt != nil) == deleted },
		})
		if err != nil {
			return err
		}
		out = make([]Journal, 0, len(got.Items))
		for _, j := range got.Items {
			shown := Journal{Journal: j}
			if !deleted {
				if shown, err = withNext(tx, j); err != nil {
					return err
				}
			}
			out = append(out, shown)
		}
		return nil
	})
	return out, err
}

// maxJournals is more than any office has.
const maxJournals = 1000

func journalOf(tx store.Tx, id string) (Journal, error) {
	j, err := store.Journals.Get(tx, id)
	if err != nil {
		return Journal{}, err
	}
	return withNext(tx, j)
}

func (s *Server) getJournal(c *call) (answer, error) {
	var shown Journal
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		shown, err = journalOf(tx, c.param("id"))
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(shown, shown.Version), nil
}

func (s *Server) createJournal(c *call) (answer, error) {
	var in JournalInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	shown, err := s.saveJournal(c, in.journal(0))
	if err != nil {
		return answer{}, err
	}
	c.object = "journals/" + string(in.ID)
	return created(v1+"/"+c.object, shown, shown.Version), nil
}

func (s *Server) updateJournal(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in JournalInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if string(in.ID) != c.param("id") {
		return answer{}, core.Invalid("request.body", "id", "код журнала не меняется")
	}
	shown, err := s.saveJournal(c, in.journal(version))
	if err != nil {
		return answer{}, err
	}
	return versioned(shown, shown.Version), nil
}

func (s *Server) saveJournal(c *call, j *core.Journal) (shown Journal, err error) {
	err = s.Store.Update(c.ctx(), func(tx store.Tx) error {
		if j.Version > 0 {
			if _, err := store.Journals.Get(tx, string(j.ID)); err != nil {
				return err
			}
		}
		if err := registry.Save(tx, j); err != nil {
			return err
		}
		shown, err = withNext(tx, j)
		return err
	})
	return shown, err
}

func (s *Server) journalHistory(c *call) (answer, error) { return history(s, c, store.Journals) }
