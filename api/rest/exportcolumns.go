package rest

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
)

// What the files of the lists have in their columns.

func taskColumns() []column[*core.Task] {
	type row = *core.Task
	return []column[row]{
		told("Что сделать", func(k row) any { return k.Title }),
		{"Вид", func(t *teller, k row) any { return title(t, k.Kind) }},
		{"Состояние", func(t *teller, k row) any { return title(t, k.State) }},
		{"Исполнитель", func(t *teller, k row) any { return t.user(k.Performer) }},
		{"Соисполнители", func(t *teller, k row) any { return joined(k.CoPerformers, t.user) }},
		{"Автор", func(t *teller, k row) any { return t.user(k.Author) }},
		{"Контролёр", func(t *teller, k row) any { return t.user(k.Controller) }},
		told("Срок", func(k row) any {
			if k.Deadline == nil {
				return nil
			}
			return at(k.Deadline.DueAt)
		}),
		{"Просрочено", func(t *teller, k row) any { return t.yes(k.Overdue(t.tx.Now())) }},
		{"Документ", func(t *teller, k row) any { return t.document(k.Document) }},
		told("Подробности", func(k row) any { return k.Text }),
		told("Результат", func(k row) any {
			if k.Result == nil {
				return nil
			}
			return k.Result.Text
		}),
		{"Организация", func(t *teller, k row) any { return t.entry(string(k.Organization)) }},
		told("Создано", func(k row) any { return at(k.CreatedAt) }),
		told("Исполнено", func(k row) any { return when(k.DoneAt) }),
		told("Завершено", func(k row) any { return when(k.EndedAt) }),
	}
}

func draftColumns() []column[*core.Draft] {
	type row = *core.Draft
	return []column[row]{
		told("Тема", func(d row) any { return d.Subject }),
		{"Состояние", func(t *teller, d row) any { return title(t, d.State) }},
		{"Автор", func(t *teller, d row) any { return t.user(d.Author) }},
		told("Версий", func(d row) any { return d.Versions }),
		{"Ответ на", func(t *teller, d row) any { return t.document(d.InReplyTo) }},
		{"Канал", func(t *teller, d row) any { return t.channel(d.Channel) }},
		{"Журнал", func(t *teller, d row) any { return t.journal(d.Journal) }},
		told("Подписывает", func(d row) any { return d.SignedAs }),
		{"Документ", func(t *teller, d row) any { return t.document(d.Document) }},
		{"Что мешает", func(t *teller, d row) any { return t.say(d.Problem) }},
		{"Организация", func(t *teller, d row) any { return t.entry(string(d.Organization)) }},
		told("Создан", func(d row) any { return at(d.CreatedAt) }),
		told("Изменён", func(d row) any { return at(d.UpdatedAt) }),
		told("Отправлен", func(d row) any { return when(d.SentAt) }),
	}
}

func deliveryColumns() []column[DeliveryRow] {
	type row = DeliveryRow
	return []column[row]{
		told("Создана", func(d row) any { return at(d.CreatedAt) }),
		told("Номер документа", func(d row) any { return d.Number }),
		told("Тема", func(d row) any { return d.Subject }),
		{"Направление", func(t *teller, d row) any { return title(t, d.Direction) }},
		{"Назначение", func(t *teller, d row) any { return title(t, d.Purpose) }},
		{"Канал", func(t *teller, d row) any { return t.channel(d.Channel) }},
		told("Кому", func(d row) any { return joined(d.To, calledAs) }),
		{"Состояние", func(t *teller, d row) any { return title(t, d.State) }},
		told("Попыток", func(d row) any { return d.Attempts }),
		told("Отправлена", func(d row) any { return when(d.SentAt) }),
		told("Следующая попытка", func(d row) any { return when(d.NextAt) }),
		{"Ошибка", func(t *teller, d row) any { return t.say(d.LastError) }},
		told("Код внешней системы", func(d row) any { return d.OutsideCode }),
		told("Ответ внешней системы", func(d row) any { return d.OutsideText }),
		told("Внешний номер", func(d row) any { return d.ExternalID }),
		told("Стоимость", func(d row) any { return d.Cost }),
	}
}

func deadLetterColumns() []column[*bus.DeadLetter] {
	type row = *bus.DeadLetter
	return []column[row]{
		told("Последняя попытка", func(d row) any { return at(d.LastAt) }),
		{"Событие", func(t *teller, d row) any { return title(t, d.Event.Topic) }},
		{"Где остановилось", func(t *teller, d row) any { return title(t, bus.HandlerName(d.Handler)) }},
		{"Причина", func(t *teller, d row) any { return t.say(d.Text) }},
		told("Код", func(d row) any { return d.Code }),
		{"Канал", func(t *teller, d row) any { return t.channel(channelOf(d)) }},
		{"Решение", func(t *teller, d row) any { return title(t, d.State) }},
		told("Попыток", func(d row) any { return d.Attempts }),
		told("Впервые", func(d row) any { return at(d.FirstAt) }),
		told("Подробности", func(d row) any { return d.Detail }),
	}
}

func partyColumns() []column[*core.Party] {
	type row = *core.Party
	of := func(kinds ...core.AddressKind) func(row) any {
		return func(p row) any {
			return contacts(p.Addresses, func(kind core.AddressKind) bool { return slices.Contains(kinds, kind) })
		}
	}
	return []column[row]{
		told("Имя или название", func(p row) any { return p.Name }),
		{"Тип", func(t *teller, p row) any { return title(t, p.Kind) }},
		told("Телефон", of(core.AddressPhone)),
		told("Электронная почта", of(core.AddressEmail)),
		told("Почтовый адрес", of(core.AddressPostal)),
		told("ИНН", of(core.AddressINN)),
		told("Другие контакты", of(core.AddressChat, core.AddressAccount, core.AddressOGRN, core.AddressKPP, core.AddressSNILS, core.AddressOutside)),
		told("Лицевые счета", func(p row) any { return joined(p.Accounts, func(a core.AccountRef) string { return a.Number }) }),
		{"Согласие", func(t *teller, p row) any { return t.consent(p.Consents) }},
		told("Заметки", func(p row) any { return p.Notes }),
		{"Организация", func(t *teller, p row) any { return t.entry(string(p.Organization)) }},
		told("Создан", func(p row) any { return at(p.CreatedAt) }),
		told("Изменён", func(p row) any { return at(p.UpdatedAt) }),
	}
}

// consent is the statement that holds: the latest.
func (t *teller) consent(all []core.Consent) any {
	if len(all) == 0 {
		return nil
	}
	return title(t, slices.MaxFunc(all, func(a, b core.Consent) int { return a.At.Compare(b.At) }).State)
}

func erasureColumns() []column[*core.Erasure] {
	type row = *core.Erasure
	return []column[row]{
		told("Номер", func(e row) any { return string(e.ID) }),
		{"Состояние", func(t *teller, e row) any { return title(t, e.State) }},
		told("Основание", func(e row) any { return e.Ground }),
		{"Документ", func(t *teller, e row) any { return t.document(e.Document) }},
		told("Распорядился", func(e row) any { return e.OrderedBy.Name }),
		told("Начато", func(e row) any { return at(e.CreatedAt) }),
		told("Завершено", func(e row) any { return when(e.FinishedAt) }),
		told("Документов", func(e row) any { return len(e.Documents) }),
		told("Сообщений", func(e row) any { return e.Messages }),
		told("Отправок", func(e row) any { return e.Deliveries }),
		told("Поручений", func(e row) any { return len(e.Tasks) }),
		told("Проектов", func(e row) any { return len(e.Drafts) }),
		told("Файлов", func(e row) any { return e.Files }),
		told("Оставлено документов", func(e row) any { return len(e.Kept) }),
	}
}

func userColumns() []column[User] {
	type row = User
	return []column[row]{
		told("Имя", func(u row) any { return u.Name }),
		told("Логин", func(u row) any { return u.Login }),
		{"Роли", func(t *teller, u row) any { return joined(u.Roles, func(r core.Role) string { return title(t, r) }) }},
		told("Электронная почта", func(u row) any { return u.Email }),
		told("Внутренний номер", func(u row) any { return u.Extension }),
		{"Организации", func(t *teller, u row) any {
			return joined(u.Organizations, func(id core.OrganizationID) string { return t.entry(string(id)) })
		}},
		{"Линии поддержки", func(t *teller, u row) any {
			return joined(u.Lines, func(id core.EntryID) string { return t.entry(string(id)) })
		}},
		{"Состояние", func(t *teller, u row) any { return title(t, u.State) }},
		told("Причина", func(u row) any { return u.StateReason }),
		told("Создан", func(u row) any { return at(u.CreatedAt) }),
	}
}

func sessionColumns() []column[OpenSession] {
	type row = OpenSession
	return []column[row]{
		told("Имя", func(o row) any { return o.Name }),
		told("Логин", func(o row) any { return o.Login }),
		{"Вошёл под именем", func(t *teller, o row) any { return t.user(o.As) }},
		told("Вход", func(o row) any { return at(o.CreatedAt) }),
		told("Действует до", func(o row) any { return at(o.Until) }),
		told("Устройство", func(o row) any { return o.Agent }),
		told("Адрес", func(o row) any { return o.Remote }),
	}
}

func auditColumns() []column[*core.AuditEntry] {
	type row = *core.AuditEntry
	return []column[row]{
		told("Время", func(e row) any { return e.CreatedAt.In(core.OfficeZone).Format("02.01.2006 15:04:05") }),
		told("Пользователь", func(e row) any { return e.Actor.ID }),
		told("Имя", func(e row) any { return e.Actor.Name }),
		told("Под именем вошёл", func(e row) any { return e.Actor.BehindName }),
		told("Действие", func(e row) any { return e.Operation }),
		told("Объект", func(e row) any { return e.Object }),
		told("Исход", func(e row) any { return e.Outcome }),
		told("Адрес", func(e row) any { return e.Remote }),
		told("Ключ доступа", func(e row) any { return e.Token }),
		told("Запрос", func(e row) any { return e.Request }),
	}
}

func ruleSetColumns() []column[RuleSetRow] {
	type row = RuleSetRow
	return []column[row]{
		told("Версия", func(r row) any { return r.Number }),
		told("Создана", func(r row) any { return at(r.CreatedAt) }),
		told("Автор", func(r row) any { return r.By.Name }),
		{"Что изменено", func(t *teller, r row) any { return t.say(r.Note) }},
		told("Правил", func(r row) any { return r.Rules }),
		told("Включено", func(r row) any { return r.On }),
	}
}

func massRunColumns() []column[*core.MassRun] {
	type row = *core.MassRun
	return []column[row]{
		{"Операция", func(t *teller, r row) any { return t.say(r.Title) }},
		{"Состояние", func(t *teller, r row) any { return title(t, r.State) }},
		told("Автор", func(r row) any { return r.By.Name }),
		told("Документов", func(r row) any { return r.Total }),
		told("Сделано", func(r row) any { return r.Done }),
		told("Не получилось", func(r row) any { return r.Failed }),
		told("Возвращено", func(r row) any { return r.Undone }),
		told("Начато", func(r row) any { return at(r.CreatedAt) }),
		told("Завершено", func(r row) any { return when(r.EndedAt) }),
	}
}

func massItemColumns() []column[core.MassItem] {
	type row = core.MassItem
	return []column[row]{
		{"Документ", func(t *teller, i row) any { return t.document(i.Document) }},
		{"Итог", func(t *teller, i row) any { return title(t, i.Outcome) }},
		{"Причина", func(t *teller, i row) any { return t.say(i.Text) }},
	}
}

func journalColumns() []column[Journal] {
	type row = Journal
	return []column[row]{
		told("Код", func(j row) any { return string(j.ID) }),
		told("Название", func(j row) any { return j.Title }),
		{"Направление", func(t *teller, j row) any { return title(t, j.Direction) }},
		told("Шаблон номера", func(j row) any { return j.Template }),
		told("Индекс", func(j row) any { return j.Index }),
		{"С начала года", func(t *teller, j row) any { return t.say(map[bool]string{true: "да", false: "нет"}[j.Yearly]) }},
		told("Следующий номер", func(j row) any { return j.Next }),
	}
}
