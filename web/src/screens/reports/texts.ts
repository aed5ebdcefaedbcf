import { texts } from "../../texts/i18n"
import type { Dimension, Group, Measure } from "./reports"

type Reports = {
  title: string; groups: Record<Group, string>; names: Record<string, string>; dimensions: Record<Dimension, string>; measures: Record<Measure, string>
  /** What a plot calls them where a table says how many. */
  series: Partial<Record<Measure, string>>
  period: string; newTab: string; print: string; none: string; total: string; empty: string; csv: string; xlsx: string; all: string; unknown: string; every: string; noValue: string
  organization: string; line: string; operator: string; source: string; channel: string; parameters: string; plot: (name: string) => string
}

export const words = texts<Reports>({
  ru: {
    title: "Отчёты", groups: { flow: "Поступление", terms: "Сроки", people: "Сотрудники и линии", quality: "Содержание и качество" },
    names: {
      days: "Поступление по дням", months: "Поступление по месяцам", hours: "Поступление по часам суток", channels: "Поступление по каналам", sources: "Обращения по источникам", directions: "Документы по направлениям и состояниям", organizations: "Обращения по организациям", forwarded: "Переданные во внешние системы",
      "terms-months": "Соблюдение сроков по месяцам", "terms-lines": "Соблюдение сроков по линиям", "terms-reasons": "Соблюдение сроков по причинам", operators: "Работа операторов", lines: "Работа линий поддержки", states: "Обращения по состояниям", reasons: "Причины обращений", tags: "Документы по тегам",
    },
    dimensions: { appeal_state: "Состояние обращения", channel: "Канал", day: "День", day_hour: "Час", direction: "Направление", forwarded_to: "Куда передано", hour: "Час", kind: "Вид", line: "Линия", month: "Месяц", operator: "Оператор", organization: "Организация", reason: "Причина", reason_group: "Группа причин", source: "Источник", state: "Состояние", tag: "Тег", week: "Неделя" },
    measures: { documents: "Документов", appeals: "Обращений", answered: "Отвечено", closed: "Закрыто", rejected: "Отклонено", reopened: "Возобновлено", transfers: "Передач", forwarded: "Переслано", in_time: "В срок", late: "С опозданием", overdue: "Просрочено", running: "В работе, срок идёт", spent_seconds: "Затрачено времени", taken_seconds: "До взятия в работу", ended_seconds: "До завершения", rated: "Оценено", rating: "Средняя оценка" },
    series: { documents: "Документы", appeals: "Обращения" },
    period: "Период", newTab: "В новой вкладке", print: "Напечатать", none: "не указано", total: "Итого", empty: "За этот период данных нет", csv: "Выгрузить CSV", xlsx: "Выгрузить XLSX", all: "Отчёты", unknown: "Такого отчёта нет", every: "Все", noValue: "—",
    organization: "Организация", line: "Линия", operator: "Оператор", source: "Источник", channel: "Канал", parameters: "Параметры отчёта", plot: (name) => `График: ${name}`,
  },
  en: {
    title: "Reports", groups: { flow: "Flow", terms: "Terms", people: "People and lines", quality: "Matter and quality" },
    names: {
      days: "Received by days", months: "Received by months", hours: "Received by hours of the day", channels: "Received by channels", sources: "Appeals by sources", directions: "Documents by directions and states", organizations: "Appeals by organisations", forwarded: "Forwarded to outside systems",
      "terms-months": "Terms by months", "terms-lines": "Terms by lines", "terms-reasons": "Terms by reasons", operators: "Work of operators", lines: "Work of support lines", states: "Appeals by state", reasons: "Reasons of appeals", tags: "Documents by tags",
    },
    dimensions: { appeal_state: "State of the appeal", channel: "Channel", day: "Day", day_hour: "Hour", direction: "Direction", forwarded_to: "Forwarded to", hour: "Hour", kind: "Kind", line: "Line", month: "Month", operator: "Operator", organization: "Organisation", reason: "Reason", reason_group: "Reason group", source: "Source", state: "State", tag: "Tag", week: "Week" },
    measures: { documents: "Documents", appeals: "Appeals", answered: "Answered", closed: "Closed", rejected: "Rejected", reopened: "Reopened", transfers: "Transfers", forwarded: "Forwarded", in_time: "In time", late: "Late", overdue: "Overdue", running: "Running", spent_seconds: "Time spent", taken_seconds: "Until taken", ended_seconds: "Until ended", rated: "Rated", rating: "Average rating" },
    series: {},
    period: "Period", newTab: "In a new tab", print: "Print", none: "not given", total: "Total", empty: "No data for this period", csv: "Export CSV", xlsx: "Export XLSX", all: "Reports", unknown: "There is no such report", every: "All", noValue: "—",
    organization: "Organisation", line: "Line", operator: "Operator", source: "Source", channel: "Channel", parameters: "Parameters", plot: (name) => `Plot: ${name}`,
  },
})
