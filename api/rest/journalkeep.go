package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

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
		shown, err = journalOf(tx, c.param("id"))
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
	return []any{string(j.ID), j.Title, say(j.Direction.Title()), j.Template, j.Index, say(yearly), j.Next}
}
