import { expect, test } from "vitest"
import type { Schema } from "../../api/client"
import { keyText, pointsOf } from "./points"
import { reports } from "./reports"

const row = (value: string, documents: number) => ({ keys: [{ value, title: value }], documents, appeals: 1 }) as Schema<"ReportRow">
const days = reports.find((r) => r.id === "days")!

test("days on which nothing came are drawn as nothing", () => {
  const points = pointsOf(days, [row("2026-02-27", 3), row("2026-03-01", 5)], "2026-02-26", "2026-03-01", "—")
  expect(points.map((p) => [p.title, p.values.documents, p.values.appeals])).toEqual([["26.02", 0, 0], ["27.02", 3, 1], ["28.02", 0, 0], ["01.03", 5, 1]])
})

test("all hours of the day are drawn", () => {
  const points = pointsOf(reports.find((r) => r.id === "hours")!, [row("09:00", 3)], "2026-02-26", "2026-03-01", "—")
  expect([points.length, points[0]?.title, points[9]?.values.documents, points[23]?.title]).toEqual([24, "00:00", 3, "23:00"])
})

test("of a long period only the days that have something are drawn", () => {
  expect(pointsOf(days, [row("2026-02-27", 3)], "2020-01-01", "2026-03-01", "—").map((p) => p.title)).toEqual(["27.02.2026"])
})

test("days and months are called as the calendar has them", () => {
  expect(keyText("day", { value: "2026-11-22", title: "2026-11-22" }, "—")).toBe("22.11.2026")
  expect(keyText("month", { value: "2026-11", title: "2026-11" }, "—")).toMatch(/^ноябрь 2026/)
  expect(keyText("line", { value: "", title: "" }, "не указано")).toBe("не указано")
})
