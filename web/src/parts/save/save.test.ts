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
      { name: ["sender", "name"], errors: ["слишком длинно"] }, { name: ["subject"], errors: ["пусто", "нужна"] }, { name: ["addresses"], errors: ["1: значение — не телефон"] },
    ])
    expect(placed.rest).toEqual(["неизвестное поле"])
  })
  it("find a field that the REST wraps, but not another one by a row's number", () => {
    const form = (name: (string | number)[]) => ["approvers", "order", "user"].includes(name.join("."))
    const placed = placeFaults([{ field: "route.approvers.0.user", text: "такого нет" }, { field: "route.order", text: "нет" }], form)
    expect(placed.fields).toEqual([{ name: ["approvers"], errors: ["1: сотрудник — такого нет"] }, { name: ["order"], errors: ["нет"] }])
    expect(placeFaults([{ field: "week.0.user", text: "x" }], form).rest).toEqual(["Рабочие часы, 1: сотрудник — x"])
  })
  it("without a field say in Russian what they are about, and never in the words of the REST", () => {
    const rest = (field: string) => placeFaults([{ field, text: "такого нет" }], () => false).rest[0]
    expect(rest("route.approvers.0.user")).toBe("Согласующие, 1: сотрудник — такого нет")
    expect(rest("applicant.addresses.2.value")).toBe("Заявитель: контакты, 3: значение — такого нет")
    expect(rest("values")).toBe("Значения — такого нет")
    expect(rest("frobnicate.constructor")).toBe("такого нет")
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
