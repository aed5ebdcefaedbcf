import { counted, texts } from "../../texts/i18n"

/** The words of the list of appeals. */
export const words = texts({
  ru: {
    title: "Обращения", create: "Новое обращение", anyLine: "Все линии",
    views: { all: "Все", open: "Открытые", not_in_work: "Не в работе", planned: "Запланированные", overdue: "Просроченные" },
    number: "Номер", state: "Состояние", applicant: "Заявитель", subject: "Тема", reason: "Причина", group: "Группа причин", line: "Линия", operator: "Оператор",
    source: "Источник", tag: "Тег", tags: "Теги", channel: "Канал", due: "Срок", received: "Поступило", updated: "Изменено", account: "Лицевой счёт", address: "Адрес",
    contact: "Телефон или почта заявителя", mark: "Пометка", files: "Файлы", rating: "Оценка", planned: "Запланировано на", period: "Поступило",
    marks: { quarantine: "карантин", automatic: "автоответ", bounce: "возврат", oversized: "слишком большое", repaired: "исправлено", withdrawn: "отозвано", erased: "данные стёрты", to_call: "позвонить" },
    legend: { overdue: "срок прошёл", soon: "срок меньше суток", fresh: "новое, никто не взял", toCall: "заявителю надо позвонить" },
    noSubject: "Без темы",
    saved: "Мои отборы", save: "Сохранить отбор", savedName: "Название отбора", shared: "виден всем", savedDone: "Отбор сохранён", remove: "Удалить", noSaved: "Сохранённых отборов пока нет", plain: "Отборов нет: выберите фильтры и нажмите «Найти»",
    take: "Взять в работу", hand: "Передать", close: "Закрыть", forward: "Передать в систему", tag_: "Теги", cancel: "Отмена", run: "Выполнить",
    bulk: (n: number) => `Выбрано: ${counted(n, "обращение", "обращения", "обращений")}`,
    final: "Отменить это действие будет нельзя", undo: "Вернуть как было", stop: "Остановить", done: "Готово", failed: "Не выполнено",
    bulkDone: (done: number, total: number) => `Выполнено ${done} из ${total}`,
    result: "Результат", resultFrom: "Из шаблона", text: "Текст", toSystems: "Куда", addTags: "Добавить", removeTags: "Убрать",
    export: "Выгрузить", exportColumns: "Столбцы", exportFormat: "Файл", exportGo: "Скачать", exportNote: "В файле будет всё, что найдено по фильтрам списка, в его порядке.",
    columns: {
      number: "Номер", registered: "Поступило", subject: "Тема", appeal_state: "Состояние", applicant: "Заявитель", address: "Адрес", accounts: "Лицевые счета", reason_group: "Группа причин",
      reason: "Причина", description: "Описание", line: "Линия", operator: "Оператор", source: "Источник", channel: "Канал", due: "Срок", taken: "Взято", answered: "Отвечено", ended: "Завершено",
      result: "Результат", reject_reason: "Причина отклонения", rating: "Оценка", spent_seconds: "Затрачено, секунд", transfers: "Передач", tag: "Теги", organization: "Организация",
    },
  },
  en: {
    title: "Appeals", create: "New appeal", anyLine: "All lines",
    views: { all: "All", open: "Open", not_in_work: "Not in work", planned: "Planned", overdue: "Overdue" },
    number: "Number", state: "State", applicant: "Applicant", subject: "Subject", reason: "Reason", group: "Group of reasons", line: "Line", operator: "Operator",
    source: "Source", tag: "Tag", tags: "Tags", channel: "Channel", due: "Due", received: "Received", updated: "Changed", account: "Account", address: "Address",
    contact: "Phone or e-mail of the applicant", mark: "Mark", files: "Files", rating: "Rating", planned: "Planned for", period: "Received",
    marks: { quarantine: "quarantine", automatic: "automatic", bounce: "bounce", oversized: "too large", repaired: "repaired", withdrawn: "withdrawn", erased: "erased", to_call: "to call" },
    legend: { overdue: "overdue", soon: "due within a day", fresh: "new, nobody took it", toCall: "the applicant must be called" },
    noSubject: "No subject",
    saved: "My filters", save: "Save the filter", savedName: "Name of the filter", shared: "everybody sees it", savedDone: "The filter is saved", remove: "Delete", noSaved: "No saved filters yet", plain: "No filters: choose some and press “Find”",
    take: "Take", hand: "Hand over", close: "Close", forward: "Forward", tag_: "Tags", cancel: "Cancel", run: "Do it",
    bulk: (n: number) => `Selected: ${n} appeals`,
    final: "This cannot be undone", undo: "Put back", stop: "Stop", done: "Done", failed: "Not done",
    bulkDone: (done: number, total: number) => `${done} of ${total} done`,
    result: "Result", resultFrom: "From a template", text: "Text", toSystems: "Where to", addTags: "Add", removeTags: "Remove",
    export: "Export", exportColumns: "Columns", exportFormat: "File", exportGo: "Download", exportNote: "All that the list finds, in its order.",
    columns: {
      number: "Number", registered: "Received", subject: "Subject", appeal_state: "State", applicant: "Applicant", address: "Address", accounts: "Accounts", reason_group: "Group of reasons",
      reason: "Reason", description: "Description", line: "Line", operator: "Operator", source: "Source", channel: "Channel", due: "Due", taken: "Taken", answered: "Answered", ended: "Ended",
      result: "Result", reject_reason: "Why rejected", rating: "Rating", spent_seconds: "Seconds spent", transfers: "Transfers", tag: "Tags", organization: "Organisation",
    },
  },
})

export type Words = (typeof words)["ru"]
