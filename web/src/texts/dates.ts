import { language } from "../app/language"

const DAY = 86_400_000

function format(at: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language() === "ru" ? "ru-RU" : "en-GB", options).format(at)
}

/** dateTime is «22.11.2026, 06:10» in the zone of the browser. */
export function dateTime(at: string | Date): string {
  return format(new Date(at), { day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit" })
}

/** exact is «22.11.2026, 06:10:05», for what is told apart by seconds. */
export function exact(at: string | Date): string {
  return format(new Date(at), { day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" })
}

/** date is «22.11.2026»; a day without time stays that day in every zone. */
export function date(at: string | Date): string {
  if (typeof at === "string" && /^\d{4}-\d\d-\d\d$/.test(at)) at = `${at}T00:00`
  return format(new Date(at), { day: "2-digit", month: "2-digit", year: "numeric" })
}

/** monthOf is «ноябрь 2026 г.» of 2026-11. */
export function monthOf(month: string): string {
  return format(new Date(`${month}-01T00:00`), { month: "long", year: "numeric" })
}

/** moment is short for lists: time today, day and month this year, else the date. */
export function moment(at: string | Date, now = new Date()): string {
  const d = new Date(at)
  if (d.toDateString() === now.toDateString()) return format(d, { hour: "2-digit", minute: "2-digit" })
  if (d.getFullYear() === now.getFullYear()) return format(d, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })
  return date(d)
}

/** ago tells how far it is from now: «3 часа назад», «через 2 дня». */
export function ago(at: string | Date, now = new Date()): string {
  const ms = new Date(at).getTime() - now.getTime()
  const words = new Intl.RelativeTimeFormat(language(), { numeric: "auto" })
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [["year", 365 * DAY], ["month", 30 * DAY], ["day", DAY], ["hour", 3_600_000], ["minute", 60_000]]
  for (const [unit, length] of steps) {
    if (Math.abs(ms) >= length) return words.format(Math.trunc(ms / length), unit)
  }
  return words.format(0, "minute")
}

/** span is a length of time: «2 ч 5 мин». */
export function span(seconds: number): string {
  const [h, m] = language() === "ru" ? ["ч", "мин"] : ["h", "min"]
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} ${m}` : `${Math.floor(minutes / 60)} ${h} ${minutes % 60} ${m}`
}

/** isoDay is the day of the browser's calendar as the REST wants it. */
export function isoDay(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0")
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}
