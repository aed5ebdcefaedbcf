import { expect, test } from "vitest"
import { changeDay, hoursText, monthDays, parseHours } from "./days"

test("a month stands in weeks from Monday, with gaps before and after", () => {
  const weeks = monthDays(2026, 10) // November begins on a Sunday
  expect(weeks[0]).toEqual(["", "", "", "", "", "", "2026-11-01"])
  expect(weeks.flat().filter(Boolean)).toHaveLength(30)
  expect(weeks.every((w) => w.length === 7)).toBe(true)
  expect(monthDays(2024, 1).flat().filter(Boolean).at(-1)).toBe("2024-02-29")
})

test("a day gets one kind at a time, in order, and loses it", () => {
  const days = changeDay(changeDay([{ date: "2026-05-01", kind: "holiday" }], "2026-03-01", "working"), "2026-05-01", "short")
  expect(days).toEqual([{ date: "2026-03-01", kind: "working" }, { date: "2026-05-01", kind: "short" }])
  expect(changeDay(days, "2026-03-01")).toEqual([{ date: "2026-05-01", kind: "short" }])
})

test("hours are read as they are written, with any dash; other text is refused", () => {
  const hours = [{ from: "09:00", to: "13:00" }, { from: "14:00", to: "18:00" }]
  expect(parseHours(hoursText(hours))).toEqual(hours)
  expect(parseHours("09:00 - 18:00")).toEqual([{ from: "09:00", to: "18:00" }])
  expect(parseHours("")).toEqual([])
  expect(parseHours("с девяти")).toBeUndefined()
})
