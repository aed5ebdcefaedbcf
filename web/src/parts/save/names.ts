import { say, texts } from "../../texts/i18n"

/** What the fields of the REST are called where no form has a label for them; the plain wrappers of others have no name. */
const words = texts<Record<string, string>>({
  ru: {
    accounts: "лицевые счета", address: "адрес", addresses: "контакты", amount: "сколько", applicant: "заявитель", approvers: "согласующие", author: "автор", basis: "основание",
    certificate: "сертификат", channel: "канал", channels: "каналы", choice: "кого выбрать", co_performers: "соисполнители", comment: "комментарий", controller: "контролёр", date: "дата",
    days: "дни", description: "описание", direction: "направление", directions: "направления", document: "документ", documents: "документы", due_at: "срок", due_basis: "основание срока",
    email: "почта", expr: "выражение", extension: "внутренний номер", extra: "дополнительные поля", field: "поле", fields: "реквизиты", files: "файлы", from: "начало", holidays: "праздники",
    house: "дом", id: "код", in_reply_to: "ответ на", is: "сравнение", journal: "журнал", kind: "вид", last: "сколько последних", line: "линия", lines: "линии", login: "логин", mark: "отметка",
    name: "имя", new_password: "новый пароль", note: "примечание", notes: "заметки", notices: "уведомления", notify: "как уведомить", number: "номер", old_password: "нынешний пароль",
    operation: "действие", operator: "оператор", order: "порядок", organization: "организация", organizations: "организации", performer: "исполнитель", planned_at: "запланировано на",
    plugin: "коннектор", premises: "адрес помещения", provider: "поставщик", question: "вопрос", reason: "причина", reason_group: "группа причин", recipients: "получатели", remarks: "замечания",
    restart: "кого согласовывать заново", result: "результат", roles: "роли", scopes: "права", score: "оценка", sender: "отправитель", settings: "настройки", short_by: "короткий день", signed_as: "кто подписал",
    source: "источник", start_at: "начало", state: "состояние", state_reason: "причина блокировки", subject: "тема", tag: "тег", tags: "теги", template: "шаблон", term: "срок", text: "текст",
    then: "действия", thread: "переписка", title: "название", to: "получатели", until: "действует до", user: "сотрудник", users: "сотрудники", value: "значение", values: "значения",
    warn_days: "предупреждать, дней", warn_percent: "предупреждать, %", week: "рабочие часы", when: "условия", works: "выполненные работы", zone: "часовой пояс",
  },
  en: {
    accounts: "accounts", address: "address", addresses: "contacts", amount: "how much", applicant: "applicant", approvers: "approvers", author: "author", basis: "ground",
    certificate: "certificate", channel: "channel", channels: "channels", choice: "whom to choose", co_performers: "co-performers", comment: "comment", controller: "controller", date: "date",
    days: "days", description: "description", direction: "direction", directions: "directions", document: "document", documents: "documents", due_at: "term", due_basis: "ground of the term",
    email: "e-mail", expr: "expression", extension: "extension", extra: "extra fields", field: "field", fields: "requisites", files: "files", from: "begin", holidays: "holidays",
    house: "house", id: "code", in_reply_to: "answer to", is: "comparison", journal: "journal", kind: "kind", last: "how many last", line: "line", lines: "lines", login: "login", mark: "mark",
    name: "name", new_password: "new password", note: "note", notes: "notes", notices: "notifications", notify: "how to notify", number: "number", old_password: "present password",
    operation: "action", operator: "operator", order: "order", organization: "organisation", organizations: "organisations", performer: "performer", planned_at: "planned for",
    plugin: "connector", premises: "premises", provider: "provider", question: "question", reason: "reason", reason_group: "reason group", recipients: "recipients", remarks: "remarks",
    restart: "who approves anew", result: "result", roles: "roles", scopes: "permissions", score: "score", sender: "sender", settings: "settings", short_by: "short day", signed_as: "who signed",
    source: "source", start_at: "begin", state: "state", state_reason: "reason of blocking", subject: "subject", tag: "tag", tags: "tags", template: "template", term: "term", text: "text",
    then: "actions", thread: "correspondence", title: "title", to: "recipients", until: "valid until", user: "user", users: "users", value: "value", values: "values",
    warn_days: "warn, days", warn_percent: "warn, %", week: "working hours", when: "conditions", works: "works done", zone: "time zone",
  },
})

/** Names that only hold others; a field within says enough. */
const wrappers = new Set(["args", "input", "result", "route", "settings", "values"])

/**
 * spoken is the path of a field for people: route.approvers.0.user → «согласующие, 1: сотрудник». What
 * has no name is left out, so that nothing of the REST's own words is shown; "" when nothing has one.
 */
export function spoken(path: (string | number)[]): string {
  const known = say(words)
  const named = path.filter((part, i) => typeof part === "number" || (Object.hasOwn(known, part) && !(wrappers.has(part) && i < path.length - 1)))
  return named.reduce<string>((said, part) => {
    if (typeof part === "number") return said ? `${said}, ${part + 1}` : String(part + 1)
    return said ? `${said}: ${known[part]}` : known[part]!
  }, "")
}

/** labelled puts what a fault is about before its text: «Согласующие, 1: сотрудник — такого нет». */
export function labelled(label: string, text: string): string {
  return label ? `${label.charAt(0).toUpperCase()}${label.slice(1)} — ${text}` : text
}
