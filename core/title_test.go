package core_test

import (
	"errors"
	"testing"

	"github.com/uzel-hub/uzel/core"
)

// TestRefusedMovesNameStatesInRussian asks for moves that no record may make.
func TestRefusedMovesNameStatesInRussian(t *testing.T) {
	titles := map[string]string{}
	for _, s := range core.AppealStates() {
		titles["appeal "+string(s)] = s.Title()
	}
	for _, s := range core.DraftStates() {
		titles["draft "+string(s)] = s.Title()
	}
	for _, s := range core.TaskStates() {
		titles["task "+string(s)] = s.Title()
	}
	for _, r := range core.Roles() {
		titles["role "+string(r)] = r.Title()
	}
	for _, s := range core.UserStates() {
		titles["user "+string(s)] = s.Title()
	}
	for state, title := range titles {
		if title == "" {
			t.Errorf("%s has no title", state)
		}
	}
	for name, move := range map[string]func() error{
		"переход поручения из состояния «Закрыто» в «Черновик» невозможен": func() error {
			return (&core.Task{State: core.TaskClosed}).MoveTo(core.TaskDraft)
		},
		"переход обращения из состояния «Отклонено» в «Закрыто» невозможен": func() error {
			return (&core.Appeal{State: core.AppealRejected}).MoveTo(core.AppealClosed)
		},
		"отправку в состоянии «Прочитано» нельзя перевести в «В очереди»": func() error {
			return (&core.Delivery{State: core.DeliveryRead}).MoveTo(core.DeliveryQueued)
		},
		"переход из состояния «Отправлен» в «Черновик» невозможен": func() error {
			return (&core.Document{State: core.DocumentSent}).MoveTo(core.DocumentDraft)
		},
	} {
		refused, ok := errors.AsType[*core.Error](move())
		if !ok || refused.Text != name {
			t.Errorf("%v, want %q", refused, name)
		}
	}
}
