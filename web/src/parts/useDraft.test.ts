import { afterEach, describe, expect, it } from "vitest"
import { keep } from "../app/prefs"
import { readDraft } from "./useDraft"

afterEach(() => localStorage.clear())

describe("a draft", () => {
  it("comes back after a reload", () => {
    keep("draft.u.reply", JSON.stringify({ at: 1000, value: "Уважаемая" }))
    expect(readDraft("draft.u.reply", 2000)).toBe("Уважаемая")
  })
  it("is forgotten after a month, and a broken one is none", () => {
    keep("draft.u.reply", JSON.stringify({ at: 1000, value: "Уважаемая" }))
    expect(readDraft("draft.u.reply", 1000 + 31 * 86_400_000)).toBeUndefined()
    keep("draft.u.reply", "{")
    expect(readDraft("draft.u.reply")).toBeUndefined()
  })
})
