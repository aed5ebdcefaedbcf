import { texts } from "../../texts/i18n"

export const words = texts({
  ru: {
    title: "Аудит",
    about: "Кто, что и когда делал. Записи не меняются и не удаляются.",
    columns: { at: "Когда", who: "Кто", operation: "Действие", object: "Над чем", code: "Код того, над чем", outcome: "Итог", remote: "Откуда", request: "Запрос", token: "По ключу" },
    ok: "Успешно",
    begun: "Не закончено",
    filters: { actor: "Кто", operation: "Действие", object: "Над чем", outcome: "Итог", days: "Когда", request: "Номер запроса" },
    operationHint: "например, documents.reply",
    objectHint: "например, documents/doc_…",
    allOf: (code: string) => `${code}: все действия`,
    kinds: {
      documents: "Документ", appeals: "Обращение", tasks: "Поручение", drafts: "Проект", channels: "Канал", rules: "Правило", users: "Пользователь", parties: "Заявитель", erasures: "Удаление данных", jobs: "Задание", plugins: "Коннектор", calendars: "Календарь",
      directories: "Справочник", journals: "Журнал", deliveries: "Отправка", signatures: "Подпись", filters: "Фильтр", settings: "Настройки", sessions: "Сеанс", tokens: "Ключ", deadletters: "Необработанное", "dead-letters": "Необработанное", "mass-runs": "Массовая операция", "routing-rules": "Правило", backups: "Копия",
    } as Record<string, string>,
    whole: { "session.create": "Вход", "session.delete": "Выход" } as Record<string, string>,
    things: {
      session: "Вход", sessions: "Сеансы", users: "Пользователи", tokens: "Ключи", roles: "Роли", documents: "Документы", appeals: "Обращения", tasks: "Поручения", drafts: "Проекты", channels: "Каналы", operations: "Операции",
      plugins: "Коннекторы", deadletters: "Необработанное", rules: "Правила", jobs: "Задания", calendars: "Календари", directories: "Справочники", parties: "Заявители", journals: "Журналы", deliveries: "Отправки",
      signatures: "Подписи", search: "Поиск", filters: "Фильтры", mass: "Массовые операции", system: "Система", settings: "Настройки", audit: "Аудит", reports: "Отчёты", usersessions: "Сеансы", erasures: "Удаление данных", entries: "Справочники", massruns: "Массовые операции",
    } as Record<string, string>,
    acts: {
      create: "создание", update: "изменение", delete: "удаление", enable: "включение", disable: "выключение", pause: "приостановка", resume: "возобновление", run: "запуск", restart: "перезапуск", check: "проверка", try: "проба",
      revert: "возврат", replay: "повтор", giveup: "снятие", reply: "ответ", take: "взятие в работу", close: "закрытие", reject: "отклонение", reopen: "возобновление", merge: "объединение", unmerge: "разъединение", enter: "вход под именем",
      leave: "возврат к себе", password: "пароль", install: "установка", remove: "удаление", upgrade: "обновление", order: "порядок", replace: "замена", simulate: "проба", backup: "копия", export: "выгрузка", import: "загрузка", open: "открытие",
      signin: "вход", signout: "выход", login: "вход", logout: "выход", retry: "повтор", cancel: "отмена", list: "список", get: "чтение", transfer: "передача", forward: "перенаправление", accept: "принятие", done: "исполнение", assign: "назначение",
      current: "выбор версии", year_update: "год календаря", year_delete: "сброс года", restore: "восстановление", rebuild: "перестройка", send: "отправка", submit: "на согласование", file: "файл", erase: "удаление данных", visa: "виза", visas: "виза", plan: "планирование", presence: "просмотр", patch: "изменение", withdraw: "отзыв", delegate: "передача", decline: "отказ", "return": "возврат", start: "начало", rating: "оценка", split: "разделение",
    } as Record<string, string>,
  },
  en: {
    title: "Audit",
    about: "Who did what, and when. Entries are never changed or deleted.",
    columns: { at: "When", who: "Who", operation: "Action", object: "On what", code: "Code of the object", outcome: "Outcome", remote: "From", request: "Request", token: "By token" },
    ok: "Done",
    begun: "Not ended",
    filters: { actor: "Who", operation: "Action", object: "On what", outcome: "Outcome", days: "When", request: "Number of the request" },
    operationHint: "for example documents.reply",
    objectHint: "for example documents/doc_…",
    allOf: (code: string) => `${code}: all actions`,
    kinds: {
      documents: "Document", appeals: "Appeal", tasks: "Task", drafts: "Draft", channels: "Channel", rules: "Rule", users: "User", parties: "Applicant", erasures: "Erasure", jobs: "Job", plugins: "Connector", calendars: "Calendar",
      directories: "Directory", journals: "Journal", deliveries: "Delivery", signatures: "Signature", filters: "Filter", settings: "Settings", sessions: "Session", tokens: "Token", deadletters: "Dead letter", "dead-letters": "Dead letter", "mass-runs": "Mass operation", "routing-rules": "Rule", backups: "Backup",
    } as Record<string, string>,
    whole: {} as Record<string, string>,
    things: {} as Record<string, string>,
    acts: {} as Record<string, string>,
  },
})

/** actionTitle tells an operation of the contract in words; its own name where there are none. */
export function actionTitle(operation: string, t: { whole: Record<string, string>; things: Record<string, string>; acts: Record<string, string> }): string {
  if (t.whole[operation]) return t.whole[operation]
  const [thing = "", act = ""] = operation.split(".")
  return t.things[thing] && t.acts[act] ? `${t.things[thing]}: ${t.acts[act]}` : operation
}
