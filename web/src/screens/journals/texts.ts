import { texts } from "../../texts/i18n"

export const words = texts({
  ru: {
    title: "Журналы регистрации", about: "По журналу документ получает номер. Уже выданные номера от изменений журнала не меняются.",
    add: "Новый журнал", edit: "Журнал", none: "Журналов нет", noneDeleted: "Удалённых журналов нет", view: "Какие журналы", views: { now: "Действующие", deleted: "Удалённые" },
    name: "Название", direction: "Направление", directions: { incoming: "Входящие", outgoing: "Исходящие", internal: "Внутренние" },
    template: "Шаблон номера", templateHint: "{n} — порядковый номер, {n:06} — с нулями впереди, {yyyy} и {yy} — год, {mm} — месяц, {dd} — день, {index} — индекс",
    index: "Индекс по номенклатуре", yearly: "Начинать с 1 каждый год", everyYear: "Нумерация с 1 каждый год", yes: "Да", no: "Нет", next: "Следующий номер", deletedAt: "Удалён",
    code: "Код", codeHint: "Строчные латинские буквы, цифры и дефис; потом не меняется", saved: "Журнал сохранён",
    remove: "Удалить", removeAsk: (title: string) => `Удалить журнал «${title}»?`, removeText: "Документы и их номера останутся. Журнал можно будет вернуть.", removed: "Журнал удалён",
    restore: "Вернуть", restored: "Журнал возвращён",
  },
  en: {
    title: "Registration journals", about: "A journal gives documents their numbers. Numbers already given stay as they are.",
    add: "New journal", edit: "Journal", none: "No journals", noneDeleted: "No deleted journals", view: "Which journals", views: { now: "In use", deleted: "Deleted" },
    name: "Title", direction: "Direction", directions: { incoming: "Incoming", outgoing: "Outgoing", internal: "Internal" },
    template: "Template of the number", templateHint: "{n} is the number in order, {n:06} with zeros before it, {yyyy} and {yy} the year, {mm} the month, {dd} the day, {index} the index",
    index: "Nomenclature index", yearly: "Begin at 1 every year", everyYear: "Numbered from 1 every year", yes: "Yes", no: "No", next: "Next number", deletedAt: "Deleted",
    code: "Code", codeHint: "Lower-case Latin letters, digits and dashes; it never changes", saved: "The journal is saved",
    remove: "Delete", removeAsk: (title: string) => `Delete the journal “${title}”?`, removeText: "Documents and their numbers stay. The journal can be brought back.", removed: "The journal is deleted",
    restore: "Restore", restored: "The journal is back",
  },
})
