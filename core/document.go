package core

import (
	"slices"
	"strconv"
	"time"
)

// Direction of a document.
type Direction string

const (
	Incoming Direction = "incoming" // входящий
	Outgoing Direction = "outgoing" // исходящий
	Internal Direction = "internal" // внутренний
)

// DocumentState is where a document is in its life.
type DocumentState string

const (
	DocumentDraft      DocumentState = "draft"      // черновик: no number yet
	DocumentRegistered DocumentState = "registered" // зарегистрирован
	DocumentInWork     DocumentState = "in_work"    // в работе
	DocumentAnswered   DocumentState = "answered"   // дан ответ
	DocumentSent       DocumentState = "sent"       // исходящий отправлен
	DocumentUndeliv    DocumentState = "undelivered"
	DocumentClosed     DocumentState = "closed" // закрыт
)

// documentNext is the whole life of a document: every transition that exists.
var documentNext = map[DocumentState][]DocumentState{
	DocumentDraft:      {DocumentRegistered, DocumentClosed},
	DocumentRegistered: {DocumentInWork, DocumentAnswered, DocumentSent, DocumentUndeliv, DocumentClosed},
	DocumentInWork:     {DocumentAnswered, DocumentClosed},
	DocumentAnswered:   {DocumentInWork, DocumentClosed},
	DocumentSent:       {DocumentUndeliv, DocumentClosed},
	DocumentUndeliv:    {DocumentSent, DocumentClosed},
	DocumentClosed:     {DocumentInWork},
}

// Document (документ) is the registered unit.
type Document struct {
	Meta
	ID           DocumentID     `json:"id"`
	Organization OrganizationID `json:"organization,omitempty"`
	Direction    Direction      `json:"direction"`
	Kind         MessageKind    `json:"kind"`
	State        DocumentState  `json:"state"`
	Number       *RegNumber     `json:"number,omitempty"` // nil for a draft

	Subject string `json:"subject"`        // Тема
	Text    string `json:"text"`           // Информация
	HTML    string `json:"html,omitempty"` // sanitised

	Sender     Correspondent   `json:"sender"`
	Recipients []Correspondent `json:"recipients,omitempty"`
	Files      []Attachment    `json:"files,omitempty"`
	Marks      []Mark          `json:"marks,omitempty"`
	// Fields are the requisites by name; delivery_type («Электронная почта») is
	// always there for what came through a channel.
	Fields map[string]string `json:"fields,omitempty"`

	// Thread is shared by all documents of one matter; it is the thread of the
	// first of them.
	Thread    ThreadID   `json:"thread"`
	InReplyTo DocumentID `json:"in_reply_to,omitempty"`
	// PerhapsBelongsTo are documents this one may continue: one proof was found
	// and the second was not. A person decides.
	PerhapsBelongsTo []DocumentID `json:"perhaps_belongs_to,omitempty"`

	Channel    ChannelID `json:"channel,omitempty"` // where it came from
	Message    MessageID `json:"message,omitempty"` // what it was made of
	ExternalID string    `json:"external_id,omitempty"`
	KnownAs    []string  `json:"known_as,omitempty"` // further ids it is referred to by
	// ExternalThread is the outside system's own thread: chat id, appeal GUID.
	ExternalThread string `json:"external_thread,omitempty"`
	// Deadline is the term of the document and tells how it came about. DueAt is
	// its due moment for whoever needs no more: SetDeadline keeps the two one.
	Deadline *Deadline  `json:"deadline,omitempty"`
	DueAt    *time.Time `json:"due_at,omitempty"`
	// DoneAt is when a document that is no appeal was answered, sent or closed,
	// whichever came first; nil: it is not.
	DoneAt *time.Time `json:"done_at,omitempty"`

	Appeal *Appeal `json:"appeal,omitempty"` // what a resident wrote
}

// RecordKey implements Record.
func (d *Document) RecordKey() string { return string(d.ID) }

// MoveTo changes the state, or refuses with KindConflict if there is no such
// transition. Moving to the present state is no change and no error.
func (d *Document) MoveTo(next DocumentState) error {
	if d.State == next {
		return nil
	}
	if !slices.Contains(documentNext[d.State], next) {
		return Conflict("document.transition", "переход из состояния «"+d.State.Title()+"» в «"+next.Title()+"» невозможен")
	}
	d.State = next
	return nil
}

// MoveAt is MoveTo of a document that is no appeal: it notes when one was done
// with.
func (d *Document) MoveAt(now time.Time, next DocumentState) error {
	if err := d.MoveTo(next); err != nil {
		return err
	}
	switch {
	case !next.Done():
		d.DoneAt = nil
	case d.DoneAt == nil:
		d.DoneAt = &now
	}
	return nil
}

// Done tells that nobody has to do anything about a document in the state.
func (s DocumentState) Done() bool {
	return s == DocumentAnswered || s == DocumentSent || s == DocumentClosed
}

// SetDeadline gives the document a term; nil takes it away.
func (d *Document) SetDeadline(deadline *Deadline) {
	d.Deadline, d.DueAt = deadline, nil
	if deadline != nil {
		due := deadline.DueAt
		d.DueAt = &due
	}
}

// Waits tells that somebody has yet to do something about the document: to
// answer it, to end it. What goes out waits for nobody.
func (d *Document) Waits() bool {
	switch {
	case d.Direction == Outgoing:
		return false
	case d.Appeal != nil:
		return d.Appeal.State != AppealAnswered && !d.Appeal.State.Ended()
	}
	return d.State == DocumentRegistered || d.State == DocumentInWork
}

// RegNumber (регистрационный номер) is taken in its document's transaction,
// never reused, without holes.
type RegNumber struct {
	Journal JournalID `json:"journal"`
	Year    int       `json:"year"` // 0 in a journal that is never reset
	Seq     uint64    `json:"seq"`  // from 1
	Text    string    `json:"text"` // as printed: Вх-2026/000001
	Date    Date      `json:"date"`
}

// OfficeZone is the zone in which a registration's day begins and ends: Moscow,
// which has had no clock changes since 2014, so that no zone database is
// needed. An organisation's own zone will come with its working calendar.
var OfficeZone = time.FixedZone("MSK", 3*60*60)

// Date is a day of the calendar, YYYY-MM-DD.
type Date string

// DateOf is the day of t in its own time zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// Year of the date; 0 if the text is no date.
func (d Date) Year() int {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return 0
	}
	return t.Year()
}

// Journal (журнал регистрации) hands out numbers.
type Journal struct {
	Meta
	ID        JournalID `json:"id"`
	Title     string    `json:"title"`
	Direction Direction `json:"direction"` // which documents are numbered here by default
	// Template of the printed number: {yyyy}, {yy}, {mm}, {n}, {n:06}, {index}.
	Template string `json:"template"`
	Index    string `json:"index,omitempty"` // {index}: nomenclature index
	// Yearly starts again at 1 every year.
	Yearly bool `json:"yearly"`
}

// RecordKey implements Record.
func (j *Journal) RecordKey() string { return string(j.ID) }

// Counter is how far a journal has counted in a year (year 0 for a journal that
// is never reset). It is a record of its own, so that counting does not make a
// clerk's edit of the journal stale.
type Counter struct {
	Meta
	Journal JournalID `json:"journal"`
	Year    int       `json:"year"`
	Last    uint64    `json:"last"`
}

// RecordKey implements Record.
func (c *Counter) RecordKey() string { return CounterKey(c.Journal, c.Year) }

// CounterKey is the key of the counter of a journal's year.
func CounterKey(journal JournalID, year int) string {
	return string(journal) + "/" + strconv.Itoa(year)
}
