package directory

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Codes of the sources every hub starts with.
const (
	SourcePhone    = "phone"
	SourceEmail    = "email"
	SourceCabinet  = "cabinet"
	SourceGIS      = "gis"
	SourceChat     = "chat"
	SourcePersonal = "personal"
	SourcePost     = "post"
	SourceWidget   = "widget"
)

// LineFirst is the code of the support line every hub starts with.
const LineFirst = "first"

// Seed fills the directories a desk cannot begin without: each once, as long as
// it has never had an entry. What people change or delete stays so.
func (s *Service) Seed(tx store.Tx) error {
	for _, seed := range []struct {
		name    core.DirectoryName
		entries []map[string]any
	}{
		{core.DirSources, []map[string]any{
			{"code": SourcePhone, "title": "Телефон", "planned": true, "position": 1.0},
			{"code": SourceEmail, "title": "Электронная почта", "position": 2.0},
			{"code": SourceCabinet, "title": "Личный кабинет", "position": 3.0},
			{"code": SourceGIS, "title": "ГИС ЖКХ", "position": 4.0},
			{"code": SourceChat, "title": "Чат", "position": 5.0},
			{"code": SourcePersonal, "title": "Личный приём", "planned": true, "position": 6.0},
			{"code": SourcePost, "title": "Почта", "position": 7.0},
			{"code": SourceWidget, "title": "Виджет на сайте", "position": 8.0},
		}},
		{core.DirSupportLines, []map[string]any{
			{"code": LineFirst, "title": "Первая линия", "appeals": "all", "position": 1.0},
		}},
	} {
		if err := s.seed(tx, seed.name, seed.entries); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) seed(tx store.Tx, name core.DirectoryName, entries []map[string]any) error {
	if used, err := used(tx, name); err != nil || used {
		return err
	}
	for _, values := range entries {
		if _, err := s.Create(tx, name, Draft{Values: values}); err != nil {
			return err
		}
	}
	return nil
}

// used tells whether the directory has or had entries.
func used(tx store.Tx, name core.DirectoryName) (bool, error) {
	if store.Entries.Known(tx, "directory", string(name)) {
		return true, nil
	}
	had, err := store.Entries.List(tx, store.Query[core.Entry]{
		Deleted: true, Limit: 1, Filter: func(_ store.Tx, e *core.Entry) bool { return e.Directory == name },
	})
	return len(had.Items) > 0 || had.Next != "", err
}
