package core

import (
	"slices"
	"time"
)

// AppealState is where an appeal is in its life.
type AppealState string

const (
	AppealNew       AppealState = "new"       // новое: nobody has taken it
	AppealWaiting   AppealState = "waiting"   // запланировано: until its planned date
	AppealInWork    AppealState = "in_work"   // в работе: an operator has it
	AppealForwarded AppealState = "forwarded" // передано: another system or a performer has it
	AppealAnswered  AppealState = "answered"  // дан ответ
	AppealClosed    AppealState = "closed"    // закрыто
	AppealRejected  AppealState = "rejected"  // отклонено
)

// appealNext is the whole life of an appeal: every transition that exists. One
// that was answered or has ended is opened again for its operator, or for
// whoever takes it if nobody has it.
var appealNext = map[AppealState][]AppealState{
	AppealNew:       {AppealWaiting, AppealInWork, AppealForwarded, AppealAnswered, AppealClosed, AppealRejected},
	AppealWaiting:   {AppealNew, AppealInWork, AppealForwarded, AppealAnswered, AppealClosed, AppealRejected},
	AppealInWork:    {AppealNew, AppealWaiting, AppealForwarded, AppealAnswered, AppealClosed, AppealRejected},
	AppealForwarded: {AppealInWork, AppealAnswered, AppealClosed, AppealRejected},
	AppealAnswered:  {AppealNew, AppealInWork, AppealClosed},
	AppealClosed:    {AppealNew, AppealInWork},
	AppealRejected:  {AppealNew, AppealInWork},
}

// Ended tells that nobody has to work on the appeal any more.
func (s AppealState) Ended() bool { return s == AppealClosed || s == AppealRejected }

// AppealStates are all states, in the order of a life.
func AppealStates() []AppealState {
	return []AppealState{AppealNew, AppealWaiting, AppealInWork, AppealForwarded, AppealAnswered, AppealClosed, AppealRejected}
}

// Appeal (обращение) is the part a Document has when a resident wrote it. The
// resident's own words and files are the document's; EntryIDs lead into the
// directories (support_lines, reason_groups, reasons, tags, sources).
type Appeal struct {
	State AppealState `json:"state"`

	Applicant Correspondent `json:"applicant"` // заявитель; Party is who he was recognised as
	Accounts  []AccountRef  `json:"accounts,omitempty"`
	Premises  *Premises     `json:"premises,omitempty"`

	ReasonGroup EntryID           `json:"reason_group,omitempty"`
	Reason      EntryID           `json:"reason,omitempty"`
	Description string            `json:"description,omitempty"` // as the operator words it
	Comment     string            `json:"comment,omitempty"`     // the operators' own, never sent
	Extra       map[string]string `json:"extra,omitempty"`       // extra fields of the reason, by name
	Tags        []EntryID         `json:"tags,omitempty"`
	Source      EntryID           `json:"source,omitempty"`

	Line      EntryID    `json:"line,omitempty"`
	Operator  UserID     `json:"operator,omitempty"`
	PlannedAt *time.Time `json:"planned_at,omitempty"`
	Notify    NotifyWay  `json:"notify,omitempty"` // how the applicant wants to hear of the end

	// Related are appeals opened out of this one («другой вопрос», a copy, what was
	// written after its end) and the one it was opened out of. MergedInto is a link
	// that can be undone: nothing moves, and the appeal ends with that one.
	Related    []DocumentID `json:"related,omitempty"`
	MergedInto DocumentID   `json:"merged_into,omitempty"`

	Result       *AppealResult `json:"result,omitempty"`
	RejectReason string        `json:"reject_reason,omitempty"`
	Rating       *Rating       `json:"rating,omitempty"`

	TakenAt    *time.Time `json:"taken_at,omitempty"` // into work, for the first time
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	Reopened   int        `json:"reopened,omitempty"`
	Transfers  int        `json:"transfers,omitempty"` // from line to line
	// SpentSeconds is what operators had worked on it when it last left an
	// operator's hands; what is counted now stands in its WorkClock.
	SpentSeconds int64 `json:"spent_seconds,omitempty"`
}

// MoveTo changes the state, or refuses with KindConflict if there is no such
// transition. Moving to the present state is no change and no error.
func (a *Appeal) MoveTo(next AppealState) error {
	if a.State == next {
		return nil
	}
	if !slices.Contains(appealNext[a.State], next) {
		return Conflict("appeal.transition", "переход обращения из состояния «"+a.State.Title()+"» в «"+next.Title()+"» невозможен")
	}
	a.State = next
	if !next.Ended() && next != AppealAnswered {
		a.Rating = nil // it was for an answer that did not settle the matter; history keeps it
	}
	return nil
}

// MoveAppeal changes the state of the document's appeal and takes that of the
// document along, or refuses with KindConflict if there is no such transition.
func (d *Document) MoveAppeal(next AppealState) error {
	if err := d.Appeal.MoveTo(next); err != nil {
		return err
	}
	switch next {
	case AppealInWork, AppealForwarded:
		return d.MoveTo(DocumentInWork)
	case AppealAnswered:
		return d.MoveTo(DocumentAnswered)
	case AppealClosed, AppealRejected:
		return d.MoveTo(DocumentClosed)
	}
	if d.State == DocumentAnswered || d.State == DocumentClosed {
		return d.MoveTo(DocumentInWork) // a registered one stays so until it is taken
	}
	return nil
}

// AccountRef names an account (лицевой счёт, ЛС) the appeal is about.
type AccountRef struct {
	Number   string `json:"number"`
	Provider string `json:"provider,omitempty"` // whose account it is
	Address  string `json:"address,omitempty"`
}

// Premises (помещение) is where the matter is.
type Premises struct {
	Text  string `json:"text"`            // one line, as people write it
	House string `json:"house,omitempty"` // GUID of the house in ГАР (ФИАС)
	Flat  string `json:"flat,omitempty"`
}

// NotifyWay is how an applicant hears that his appeal has ended; empty: by the
// answer alone.
type NotifyWay string

const (
	NotifyPhone NotifyWay = "phone"
	NotifyEmail NotifyWay = "email"
	NotifySMS   NotifyWay = "sms"
	NotifyChat  NotifyWay = "chat"
)

// NotifyWays are all ways.
func NotifyWays() []NotifyWay { return []NotifyWay{NotifyPhone, NotifyEmail, NotifySMS, NotifyChat} }

// AppealResult (результат) is what was done.
type AppealResult struct {
	Template EntryID   `json:"template,omitempty"` // directory result_templates
	Text     string    `json:"text"`
	Works    []string  `json:"works,omitempty"` // выполненные работы
	At       time.Time `json:"at"`
	By       UserID    `json:"by"`
}

// Rating (оценка) is the applicant's own.
type Rating struct {
	Score   int       `json:"score"` // 1 to 5
	Comment string    `json:"comment,omitempty"`
	At      time.Time `json:"at"`
}

// WorkClock counts the time operators work on an appeal. It is a record of its
// own, so that a sign of life does not make anybody's edit stale.
type WorkClock struct {
	Meta
	Document     DocumentID `json:"document"`
	SpentSeconds int64      `json:"spent_seconds"` // in the stretches that are over
	// Since and Last are the stretch that runs now: its beginning and the last
	// sign of life in it; nil while nobody works.
	Since *time.Time `json:"since,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
}

// RecordKey implements Record.
func (c *WorkClock) RecordKey() string { return string(c.Document) }

// Beat is a sign of life at now. After a longer silence than idle a new stretch
// begins: the silence is not counted.
func (c *WorkClock) Beat(now time.Time, idle time.Duration) {
	if c.Since != nil && now.Sub(*c.Last) > idle {
		c.end()
	}
	if c.Since == nil {
		c.Since = &now
	}
	c.Last = &now
}

// Stop ends the stretch that runs, if any, with a sign of life at now.
func (c *WorkClock) Stop(now time.Time, idle time.Duration) {
	if c.Since == nil {
		return
	}
	if now.Sub(*c.Last) <= idle {
		c.Last = &now
	}
	c.end()
}

func (c *WorkClock) end() {
	c.SpentSeconds += int64(c.Last.Sub(*c.Since) / time.Second)
	c.Since, c.Last = nil, nil
}

// Spent is all that was counted so far, in seconds.
func (c *WorkClock) Spent() int64 {
	if c.Since == nil {
		return c.SpentSeconds
	}
	return c.SpentSeconds + int64(c.Last.Sub(*c.Since)/time.Second)
}
