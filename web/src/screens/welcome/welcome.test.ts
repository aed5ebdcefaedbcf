import { describe, expect, it } from "vitest"
import { brief } from "./brief"
import { apply, byAddress, presets } from "./presets"

const mail = presets.email!

describe("a mail provider", () => {
  it("is known by the address", () => {
    expect(byAddress(mail, "dom@Yandex.ru")?.title).toBe("Яндекс 360")
    expect(byAddress(mail, "dom@uk-dom.ru")).toBeUndefined()
    expect(byAddress(mail, undefined)).toBeUndefined()
  })
  it("fills in servers and leaves the rest", () => {
    const settings = apply({ address: "a@bk.ru", imap: { folders: ["INBOX"], host: "old" } }, byAddress(mail, "a@bk.ru")!)
    expect(settings).toMatchObject({ address: "a@bk.ru", imap: { folders: ["INBOX"], host: "imap.mail.ru", port: 993 }, smtp: { host: "smtp.mail.ru" } })
  })
})

describe("the brief form", () => {
  it("asks for what is needed and leaves out what has a default", () => {
    const short = brief({
      type: "object", required: ["address"],
      properties: {
        address: { type: "string" }, aliases: { type: "array" }, auth: { enum: ["a", "b"] }, password: { "x-secret": true, "x-when": { field: "auth", values: ["a"] } },
        imap: { properties: { host: {}, every: { default: "5m" } }, required: ["host"] }, letter: { properties: { signature: {} } },
      },
    })
    expect(Object.keys(short.properties!)).toEqual(["address", "auth", "password", "imap"])
    expect(Object.keys(short.properties!.imap!.properties!)).toEqual(["host"])
  })
})
