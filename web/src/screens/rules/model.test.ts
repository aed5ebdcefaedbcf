import { describe, expect, test } from "vitest"
import { drafted, groupOf, kindOf, pruned, type Rule, rooted } from "./model"

const leaf = { field: "subject", is: "contains", values: ["течь"] } as const
const said = { ...leaf, values: [...leaf.values] }

describe("conditions", () => {
  test("a rule without conditions begins with an empty group and is written without one", () => {
    expect(rooted(undefined)).toEqual({ all: [] })
    expect(pruned({ all: [] })).toBeUndefined()
  })
  test("a lone condition gets a group around it", () => {
    expect(rooted(said)).toEqual({ all: [said] })
  })
  test("a group under not is negated and stays so", () => {
    expect(groupOf({ not: { any: [said] } })).toEqual({ join: "any", items: [said], negated: true })
    expect(pruned({ not: { any: [said] } })).toEqual({ not: { any: [said] } })
  })
  test("empty groups within are taken out, at any depth", () => {
    expect(pruned({ all: [said, { any: [{ not: { all: [] } }] }] })).toEqual({ all: [said] })
  })
  test("a field knows how it is compared", () => {
    expect([kindOf("subject"), kindOf("appeals"), kindOf("working_time")]).toEqual(["text", "number", "flag"])
  })
})

test("a draft takes the place of its rule, a new one stands below; it is on either way", () => {
  const rules: Rule[] = [{ id: "a", title: "А", on: false, changed: 3, then: [{ do: "stop" }] }, { id: "b", title: "Б", on: true, changed: 1, then: [{ do: "stop" }] }]
  const draft = { title: "Новое", on: false, then: [{ do: "stop" as const }] }
  expect(drafted(rules, draft).map((r) => [r.id, r.title, r.on])).toEqual([["a", "А", false], ["b", "Б", true], [undefined, "Новое", true]])
  expect(drafted(rules, draft, "a").map((r) => [r.id, r.title, r.on])).toEqual([["a", "Новое", true], ["b", "Б", true]])
})
