import { describe, expect, it } from "vitest"
import { ApiError, asApiError, isStale } from "../../api/errors"
import { namePath, placeFaults } from "./faults"
import { merge, same } from "./merge"

describe("faults of the REST", () => {
  const has = (name: (string | number)[]) => ["subject", "sender.name", "addresses"].includes(name.join("."))
  it("go to their fields, deeper ones to the field that holds them, the rest to the head", () => {
    const faults = [
      { field: "sender.name", text: "слишком длинно" }, { field: "subject", text: "пусто" }, { field: "subject", text: "нужна" },
      { field: "addresses.0.value", text: "не телефон" }, { field: "colour", text: "неизвестное поле" },
    ]
    const placed = placeFaults(faults, has)
    expect(placed.fields).toEqual([
      { name: ["sender", "name"], errors: ["слишком длинно"] }, { name: ["subject"], errors: ["пусто", "нужна"] }, { name: ["addresses"], errors: ["не телефон"] },
    ])
    expect(placed.rest).toEqual([{ field: "colour", text: "неизвестное поле" }])
  })
  it("have numbers for the places in lists", () => expect(namePath("files.2.name")).toEqual(["files", 2, "name"]))
  it("come out of one field or of many", () => {
    expect(new ApiError({ kind: "config", field: "imap.host", detail: "нет такого" }).faults).toEqual([{ field: "imap.host", text: "нет такого" }])
  })
})

describe("an error", () => {
  const answer = (status: number, headers = {}) => new Response(null, { status, headers })
  it("without a problem is the hub's own, or the hub is away", () => {
    expect(asApiError(undefined, answer(500)).kind).toBe("internal")
    expect(asApiError("<html>", answer(502)).kind).toBe("offline")
  })
  it("is stale by its code and says when to come again", () => {
    const e = asApiError({ kind: "conflict", code: "documents.stale", status: 409 }, answer(409, { "Retry-After": "8" }))
    expect(isStale(e)).toBe(true)
    expect(e.after).toBe(8)
    expect(isStale(asApiError({ kind: "conflict", code: "users.extension.taken", status: 409 }, answer(409)))).toBe(false)
  })
})

describe("a stale save", () => {
  const base = { title: "А", inn: "1", tags: ["x"], note: "" }
  it("takes from each side what it alone has changed", () => {
    const { values, clashes } = merge(base, { ...base, title: "Б" }, { ...base, inn: "2" })
    expect(values).toEqual({ ...base, title: "Б", inn: "2" })
    expect(clashes).toEqual([{ field: "inn", before: "1", mine: "1", theirs: "2", both: false }])
  })
  it("keeps mine and asks where both have changed", () => {
    const { values, clashes } = merge(base, { ...base, title: "Б" }, { ...base, title: "В" })
    expect(values.title).toBe("Б")
    expect(clashes).toMatchObject([{ field: "title", both: true }])
  })
  it("asks nothing where both came to the same", () => {
    expect(merge(base, { ...base, title: "Б" }, { ...base, title: "Б" }).clashes).toEqual([])
    expect(same({ a: 1, b: undefined }, { a: 1 })).toBe(true)
    expect(same("", undefined)).toBe(true)
    expect(same([1, 2], [2, 1])).toBe(false)
  })
})
