package settings

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Appeals is how the desk works on appeals.
type Appeals struct {
	// RejectReason makes it obligatory to say why an appeal is rejected.
	RejectReason bool `json:"reject_reason"`
	// IdleMinutes is the longest silence of an operator that still counts as work.
	IdleMinutes int `json:"idle_minutes"`
}

// Idle is IdleMinutes as a duration.
func (a Appeals) Idle() time.Duration { return time.Duration(a.IdleMinutes) * time.Minute }

// Access is how people get in and how long they stay.
type Access struct {
	IdleHours      int `json:"idle_hours"`   // ends a session nobody uses
	LongestDays    int `json:"longest_days"` // ends a session however much it is used
	EnterMinutes   int `json:"enter_minutes"`
	PasswordLength int `json:"password_length"` // the least, in characters
}

// Idle is IdleHours as a duration.
func (a Access) Idle() time.Duration { return time.Duration(a.IdleHours) * time.Hour }

// Longest is LongestDays as a duration.
func (a Access) Longest() time.Duration { return days(a.LongestDays) }

// Enter is how long an administrator stays another user.
func (a Access) Enter() time.Duration { return time.Duration(a.EnterMinutes) * time.Minute }

// Terms is who hears of terms beside those who work on the matter.
type Terms struct {
	Supervisors bool `json:"supervisors"`  // of the breach of a document's term
	TaskAuthors bool `json:"task_authors"` // of the breach of a task's term: author and controller
	// Breach is what the breach of an appeal's term brings about by itself, unless
	// the term says so: BreachNothing or BreachRelease.
	Breach string `json:"breach"`
}

// What the breach of an appeal's term may bring about.
const (
	BreachNothing = "nothing"
	BreachRelease = "release" // the operator loses it, it is in the queue of its line again
)

// Notices is what the hub tells its users.
type Notices struct {
	Email    bool          `json:"email"`     // notices go by e-mail at all
	NewDesk  []core.Notice `json:"new_desk"`  // of new users
	NewEmail []core.Notice `json:"new_email"` // of new users
}

// Deliveries is how the hub sends.
type Deliveries struct {
	GiveUpDays int `json:"give_up_days"`
}

// GiveUp is how long a delivery is repeated while the other side is unavailable.
func (d Deliveries) GiveUp() time.Duration { return days(d.GiveUpDays) }

// Autoreplies are the limits of what rules answer: what the marks of a document
// do not tell about machines that answer each other.
type Autoreplies struct {
	PauseHours int `json:"pause_hours"` // between two in one matter
	PerHour    int `json:"per_hour"`    // so many letters of one sender in an hour get no more answers
}

// Pause is PauseHours as a duration.
func (a Autoreplies) Pause() time.Duration { return time.Duration(a.PauseHours) * time.Hour }

// Retention is how long the hub keeps what is no document.
type Retention struct {
	MassDays int `json:"mass_days"` // mass operations that have ended can be read and undone
}

// Mass is MassDays as a duration.
func (r Retention) Mass() time.Duration { return days(r.MassDays) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func defaultAppeals() Appeals { return Appeals{RejectReason: true, IdleMinutes: 5} }
func defaultAccess() Access {
	return Access{IdleHours: 12, LongestDays: 30, EnterMinutes: 60, PasswordLength: 10}
}

func defaultTerms() Terms             { return Terms{Supervisors: true, TaskAuthors: true, Breach: BreachNothing} }
func defaultDeliveries() Deliveries   { return Deliveries{GiveUpDays: 5} }
func defaultAutoreplies() Autoreplies { return Autoreplies{PauseHours: 24, PerHour: 10} }
func defaultRetention() Retention     { return Retention{MassDays: 90} }

func defaultNotices() Notices {
	return Notices{Email: true, NewDesk: core.Notices(), NewEmail: []core.Notice{}}
}

// AppealsOf reads the section in the transaction of the work.
func AppealsOf(tx store.Tx) (Appeals, error) { return load(tx, "appeals", defaultAppeals()) }

// AccessOf reads the section in the transaction of the work.
func AccessOf(tx store.Tx) (Access, error) { return load(tx, "access", defaultAccess()) }

// TermsOf reads the section in the transaction of the work.
func TermsOf(tx store.Tx) (Terms, error) { return load(tx, "terms", defaultTerms()) }

// NoticesOf reads the section in the transaction of the work.
func NoticesOf(tx store.Tx) (Notices, error) { return load(tx, "notices", defaultNotices()) }

// DeliveriesOf reads the section in the transaction of the work.
func DeliveriesOf(tx store.Tx) (Deliveries, error) {
	return load(tx, "deliveries", defaultDeliveries())
}

// AutorepliesOf reads the section in the transaction of the work.
func AutorepliesOf(tx store.Tx) (Autoreplies, error) {
	return load(tx, "autoreplies", defaultAutoreplies())
}

// RetentionOf reads the section in the transaction of the work.
func RetentionOf(tx store.Tx) (Retention, error) { return load(tx, "retention", defaultRetention()) }

// Sections are all sections an administrator changes, in the order to show them.
func Sections() []Section {
	return []Section{
		{Name: "appeals", Title: "Обращения", def: defaultAppeals(), fields: []field{
			{name: "reject_reason", title: "Причина отклонения обязательна", help: "Без неё обращение нельзя отклонить"},
			{name: "idle_minutes", title: "Простой оператора, минут", help: "Более долгое молчание не считается работой над обращением", low: 1, high: 240},
		}},
		{Name: "terms", Title: "Сроки", Help: "За сколько предупреждать о сроке, задаёт календарь организации", def: defaultTerms(), fields: []field{
			{name: "supervisors", title: "Сообщать о нарушении руководителям", help: "Кроме оператора или линии, которые работают с документом"},
			{name: "task_authors", title: "Сообщать о нарушении автору и контролёру", help: "Кроме исполнителей поручения"},
			{name: "breach", title: "Что делать с обращением при нарушении", values: []choice{
				{BreachNothing, "Ничего"}, {BreachRelease, "Вернуть обращение в линию"},
			}},
		}},
		{Name: "notices", Title: "Уведомления сотрудникам", def: defaultNotices(), fields: []field{
			{name: "email", title: "Отправлять по электронной почте", help: "Каждый сам выбирает в профиле, о чём ему писать"},
			{name: "new_desk", title: "Новому сотруднику — на экране", values: notices()},
			{name: "new_email", title: "Новому сотруднику — по почте", values: notices()},
		}},
		{Name: "access", Title: "Вход и пароли", def: defaultAccess(), fields: []field{
			{name: "idle_hours", title: "Сеанс без действий, часов", help: "После этого нужно войти снова", low: 1, high: 24 * 7},
			{name: "longest_days", title: "Самый долгий сеанс, дней", low: 1, high: 365},
			{name: "enter_minutes", title: "Вход под именем пользователя, минут", help: "Сколько администратор может работать от чужого имени", low: 5, high: 480},
			{name: "password_length", title: "Наименьшая длина пароля, знаков", help: "Действует для новых паролей", low: 8, high: 64},
		}},
		{Name: "deliveries", Title: "Отправка", def: defaultDeliveries(), fields: []field{
			{name: "give_up_days", title: "Повторять отправку, дней", help: "Столько Узел повторяет, пока внешняя система отвечает отказом или молчит", low: 1, high: 30},
		}},
		{Name: "autoreplies", Title: "Автоответы", Help: "Защита от машин, которые отвечают друг другу", def: defaultAutoreplies(), fields: []field{
			{name: "pause_hours", title: "Пауза в одной переписке, часов", low: 1, high: 24 * 30},
			{name: "per_hour", title: "Писем одного отправителя в час", help: "Если их больше, автоответов ему нет", low: 1, high: 1000},
		}},
		{Name: "retention", Title: "Сроки хранения", def: defaultRetention(), fields: []field{
			{name: "mass_days", title: "Массовые операции, дней", help: "Столько итоги завершённой операции можно посмотреть и отменить", low: 1, high: 3650},
		}},
	}
}

func notices() []choice {
	titles := map[core.Notice]string{
		core.NoticeAssigned: "Поручено вам", core.NoticeAnswered: "Новое в вашем обращении", core.NoticeDueSoon: "Срок близко",
		core.NoticeOverdue: "Срок нарушен", core.NoticeControl: "Поручение исполнено или возвращено", core.NoticeChannel: "Состояние каналов",
	}
	var out []choice
	for _, n := range core.Notices() {
		out = append(out, choice{string(n), titles[n]})
	}
	return out
}
