package party

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// ErasedText stands where a name or a subject was.
const ErasedText = "Персональные данные удалены"

// Reasons why an erasure leaves a document as it is.
const (
	keptOpen    = "обращение ещё не закрыто"
	keptSending = "отправка документа ещё не завершена"
	keptDoubt   = "отправитель не установлен: контакт принадлежит не только этому заявителю"
	keptOwn     = "документ является основанием удаления"
	keptDraft   = "готовится исходящий документ: проект ещё не отправлен и не отменён"
	keptWith    = "документ, на который отвечает проект, сохранён"
	keptTask    = "по документу ещё не исполнено поручение"
)

// remains is what every erasure leaves, and why.
var remains = []string{
	"регистрационные номера, даты и записи журналов регистрации: учёт документов ведётся без пропусков",
	"записи журнала действий пользователей (в них только номера записей, названия операций и их исход) и перечень изменений без значений: доказательство того, кто и что сделал",
	"поручения и проекты, не связанные с документами заявителя и не адресованные ему: Узел не знает, о ком они",
	"внешние идентификаторы сообщений: чтобы удалённое сообщение не было зарегистрировано повторно",
	"даты и состояние согласия на обработку данных: доказательство законности прежней обработки",
	"правила маршрутизации с прежними версиями и записи справочников, где о человеке написал сотрудник: их правят вручную",
	"сохранённые фильтры, где человек назван одним словом, например только фамилией: это могут быть и однофамильцы",
	"резервные копии, снятые до удаления: уничтожаются по своему сроку хранения",
	"свободное место файла базы: удалённое нельзя увидеть в программе и нет в новых копиях, но можно прочесть с диска, пока место не занято снова. " +
		"Чтобы его не осталось, остановите Узел и выполните «uzel compact»",
}

// Order is what a person orders an erasure with.
type Order struct {
	Party    core.PartyID
	Ground   string // the law, the request
	Document core.DocumentID
	Keep     []core.KeptDocument
}

// Order begins the erasure of all that is known about the person the party is a
// card of. The act is returned at once; Run does the work. KindConflict if the
// data are erased already, or are being erased.
func (s *Service) Order(tx store.Tx, o Order) (*core.Erasure, error) {
	cards, err := Group(tx, o.Party)
	if err != nil {
		return nil, err
	}
	if err := orderable(tx, o, cards); err != nil {
		return nil, err
	}
	act := &core.Erasure{
		ID: core.ErasureID(core.NewID("era", tx.Now())), Party: o.Party, State: core.ErasureRunning,
		Ground: o.Ground, Document: o.Document, Keep: o.Keep, OrderedBy: tx.Actor(),
		Documents: []core.ErasedDocument{}, Kept: []core.KeptDocument{}, Remains: remains,
		Tasks: []core.TaskID{}, Drafts: []core.DraftID{}, KeptDrafts: []core.KeptDraft{},
		Stage: core.ErasingDocuments,
	}
	for _, p := range cards {
		act.Parties = append(act.Parties, p.ID)
	}
	tx.AfterCommit(s.poke)
	return act, store.Erasures.Put(tx, act)
}

func orderable(tx store.Tx, o Order, cards []*core.Party) error {
	var faults core.Faults
	named := func(field string, id core.DocumentID) error {
		ok, err := store.Documents.Has(tx, string(id))
		if err == nil && !ok {
			faults.Add(field, "такой записи нет")
		}
		return err
	}
	if o.Document != "" {
		if err := named("document", o.Document); err != nil {
			return err
		}
	}
	for i, k := range o.Keep {
		if err := named(fmt.Sprintf("keep.%d.id", i), k.ID); err != nil {
			return err
		}
	}
	if err := faults.Err("erasure.invalid"); err != nil {
		return err
	}
	for _, p := range cards {
		if p.Erasure != "" {
			return core.Conflict("party.erased", "данные этого заявителя удалены по акту")
		}
		for act, err := range store.Erasures.Find(tx, "party", string(p.ID)) {
			if err != nil {
				return err
			}
			if act.State == core.ErasureRunning {
				return core.Conflict("erasure.running", "данные этого заявителя уже удаляются")
			}
		}
	}
	return nil
}

func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run works on erasures until ctx is done: those that an earlier run of the hub
// left where they stopped, then what is ordered.
func (s *Service) Run(ctx context.Context) error {
	for {
		var again <-chan time.Time
		if err := s.work(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			s.Log.Warn("erasure of personal data goes on later", "error", err)
			again = time.After(s.RetryAfter)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-again:
		}
	}
}

// work brings all running erasures to their end. One that fails does not keep
// the others from going on.
func (s *Service) work(ctx context.Context) error {
	var running []*core.Erasure
	err := s.Store.View(ctx, func(tx store.Tx) error {
		running = nil
		for act, err := range store.Erasures.Find(tx, "state", string(core.ErasureRunning)) {
			if err != nil {
				return err
			}
			running = append(running, act)
		}
		return nil
	})
	for _, act := range running {
		if stepErr := s.finish(ctx, act); stepErr != nil {
			err = errors.Join(err, fmt.Errorf("erasure %s: %w", act.ID, stepErr))
		}
	}
	return err
}

// finish goes on with an act from where it stands. What it does it does in the
// act's name.
func (s *Service) finish(ctx context.Context, act *core.Erasure) error {
	ctx = core.WithActor(store.Deferrable(ctx), core.Actor{Kind: core.ActorHub, ID: string(act.ID), Name: "Удаление персональных данных"})
	e := &eraser{Service: s, act: act}
	if err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		e.who, err = e.subject(tx)
		return err
	}); err != nil {
		return err
	}
	steps := map[core.ErasureStage]func(context.Context) error{
		core.ErasingDocuments: e.documents,
		core.ErasingMessages:  e.messages,
		core.ErasingDrafts:    e.looseDrafts,
		core.ErasingMass:      e.massItems,
		core.ErasingAnswers:   e.answers,
		core.ErasingFilters:   e.filters,
		core.ErasingParties:   e.parties,
		core.ErasingFiles:     e.files,
	}
	for e.act.State == core.ErasureRunning {
		if err := steps[e.act.Stage](ctx); err != nil {
			return err
		}
	}
	s.Log.Info("personal data erased", "act", act.ID, "documents", len(e.act.Documents), "files", e.act.Files)
	return nil
}

// eraser is one act at work.
type eraser struct {
	*Service
	act *core.Erasure
	who *person
}

// subject is whom the act is about. Cards that were merged after the order are
// not.
func (e *eraser) subject(tx store.Tx) (*person, error) {
	w := &person{parties: e.act.Parties}
	var cards []*core.Party
	for _, id := range e.act.Parties {
		p, err := store.Parties.GetAny(tx, string(id))
		if err != nil {
			return nil, err
		}
		cards = append(cards, p)
	}
	return w, w.read(tx, cards)
}

// step changes records and moves the act on in one transaction: a hub that is
// killed repeats nothing and leaves nothing out.
func (e *eraser) step(ctx context.Context, do func(tx store.Tx, act *core.Erasure) error) error {
	return e.Store.Update(ctx, func(tx store.Tx) error {
		act, err := store.Erasures.Get(tx, string(e.act.ID))
		if err != nil {
			return err
		}
		if err := do(tx, act); err != nil {
			return err
		}
		e.act = act
		return store.Erasures.Put(tx, act)
	})
}

// advance moves an act behind a portion: on, or into the next stage.
func advance(act *core.Erasure, next string, then core.ErasureStage) {
	if act.Cursor = next; next == "" {
		act.Stage = then
	}
}

// before tells that a record is as old as the order: what came later is not
// what was ordered to be erased.
func (e *eraser) before(m core.Meta) bool { return !m.CreatedAt.After(e.act.CreatedAt) }

func (e *eraser) documents(ctx context.Context) error {
	found, next, err := portion(ctx, e.Store, store.Documents, e.act.Cursor, e.Portion, func(_ store.Tx, d *core.Document) bool {
		return e.before(d.Meta) && (e.who.concerns(d) || e.who.doubtful(d))
	})
	if err != nil {
		return err
	}
	return e.step(ctx, func(tx store.Tx, act *core.Erasure) error {
		for _, d := range found {
			if err := e.document(tx, act, string(d.ID)); err != nil {
				return err
			}
		}
		advance(act, next, core.ErasingMessages)
		return nil
	})
}

// document erases one document with what belongs to it, or notes why not.
func (e *eraser) document(tx store.Tx, act *core.Erasure, id string) error {
	d, err := store.Documents.GetAny(tx, id)
	if err != nil || erased(d) {
		return err
	}
	reason, err := e.keep(tx, act, d)
	if err != nil {
		return err
	}
	if reason != "" {
		act.Kept = append(act.Kept, core.KeptDocument{ID: d.ID, Reason: reason})
		return nil
	}
	part, err := e.others(tx, d)
	if err != nil {
		return err
	}
	act.Audit += countAudit(tx, "documents/"+string(d.ID)) + countAudit(tx, "appeals/"+string(d.ID))
	told := core.ErasedDocument{ID: d.ID, Part: part}
	if d.Number != nil {
		told.Number = d.Number.Text
	}
	act.Documents = append(act.Documents, told)
	if part {
		return e.strike(tx, act, d)
	}
	return e.empty(tx, act, d)
}

// erased tells that the document was emptied by an act already.
func erased(d *core.Document) bool {
	return slices.ContainsFunc(d.Marks, func(m core.Mark) bool { return m.Kind == core.MarkErased })
}

// emptied tells that this act emptied the document.
func (e *eraser) emptied(d *core.Document) bool { return slices.Contains(d.Marks, e.mark()) }

func (e *eraser) mark() core.Mark {
	return core.Mark{Kind: core.MarkErased, Reason: "акт " + string(e.act.ID)}
}

// keep tells why the document must stay as it is, "" if it need not.
func (e *eraser) keep(tx store.Tx, act *core.Erasure, d *core.Document) (string, error) {
	if i := slices.IndexFunc(act.Keep, func(k core.KeptDocument) bool { return k.ID == d.ID }); i >= 0 {
		return act.Keep[i].Reason, nil
	}
	switch {
	case d.ID == act.Document:
		return keptOwn, nil
	case e.who.doubtful(d):
		return keptDoubt, nil
	case d.DeletedAt == nil && d.Appeal != nil && !d.Appeal.State.Ended():
		return keptOpen, nil
	}
	for dlv, err := range store.Deliveries.Find(tx, "document", string(d.ID)) {
		if err != nil {
			return "", err
		}
		switch dlv.State {
		case core.DeliveryQueued, core.DeliverySending, core.DeliverySubmitted, core.DeliveryUnknown:
			return keptSending, nil
		}
	}
	return unfinished(tx, d)
}

// others tells that the document is others' as well, so that only the person's
// name leaves it: it neither is the person's own, nor answers him, nor went to
// him alone.
func (e *eraser) others(tx store.Tx, d *core.Document) (bool, error) {
	if e.who.wrote(d) {
		return false, nil
	}
	if d.Direction == core.Outgoing {
		if !slices.ContainsFunc(d.Recipients, func(r core.Correspondent) bool { return !e.who.is(r) }) {
			return false, nil
		}
		if d.InReplyTo != "" {
			origin, err := store.Documents.GetAny(tx, string(d.InReplyTo))
			if err == nil && (e.who.wrote(origin) || e.emptied(origin)) {
				return false, nil
			}
			if err != nil && core.KindOf(err) != core.KindNotFound {
				return false, err
			}
		}
	}
	return true, nil
}

// messages erases what is no document's own message: edits and withdrawals, news
// of deliveries, and what never became a document.
func (e *eraser) messages(ctx context.Context) error {
	found, next, err := portion(ctx, e.Store, store.Messages, e.act.Cursor, e.Portion, func(_ store.Tx, m *core.Message) bool {
		return e.before(m.Meta) && (e.who.is(m.From) || m.About != "" || m.Status != nil)
	})
	if err != nil {
		return err
	}
	return e.step(ctx, func(tx store.Tx, act *core.Erasure) error {
		for _, m := range found {
			mine, err := e.mine(tx, m)
			if err == nil && mine {
				err = e.emptyMessage(tx, act, string(m.ID))
			}
			if err != nil {
				return err
			}
		}
		advance(act, next, core.ErasingDrafts)
		return nil
	})
}

// mine tells that the message goes where its document went; one that has no
// document is the sender's.
func (e *eraser) mine(tx store.Tx, m *core.Message) (bool, error) {
	d, err := documentOf(tx, m)
	switch {
	case err != nil:
		return false, err
	case d == nil:
		return e.who.is(m.From), nil
	}
	return e.emptied(d) && d.Message != m.ID, nil
}

// documentOf is the document a message was made into or is about, nil if there
// is none.
func documentOf(tx store.Tx, m *core.Message) (*core.Document, error) {
	if m.Status != nil && m.Status.Delivery != "" {
		dlv, err := store.Deliveries.GetAny(tx, string(m.Status.Delivery))
		if err == nil {
			return document(tx, dlv)
		}
		if core.KindOf(err) != core.KindNotFound {
			return nil, err
		}
	}
	for _, id := range []string{m.ExternalID, m.About} {
		if id == "" {
			continue
		}
		for d, err := range store.Documents.Find(tx, "external", store.ExternalKey(m.Channel, id)) {
			return d, err
		}
		for _, index := range []string{"external", "token"} {
			for dlv, err := range store.Deliveries.Find(tx, index, store.ExternalKey(m.Channel, id)) {
				if err != nil {
					return nil, err
				}
				return document(tx, dlv)
			}
		}
	}
	return nil, nil
}

func document(tx store.Tx, dlv *core.Delivery) (*core.Document, error) {
	d, err := store.Documents.GetAny(tx, string(dlv.Document))
	return d, unlessMissing(err)
}

// namesRecord finds the ids of records inside a kept answer.
var namesRecord = regexp.MustCompile(`(?:doc|pty|dlv|tsk|drf)_[0-9a-z]{26}`)

// answers empties what is kept for requests that may be sent again: they show
// records as they were.
func (e *eraser) answers(ctx context.Context) error {
	ours := map[string]bool{}
	for _, id := range e.act.Parties {
		ours[string(id)] = true
	}
	for _, d := range e.act.Documents {
		ours[string(d.ID)] = true
	}
	for _, id := range e.act.Tasks {
		ours[string(id)] = true
	}
	for _, id := range e.act.Drafts {
		ours[string(id)] = true
	}
	found, next, err := portion(ctx, e.Store, store.SavedAnswers, e.act.Cursor, e.Portion, func(_ store.Tx, a *core.SavedAnswer) bool {
		return slices.ContainsFunc(namesRecord.FindAllString(string(a.Body), -1), func(id string) bool { return ours[id] })
	})
	if err != nil {
		return err
	}
	return e.step(ctx, func(tx store.Tx, act *core.Erasure) error {
		for _, a := range found {
			a.Status, a.Body = noContent, nil
			if err := store.SavedAnswers.Put(tx, a); err != nil {
				return err
			}
		}
		advance(act, next, core.ErasingFilters)
		return nil
	})
}

// noContent is the HTTP status of an answer without a body.
const noContent = 204
