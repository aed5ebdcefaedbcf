import type { Schema } from "../../api/client"
import type { Point } from "../../parts/plot/props"
import { date, isoDay, monthOf } from "../../texts/dates"
import type { Definition, Dimension } from "./reports"

type Row = Schema<"ReportRow">

/** More points than this are no picture any more. */
const POINTS = 62

/** keyText is a key of a row as people read it: days and months by the calendar, the rest by their titles. */
export function keyText(dimension: Dimension, key: Row["keys"][number], none: string): string {
  if (dimension === "day" && key.value) return date(key.value)
  if (dimension === "month" && key.value) return monthOf(key.value)
  return key.title || none
}

/** pointsOf are the rows as a plot has them; the days and hours in which nothing happened stand among the others. */
export function pointsOf(report: Definition, rows: readonly Row[], from: string, to: string, none: string): Point[] {
  const values = (row?: Row) => Object.fromEntries(report.drawn.map((m) => [m, row?.[m] ?? 0]))
  if (report.by.join() === "day") {
    const days = daysOf(from, to)
    if (days.length > 0 && days.length <= POINTS) return days.map((day) => ({ key: day, title: date(day).slice(0, 5), values: values(rows.find((r) => r.keys[0]?.value === day)) }))
  }
  if (report.by.join() === "day_hour") return hours.map((hour) => ({ key: hour, title: hour, values: values(rows.find((r) => r.keys[0]?.value === hour)) }))
  return rows.slice(0, POINTS).map((r) => ({ key: r.keys.map((k) => k.value).join("|"), title: r.keys.map((k, i) => keyText(report.by[i]!, k, none)).join(" · "), values: values(r) }))
}

const hours = Array.from({ length: 24 }, (_, h) => `${String(h).padStart(2, "0")}:00`)

function daysOf(from: string, to: string): string[] {
  const days: string[] = []
  for (const at = new Date(`${from}T12:00`); isoDay(at) <= to && days.length <= POINTS; at.setDate(at.getDate() + 1)) days.push(isoDay(at))
  return days
}
