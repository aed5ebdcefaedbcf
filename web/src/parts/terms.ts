import { plural, texts } from "../texts/i18n"

type Unit = "calendar_days" | "working_days" | "working_hours" | "hours"

/** The units of terms, as they are said after a number. */
export const termUnits = texts<Record<Unit, (n: number) => string>>({
  ru: {
    calendar_days: (n) => plural(n, "календарный день", "календарных дня", "календарных дней"), working_days: (n) => plural(n, "рабочий день", "рабочих дня", "рабочих дней"),
    working_hours: (n) => plural(n, "рабочий час", "рабочих часа", "рабочих часов"), hours: (n) => plural(n, "час", "часа", "часов"),
  },
  en: {
    calendar_days: (n) => (n === 1 ? "calendar day" : "calendar days"), working_days: (n) => (n === 1 ? "working day" : "working days"),
    working_hours: (n) => (n === 1 ? "working hour" : "working hours"), hours: (n) => (n === 1 ? "hour" : "hours"),
  },
})
