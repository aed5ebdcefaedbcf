import { describe, expect, it } from "vitest"
import { matches } from "./chord"

const press = (of: Partial<KeyboardEvent>) => ({ code: "", key: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, target: document.body, ...of }) as KeyboardEvent

describe("a chord", () => {
  it("is a place on the keyboard in the Russian layout too", () => {
    expect(matches("mod+K", press({ code: "KeyK", key: "л", ctrlKey: true }))).toBe(true)
    expect(matches("mod+K", press({ code: "KeyK", key: "k" }))).toBe(false)
    expect(matches("F", press({ code: "KeyF", key: "а" }))).toBe(true)
  })
  it("without mod is left alone while something is typed", () => {
    const target = document.createElement("textarea")
    expect(matches("F", press({ code: "KeyF", key: "f", target }))).toBe(false)
    expect(matches("?", press({ key: "?", shiftKey: true, target }))).toBe(false)
    expect(matches("mod+Enter", press({ key: "Enter", ctrlKey: true, target }))).toBe(true)
  })
  it("minds shift for named keys, not for signs", () => {
    expect(matches("?", press({ key: "?", shiftKey: true }))).toBe(true)
    expect(matches("Enter", press({ key: "Enter", shiftKey: true }))).toBe(false)
  })
})
