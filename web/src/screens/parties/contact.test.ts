import { describe, expect, it } from "vitest"
import { contact } from "./contact"

describe("contact", () => {
  it("groups the digits of a Russian phone and leaves everything else", () => {
    expect(contact({ kind: "phone", value: "+79161234567" })).toBe("+7 916 123-45-67")
    for (const [kind, value] of [["phone", "+375291234567"], ["phone", "112"], ["inn", "+79161234567"]] as const) expect(contact({ kind, value })).toBe(value)
  })
})
