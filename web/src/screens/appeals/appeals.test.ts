import { expect, test } from "vitest"
import { fill } from "./card/model"
import { type Row, tone } from "./columns"
import { exportHref } from "./Export"

test("a template takes what is known and leaves the rest for the person", () => {
  expect(fill("Здравствуйте, {applicant}! {number}, {due}", { applicant: "Иванов", number: "Вх-1" })).toBe("Здравствуйте, Иванов! Вх-1, {due}")
})

test("the file has what the list finds, in its order", () => {
  const href = exportHref(new URLSearchParams({ state: "new", line: "l1", view: "open", number: "Вх-1", size: "20", sort: "-due", after: "x" }), ["number", "due"], "csv")
  expect(Object.fromEntries(new URL(href, "http://hub").searchParams)).toEqual({ columns: "number,due", format: "csv", state: "new", line: "l1", view: "open", number: "Вх-1", order: "-due" })
  expect(new URL(href, "http://hub").pathname).toBe("/api/v1/reports/appeals")
})

test("a row is marked by what it asks for", () => {
  const now = Date.parse("2026-11-22T09:00:00Z")
  const row = (state: string, due_at?: string, mark?: string) => ({ appeal: { state }, due_at, marks: mark ? [{ kind: mark }] : [] }) as unknown as Row
  expect(tone(row("in_work", "2026-11-22T08:00:00Z"), now)).toBe("bad")
  expect(tone(row("in_work", "2026-11-23T08:00:00Z"), now)).toBe("warn")
  expect(tone(row("new", "2026-11-29T08:00:00Z"), now)).toBe("active")
  expect(tone(row("closed", "2026-11-22T08:00:00Z"), now)).toBeUndefined()
  expect(tone(row("closed", undefined, "to_call"), now)).toBe("info")
})
