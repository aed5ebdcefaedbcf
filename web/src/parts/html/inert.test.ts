import { describe, expect, it } from "vitest"
import { inert } from "./inert"

const none = () => undefined

describe("the HTML of a letter", () => {
  it.each([
    "<script>alert(1)</script>", "<p onclick='x()'>a</p>", "<a href=' javascript:x()'>a</a>", "<iframe src='//evil'></iframe>", "<svg onload=x()></svg>", "<form action='//evil'><input></form>",
    "<img src=x onerror=x()>", "<meta http-equiv=refresh content='0;url=//evil'>", "<base href='//evil'>", "<a href='data:text/html,x'>a</a>",
  ])("can do nothing: %s", (html) => {
    const body = inert(html, false, none).html.split("<body>")[1]!
    expect(body).not.toMatch(/<script|<iframe|<svg|<form|<input|<meta|<base|on\w+=|javascript:|data:text/i)
  })
  it("keeps pictures of other servers back until they are asked for", () => {
    const html = '<img data-remote-src="https://far/p.gif"><img src="http://far/q.gif">'
    const kept = inert(html, false, none)
    expect(kept.blocked).toBe(2)
    expect(kept.html.split("<body>")[1]).not.toMatch(/\ssrc="http/)
    const shown = inert(html, true, none)
    expect(shown.blocked).toBe(0)
    expect(shown.html).toContain('src="https://far/p.gif"')
  })
  it("shows the letter's own pictures", () => {
    const own = inert('<img src="cid:logo@x"><img src="cid:lost">', false, (id) => (id === "logo@x" ? "/api/v1/documents/d/files/h?inline=true" : undefined))
    expect(own.blocked).toBe(0)
    expect(own.html).toContain('src="/api/v1/documents/d/files/h?inline=true"')
    expect(own.html).not.toContain("cid:")
  })
})
