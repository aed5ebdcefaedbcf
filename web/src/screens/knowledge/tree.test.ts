import { describe, expect, it } from "vitest"
import type { Schema } from "../../api/client"
import { treeOf } from "./tree"

const article = (id: string, title: string, parent?: string, text?: string) => ({ id, values: { title, parent, text } }) as unknown as Schema<"Entry">
const all = [article("a", "Кровля"), article("b", "Осмотр", "a", "акт за сутки"), article("c", "Отопление"), article("d", "Сирота", "нет такого")]

describe("treeOf", () => {
  it("puts articles under their sections, those without one at the top", () => {
    expect(treeOf(all, "").map((n) => [n.title, n.children.map((c) => c.title)])).toEqual([["Кровля", ["Осмотр"]], ["Отопление", []], ["Сирота", []]])
  })
  it("keeps the section above an article that has the word", () => {
    expect(treeOf(all, "АКТ").map((n) => [n.title, n.children.map((c) => c.title)])).toEqual([["Кровля", ["Осмотр"]]])
  })
})
