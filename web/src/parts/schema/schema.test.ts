import { describe, expect, it } from "vitest"
import { at, faultWithin, fieldsOf, isShown, type JsonSchema, missing, parseDuration, set, strayFaults, withDefaults } from "./schema"

const schema: JsonSchema = {
  type: "object",
  required: ["address"],
  "x-order": ["auth", "address", "password", "oauth", "imap", "rows"],
  allOf: [{ if: { properties: { auth: { enum: ["password"] } } }, then: { required: ["password"] } }],
  properties: {
    address: { type: "string" },
    auth: { type: "string", enum: ["password", "oauth"], default: "password" },
    password: { type: "string", "x-secret": true, "x-when": { field: "auth", values: ["password"] } },
    oauth: { type: "object", "x-when": { field: "auth", values: ["oauth"] }, required: ["token"], properties: { token: { type: "string" } } },
    imap: { type: "object", required: ["host"], properties: { host: { type: "string" }, port: { type: "integer", default: 993 }, login: { type: "string", "x-when": { field: "auth", values: ["oauth"] } } } },
    rows: { type: "array", items: { type: "object", required: ["name"], properties: { name: { type: "string" } } } },
  },
}

const fields = (values: Record<string, unknown>, secrets?: string[]) => missing(schema, values, "!", secrets).map((f) => f.field)

describe("a form from a schema", () => {
  it("shows fields in the order of the schema", () => expect(fieldsOf(schema).map(([name]) => name)).toEqual(schema["x-order"]))
  it("begins with the defaults, within groups too, and keeps what is given", () => {
    expect(withDefaults(schema, { imap: { port: 143 } })).toEqual({ auth: "password", imap: { port: 143 }, oauth: {} })
  })
  it("shows a field only while what it depends on has the value", () => {
    const shown = (name: string, values: Record<string, unknown>) => isShown(schema.properties![name]!, values, schema, values, schema)
    expect([shown("password", {}), shown("oauth", {})]).toEqual([true, false])
    expect([shown("password", { auth: "oauth" }), shown("oauth", { auth: "oauth" })]).toEqual([false, true])
  })
  it("looks for the field of a condition from the root as well", () => {
    const imap = schema.properties!.imap!
    expect(isShown(imap.properties!.login!, {}, imap, { auth: "oauth" }, schema)).toBe(true)
    expect(isShown(imap.properties!.login!, {}, imap, { auth: "password" }, schema)).toBe(false)
  })
})

describe("what is missing", () => {
  it("is named by its path, in groups and rows, and only where it is shown", () => {
    expect(fields({ rows: [{ name: "a" }, {}] })).toEqual(["address", "password", "imap.host", "rows.1.name"].sort((a, b) => schema["x-order"]!.indexOf(a.split(".")[0]!) - schema["x-order"]!.indexOf(b.split(".")[0]!)))
    expect(fields({ address: "a", auth: "oauth", imap: { host: "h" } })).toEqual(["oauth.token"])
  })
  it("does not count secrets the hub keeps", () => expect(fields({ address: "a", imap: { host: "h" } }, ["password"])).toEqual([]))
})

describe("faults", () => {
  it("of fields the form does not have are told apart", () => {
    const say = (field: string) => ({ field, text: "нет" })
    expect(strayFaults(schema, ["imap.host", "rows.0.name", "colour", "imap.colour"].map(say), { rows: [{}] })).toEqual(["нет", "Imap — нет"])
  })
  it("of a field that is not shown now, or of a row that is gone, stand at the head by their titles", () => {
    const titles: JsonSchema = { type: "object", properties: {
      kind: { type: "string" }, boxes: { type: "array", title: "Ящики", items: { type: "object", properties: { host: { type: "string", title: "Сервер" } } } },
      oauth: { type: "object", title: "Вход", "x-when": { field: "kind", values: ["oauth"] }, properties: { token: { type: "string", title: "Токен" } } },
    } }
    const faults = [{ field: "boxes.1.host", text: "не отвечает" }, { field: "oauth.token", text: "просрочен" }]
    expect(strayFaults(titles, faults, { boxes: [{}] })).toEqual(["Ящики, 2: Сервер — не отвечает", "Вход: Токен — просрочен"])
    expect(strayFaults(titles, faults, { kind: "oauth", boxes: [{}, {}] })).toEqual([])
  })
  it("of values in one control are told with their number or name", () => {
    const faults = [{ field: "folders.1", text: "нет такой" }, { field: "headers.X-A", text: "пусто" }]
    expect([faultWithin(faults, "folders"), faultWithin(faults, "headers"), faultWithin(faults, "head")]).toEqual(["2 — нет такой", "X-A — пусто", undefined])
  })
})

describe("values", () => {
  it("are reached and set by name", () => {
    expect(at({ a: { b: 1 } }, "a.b")).toBe(1)
    expect(at({ a: 1 }, "a.b.c")).toBeUndefined()
    expect(set({ a: 1, b: 2 }, "a", undefined)).toEqual({ b: 2 })
  })
  it.each([["5m", { amount: 5, unit: "m" }], ["90s", { amount: 90, unit: "s" }], ["1h30m", { amount: 90, unit: "m" }], ["24h", { amount: 24, unit: "h" }], ["0s", { amount: 0, unit: "s" }], ["soon", undefined], ["", undefined]])("%s is a duration", (text, want) => {
    expect(parseDuration(text)).toEqual(want)
  })
})
