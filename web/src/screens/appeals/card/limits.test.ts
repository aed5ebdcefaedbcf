import { expect, test } from "vitest"
import type { Schema } from "../../../api/client"
import { bounds, hurdles } from "./limits"
import { words } from "./texts"

const t = words.ru.limits
const channel = (limits: Schema<"PluginLimits">, purposes: Schema<"Purpose">[] = ["answer"]) => ({ id: "x", carries: { purposes, limits } })
const file = (name: string, size: number, type = "application/pdf") => ({ name, size, type })

test("what a channel cannot carry is said before it is sent", () => {
  const tight = channel({ text_runes: 5, files: 1, file_bytes: 100, message_bytes: 150, file_types: ["image/*", ".pdf"] })
  expect(hurdles(t, tight, { text: "Мир", files: [] }, true)).toEqual([])
  expect(hurdles(t, tight, { text: "Мир", files: [file("a.pdf", 90)] }, true)).toEqual([])
  expect(hurdles(t, tight, { text: "Привет", files: [] }, true)).toEqual([t.longText(6, 5)])
  expect(hurdles(t, tight, { text: "", files: [file("a.pdf", 101)] }, true)).toEqual([t.bigFile("a.pdf", "100 Б")])
  expect(hurdles(t, tight, { text: "", files: [file("a.png", 1, "image/png"), file("b.exe", 1, "application/x-dosexec")] }, true)).toEqual([t.manyFiles(2, 1), t.wrongType("b.exe")])
  expect(hurdles(t, tight, { text: "", files: [file("a.pdf", 90), file("b.pdf", 90)] }, true)).toContain(t.tooMuch("180 Б", "150 Б"))
})

test("a channel that cannot begin a conversation carries nothing to whom it does not know", () => {
  expect(hurdles(t, channel({}), { text: "", files: [] }, false)).toEqual([t.notFirst])
  expect(hurdles(t, channel({ may_write_first: true }), { text: "", files: [] }, false)).toEqual([])
  expect(hurdles(t, channel({}, ["notice"]), { text: "", files: [] }, true)).toEqual([t.noAnswers])
  expect(hurdles(t, { id: "gone" }, { text: "", files: [] }, false)).toEqual([])
})

test("the bounds of a channel are told in words", () => {
  expect(bounds(t, channel({ message_bytes: 25 << 20, knows_read: true }))).toEqual([t.plain, t.all("25 МБ"), t.read])
})
