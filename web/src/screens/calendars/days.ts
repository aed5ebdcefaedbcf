import type { Schema } from "../../api/client"

export type Day = Schema<"SpecialDay">
type Interval = Schema<"Interval">

/** monthDays are the days of a month, 0 to 11, as ISO dates, in weeks that begin on Monday; gaps are empty. */
export function monthDays(year: number, month: number): string[][] {
  const first = new Date(Date.UTC(year, month, 1))
  const gap = (first.getUTCDay() + 6) % 7
  const count = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const cells = [...Array<string>(gap).fill(""), ...Array.from({ length: count }, (_, i) => new Date(Date.UTC(year, month, i + 1)).toISOString().slice(0, 10))]
  return Array.from({ length: Math.ceil(cells.length / 7) }, (_, w) => Array.from({ length: 7 }, (_, d) => cells[w * 7 + d] ?? ""))
}

/** changeDay gives the special days with another kind of one; without a kind the day is as the week says. */
export function changeDay(days: readonly Day[], date: string, kind?: Day["kind"]): Day[] {
  const rest = days.filter((d) => d.date !== date)
  return kind ? [...rest, { date, kind }].sort((a, b) => a.date.localeCompare(b.date)) : rest
}

/** hoursText writes working hours: «09:00–13:00, 14:00–18:00». */
export function hoursText(hours: readonly Interval[]): string {
  return hours.map((h) => `${h.from}–${h.to}`).join(", ")
}

/** parseHours reads them; undefined if it is written otherwise. */
export function parseHours(text: string): Interval[] | undefined {
  const parts = text.split(",").map((p) => p.trim()).filter(Boolean)
  const found = parts.map((p) => /^(\d\d:\d\d)\s*[–—-]\s*(\d\d:\d\d)$/.exec(p))
  return found.every((m) => m !== null) ? found.map((m) => ({ from: m![1]!, to: m![2]! })) : undefined
}
