package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

// journalRoutes are those of journals that came after the hub's first ones.
func journalRoutes() []*route {
	return []*route{
		{name: "journals.delete", method: remove, path: v1 + "/journals/{id}", op: access.WriteJournals, serve: (*Server).deleteJournal},
		{name: "journals.restore", method: post, path: v1 + "/journals/{id}/restore", op: access.WriteJournals, serve: (*Server).restoreJournal},
		{name: "reports.journals", method: get, path: v1 + "/reports/journals", op: access.ReadJournals, serve: (*Server).exportJournals, streams: true},
	}
}

func (s *Server) deleteJournal(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return done(), s.write(c, func(tx store.Tx) error {
		return registry.Delete(tx, core.JournalID(c.param("id")), version)
	})
}

func (s *Server) restoreJournal(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var shown Journal
	err = s.write(c, func(tx store.Tx) error {
		if err := registry.Restore(tx, core.JournalID(c.param("id")), version); err != nil {
			return err
		}
		j, err := store.Journals.Get(tx, c.param("id"))
		if err == nil {
			shown, err = withNext(tx, j)
		}
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(shown, shown.Version), nil
}

// exportJournals writes the journals as a table.
func (s *Server) exportJournals(c *call) (answer, error) {
	q := c.query()
	as := enum(q, "format", []format{formatCSV, formatXLSX})
	if err := q.err(); err != nil {
		return answer{}, err
	}
	all, err := s.journals(c, false)
	if err != nil {
		return answer{}, err
	}
	say := wordsIn(languageOf(c.r)).text
	return answer{}, s.sendTable(c, as, "zhurnaly", func(to report.Sheet) error {
		if err := to.Row(journalHead(say)); err != nil {
			return err
		}
		for _, j := range all {
			if err := to.Row(journalLine(j, say)); err != nil {
				return err
			}
		}
		return nil
	})
}

func journalHead(say func(string) string) (out []any) {
	for _, title := range []string{"Код", "Название", "Направление", "Шаблон номера", "Индекс", "С начала года", "Следующий номер"} {
		out = append(out, say(title))
	}
	return out
}

func journalLine(j Journal, say func(string) string) []any {
	yearly := map[bool]string{true: "да", false: "нет"}[j.Yearly]
	return []any{string(j.ID), j.Title, say(report.TitleOf(string(j.Direction))), j.Template, j.Index, say(yearly), j.Next}
}
