import { describe, expect, it } from "vitest"
import { type Filter, fromAddress, names, nextOrder, toAddress } from "./state"

const filters: Filter[] = [
  { kind: "text", name: "number", title: "Номер" },
  { kind: "dates", name: "from", to: "to", title: "Дата" },
]
const known = names(filters, ["view"])

describe("the state of a list in its address", () => {
  it("comes back as it was written", () => {
    const state = { values: { number: "Вх-1", from: "2026-01-01", view: "open" }, order: "-day", size: 20, after: "cur" }
    const address = toAddress(state, new URLSearchParams(), known, 50)
    expect(fromAddress(new URLSearchParams(address.toString()), known, 50)).toEqual(state)
  })
  it("leaves parameters of others alone and drops what was cleared", () => {
    const base = new URLSearchParams("draft=7&number=old&after=cur&size=20")
    const out = toAddress({ values: { number: "" }, size: 50 }, base, known, 50)
    expect(out.toString()).toBe("draft=7")
  })
  it("does not take a size or a filter it does not know", () => {
    const state = fromAddress(new URLSearchParams("size=7777&colour=red"), known, 50)
    expect(state).toEqual({ values: {}, order: undefined, size: 50, after: undefined })
  })
})

describe("sorting", () => {
  it("goes up, down, and back to the order of the list", () => {
    expect(nextOrder(undefined, "day")).toBe("day")
    expect(nextOrder("day", "day")).toBe("-day")
    expect(nextOrder("-day", "day")).toBeUndefined()
    expect(nextOrder("-day", "title")).toBe("title")
  })
})
