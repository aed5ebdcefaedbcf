import assert from "node:assert/strict"
import { createServer } from "node:http"
import { type AddressInfo } from "node:net"
import { after } from "node:test"
import type { Page } from "playwright-core"
import { journey, settled } from "./browser"
import { accessible } from "./checks"
import type { Appeal } from "./desk"
import { eventually } from "./process"
import { World } from "./world"

const world = await World.start({ plugins: ["email"], mail: true })
after(() => world.stop())
const mail = world.mail!
await world.channel({ id: "mail", title: "Почта", plugin: "email", settings: mail.settings(), appeals: true } as never)

/** The sender's server: whatever the letter fetches from it, it learns. */
const learned: string[] = []
const pixel = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64")
const sender = createServer((asked, answer) => {
  learned.push(asked.url ?? "")
  answer.setHeader("Content-Type", "image/png").end(pixel)
}).listen(0, "127.0.0.1")
await new Promise<void>((ready) => sender.once("listening", ready))
after(() => sender.close())
const far = `http://127.0.0.1:${(sender.address() as AddressInfo).port}`

const hostile = `<h1>Вы выиграли</h1>
<script>top.hacked = parent.hacked = window.hacked = 1; fetch("${far}/script")</script>
<img src="${far}/open.png" alt="метка"><img src="x" onerror="top.hacked = 1"><svg onload="top.hacked = 1"></svg>
<div style="background: url(${far}/style.png)" onmouseover="top.hacked = 1">наведите</div>
<iframe src="${far}/frame"></iframe><object data="${far}/object"></object><link rel="stylesheet" href="${far}/sheet.css"><style>@import "${far}/import.css"; body { background: url(${far}/body.png) }</style>
<form action="${far}/form"><input name="password"><button>Войти</button></form><meta http-equiv="refresh" content="0;url=${far}/refresh"><a href="javascript:top.hacked = 1">нажмите</a>`

const letter = await (async () => {
  await mail.send({ from: mail.facts.residents[0]!, subject: "Выигрыш", html: hostile })
  return eventually("the letter is an appeal", async () => (await world.admin.rest.get<{ items: Appeal[] }>("/appeals")).items.find((a) => a.subject === "Выигрыш"))
})()

/** hacked tells whether something of the letter has run anywhere in the window. */
const hacked = async (page: Page) => (await Promise.all(page.frames().map((f) => f.evaluate(() => "hacked" in window)))).some(Boolean)

for (const [where, path] of [["an appeal", `/appeals/${letter.id}`], ["a document", `/documents/${letter.id}`]] as const) {
  journey(`a hostile letter on the card of ${where} runs nothing and fetches nothing, and its pictures come when they are asked for`, world, { as: () => world.admin }, async ({ page }) => {
    learned.splice(0)
    await page.goto(path)
    await settled(page)
    const frame = page.frameLocator("iframe[title='Выигрыш']")
    await frame.getByRole("heading", { name: "Вы выиграли" }).waitFor()
    await frame.getByText("наведите").hover()
    const lure = frame.getByText("нажмите")
    if (await lure.count()) await lure.click()
    assert.equal(await frame.locator("script, iframe, object, form, input, button, svg, meta[http-equiv=refresh], link").count(), 0)
    assert.equal(await hacked(page), false, "the letter ran")
    assert.deepEqual(learned, [], "the sender learned that the letter was opened")
    assert.equal(page.context().pages().length, 1, "nothing opened")
    await accessible(page)

    await page.getByRole("button", { name: "Показать картинки" }).click()
    await eventually("the picture is fetched", () => learned.some((url) => url === "/open.png"))
    await frame.getByRole("heading", { name: "Вы выиграли" }).waitFor()
    assert.deepEqual(learned.filter((url) => url !== "/open.png"), [], "nothing but the picture is fetched")
    assert.equal(await hacked(page), false, "the letter ran")
  })
}
