import { texts } from "../../texts/i18n"

export const words = texts({
  ru: {
    title: "Справочники", find: "Найти справочник", readOnly: "только чтение", create: "Добавить", search: "Начало названия", forOrg: "Организация", forAll: "Для всех", yes: "да", no: "нет", empty: "Записей нет",
    remove: "Удалить", removeAsk: (name: string) => `Удалить «${name}»?`, usedAsk: (name: string) => `«${name}» используется. Всё равно удалить?`, removeText: "Запись можно будет восстановить.", removed: "Удалено", restore: "Восстановить", restored: "Восстановлено", saved: "Сохранено", required: "Заполните это поле", deletedOnes: "Удалённые", deletedInstead: "показать вместо действующих",
    import: "Загрузить из CSV", importTitle: "Загрузка из файла CSV", importHelp: "Первая строка называет столбцы: поля по имени или названию. Сначала файл проверяется, ничего не записывая.", choose: "Файл CSV", encoding: "Кодировка", guess: "определить самим", check: "Проверить", take: "Загрузить всё", takeGood: "Загрузить верные строки",
    report: (r: { rows: number; created: number; updated: number; unchanged: number; bad: number }) => `Строк: ${r.rows}. Новых: ${r.created}, изменено: ${r.updated}, без изменений: ${r.unchanged}, с ошибками: ${r.bad}.`, taken: "Загружено", notTaken: "Проверено, пока ничего не записано", line: "Строка", field: "Поле", fault: "Что не так",
    xlsx: "Книга XLSX", csv: "CSV (UTF-8)", csv1251: "CSV (Windows-1251)", listHint: "Введите значение и нажмите Enter",
    outside: "задаёт внешняя система", hours: "ч", termKind: "Единица срока", who: "Организация",
  },
  en: {
    title: "Directories", find: "Find a directory", readOnly: "read only", create: "Add", search: "Beginning of the title", forOrg: "Organisation", forAll: "For all", yes: "yes", no: "no", empty: "No entries",
    remove: "Delete", removeAsk: (name: string) => `Delete “${name}”?`, usedAsk: (name: string) => `“${name}” is used. Delete it all the same?`, removeText: "The entry can be restored.", removed: "Deleted", restore: "Restore", restored: "Restored", saved: "Saved", required: "Fill this in", deletedOnes: "Deleted ones", deletedInstead: "show instead of the live",
    import: "Import CSV", importTitle: "Import of a CSV file", importHelp: "The first line names the columns: fields by name or title. The file is checked first, without writing anything.", choose: "CSV file", encoding: "Encoding", guess: "find out", check: "Check", take: "Take all", takeGood: "Take the good rows",
    report: (r: { rows: number; created: number; updated: number; unchanged: number; bad: number }) => `Rows: ${r.rows}. New: ${r.created}, changed: ${r.updated}, unchanged: ${r.unchanged}, bad: ${r.bad}.`, taken: "Taken", notTaken: "Checked, nothing is written yet", line: "Line", field: "Field", fault: "What is wrong",
    xlsx: "Workbook, XLSX", csv: "CSV (UTF-8)", csv1251: "CSV (Windows-1251)", listHint: "Type a value and press Enter",
    outside: "set by the outside system", hours: "h", termKind: "Unit", who: "Organisation",
  },
})
