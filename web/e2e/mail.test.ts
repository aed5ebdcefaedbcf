import assert from "node:assert/strict"
import { after } from "node:test"
import { journey, settled } from "./browser"
import { eventually } from "./process"
import { World } from "./world"

const world = await World.start({ plugins: ["email"], mail: true })
after(() => world.stop())
const mail = world.mail!

type Tried = { ok: boolean; problem?: { field?: string; detail: string } }

journey("a mailbox is tried with a wrong password, then connected, and its letters appear live", world, { as: () => world.admin }, async ({ page }) => {
  const { rest } = world.admin
  const wrong = await rest.post<Tried>("/channels/check", { plugin: "email", settings: mail.settings("не тот") })
  assert.deepEqual([wrong.ok, wrong.problem?.field], [false, "password"], "the field at fault is named")
  assert.match(wrong.problem!.detail, /не впустил/)

  await page.goto("/")
  await settled(page)
  await page.evaluate(() => {
    const heard: string[] = []
    Object.assign(window, { heard })
    const stream = new EventSource("/api/v1/events?topics=document.registered")
    stream.addEventListener("document.registered", (e) => heard.push(e.data))
    return new Promise((ready) => stream.addEventListener("ready", ready, { once: true }))
  })
  await world.channel({ id: "office", title: "Почта", plugin: "email", settings: mail.settings() })
  await page.waitForFunction(() => (window as unknown as { heard: string[] }).heard.length > 0)

  const [resident = ""] = mail.facts.residents
  await mail.send({ from: resident, subject: "Заклинило окно на седьмом этаже", text: "Пришлите мастера, дует." })
  const letter = await eventually("the resident's letter is registered", async () => {
    const { items } = await rest.get<{ items: { id: string; subject: string }[] }>("/documents")
    return items.find((d) => d.subject === "Заклинило окно на седьмом этаже")
  })
  await rest.post(`/documents/${letter.id}/reply`, { text: "Мастер придёт завтра." })
  await eventually("the answer is sent", async () => {
    const { items } = await rest.get<{ items: { state: string }[] }>("/deliveries")
    return items.some((d) => ["sent", "delivered"].includes(d.state))
  })
})
