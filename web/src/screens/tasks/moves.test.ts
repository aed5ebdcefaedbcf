import { describe, expect, it } from "vitest"
import type { Schema } from "../../api/client"
import { movesOf } from "./moves"

const task = (state: Schema<"TaskState">) => ({ kind: "assignment", state, author: "author", performer: "performer", controller: "controller" }) as Schema<"Task">

describe("movesOf", () => {
  it("lets the performer accept or decline what was handed out", () => {
    expect(movesOf(task("assigned"), "performer", false)).toEqual(["accept", "start", "decline", "delegate"])
  })
  it("lets author and controller judge the result, the performer not", () => {
    for (const user of ["author", "controller"]) expect(movesOf(task("done"), user, false)).toEqual(["close", "return"])
    expect(movesOf(task("done"), "performer", true)).toEqual([])
  })
  it("offers nothing to a stranger", () => {
    for (const state of ["draft", "assigned", "in_work", "done", "closed"] as const) expect(movesOf(task(state), "stranger", false)).toEqual([])
  })
})
