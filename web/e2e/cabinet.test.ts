import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { after } from "node:test"
import type { Page } from "playwright-core"
import type { components } from "../src/api/schema"
import { type Desk, journey, pictured } from "./browser"
import { accessible, russian } from "./checks"
import { eventually, Program } from "./process"
import { enter, nobody, opened, photo } from "./resident"
import { World } from "./world"

type Document = components["schemas"]["Document"]
type Entry = { id: string }

const key = "0123456789abcdef0123456789abcdef"

/** site is a page of somebody else that carries the widget. */
async function site(widget: () => string): Promise<{ url: string; server: Server }> {
  const server = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html; charset=utf-8")
    answer.end(`<!doctype html><html lang="ru"><head><title>УК «Дом»</title><link rel="icon" href="data:,"></head>
      <body><main><h1>УК «Дом»</h1><script src="${widget()}/widget.js" async></script></main></body></html>`)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

let cabinet = ""
const world = await World.start({ plugins: ["cabinet"] })
const known = await site(() => cabinet)
const stranger = await site(() => cabinet)
const program = new Program("cabinet", ["-listen", "127.0.0.1:0", "-hub", `${world.url}/hooks/lk`, "-sites", known.url], { CABINET_KEY: key })
after(async () => {
  known.server.close()
  stranger.server.close()
  await Promise.all([program.stop(), world.stop()])
})
;[cabinet = ""] = await program.line(/http:\/\/\S+/)
await world.channel({ id: "lk", title: "Личный кабинет", plugin: "cabinet", settings: { mode: "api", key, webhook: { url: `${cabinet}/hook` } } })
const group = await world.admin.rest.post<Entry>("/directories/reason_groups/entries", { values: { title: "Сантехника" } })
await world.admin.rest.post("/directories/reasons/entries", { values: { title: "Протечка", code: "leak", group: group.id, widget: true } })
await world.admin.rest.post("/directories/reasons/entries", { values: { title: "Не для всех", code: "inner", group: group.id } })
const operator = await world.person("operator")

/** arrived waits until the hub has registered what a resident wrote. */
async function arrived(subject: string): Promise<Document> {
  const { id } = await eventually(`«${subject}» is registered`, async () => {
    const { items } = await operator.rest.get<{ items: Document[] }>("/documents?direction=incoming&channel=lk")
    return items.find((d) => d.subject === subject)
  })
  return (await operator.rest.get<{ document: Document }>(`/documents/${id}`)).document
}

/** sound holds the screen to what every screen owes to its readers. */
async function sound(page: Page) {
  await russian(page)
  await accessible(page)
}

journey("a resident writes with photos, the answer is given over REST, the resident reads and rates it", world, { expects: nobody }, async ({ page }: Desk) => {
  await enter(page, cabinet, "Анна Смирнова", "+7 916 000-00-01", sound)
  const form = page.locator("#new")
  await form.getByLabel("Причина").selectOption({ label: "Протечка" })
  assert.equal(await form.getByLabel("Причина").locator("option").count(), 2, "reasons for the widget alone, and none")
  await form.getByLabel("Тема").fill("Капает с потолка")
  await form.getByLabel("Что случилось").fill("В ванной, с утра <b>сильнее</b>.")
  await form.getByLabel("Лицевой счёт").fill("100500")
  await form.getByLabel("Адрес").fill("ул. Садовая, 14, кв. 38")
  await form.getByLabel("Фотографии и файлы").setInputFiles([photo("потолок.gif", 1), photo("стена.gif", 2)])
  await sound(page)
  await form.getByRole("button", { name: "Отправить" }).click()
  assert.equal(await page.locator("#appeal").isVisible(), false, "without consent nothing is sent")
  await form.getByLabel("Согласен на обработку персональных данных").check()
  await form.getByRole("button", { name: "Отправить" }).click()

  await page.locator("#appeal").getByText("В ванной, с утра").waitFor()
  const doc = await arrived("Капает с потолка")
  assert.deepEqual(
    [doc.sender?.name, doc.sender?.kind, doc.fields?.delivery_type, doc.fields?.sender_type, doc.fields?.account, doc.fields?.address, doc.fields?.reason],
    ["Анна Смирнова", "person", "ЛК жителя", "Физическое лицо", "100500", "ул. Садовая, 14, кв. 38", "leak"],
  )
  assert.ok(doc.fields?.consent_at, "the moment of the consent")
  assert.deepEqual(doc.files?.map((f) => `${f.name} ${f.media_type}`), ["потолок.gif image/gif", "стена.gif image/gif"])
  await opened(page, "Капает с потолка", "Зарегистрировано")
  await page.getByLabel("Сообщение").fill("Уже и в коридоре.")
  await page.getByRole("button", { name: "Добавить" }).click()
  await page.locator("#thread").getByText("Уже и в коридоре.").waitFor()
  await eventually("the message stands in the matter", async () => {
    const { thread } = await operator.rest.get<{ thread: { channel?: string; direction: string }[] }>(`/documents/${doc.id}`)
    return thread.some((d) => d.channel === "lk" && d.direction === "incoming")
  })
  await operator.rest.post(`/documents/${doc.id}/reply`, { text: "Мастер придёт завтра с 9 до 12 <i>часов</i>." })

  await opened(page, "Капает с потолка", "Дан ответ")
  await page.getByText("Мастер придёт завтра с 9 до 12 <i>часов</i>.").first().waitFor()
  await page.locator("#thread").getByText(doc.number!.text).waitFor()
  await pictured(page, "cabinet")
  const [photos] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "потолок.gif" }).click()])
  assert.equal(photos.suggestedFilename(), "потолок.gif")
  await sound(page)
  await eventually("the hub knows that the answer was read", async () => {
    const { items } = await operator.rest.get<{ items: { state: string; purpose: string }[] }>("/deliveries?channel=lk")
    return items.some((d) => d.purpose === "answer" && d.state === "read")
  })

  await page.getByLabel("Оценка").selectOption("4")
  await page.getByLabel("Комментарий").fill("Быстро")
  await page.getByRole("button", { name: "Оценить" }).click()
  await page.getByText("ваша оценка: 4").first().waitFor()
  await page.getByRole("button", { name: "Выйти" }).click()
  await page.getByRole("heading", { name: "Вход" }).waitFor()
  assert.equal(await page.getByText("Капает с потолка").count(), 0, "nothing is left for the next person")
})

journey("a resident does not see what another one wrote", world, { expects: nobody }, async ({ page }) => {
  await enter(page, cabinet, "Борис Кузнецов", "+7 916 000-00-02")
  assert.equal(await page.locator("#list li").count(), 0)
})

journey("the widget on another site takes an appeal with a photo", world, { expects: /status of 429 .*\/widget\/appeals/ }, async ({ page }) => {
  await page.goto(known.url)
  const field = (label: string) => page.getByLabel(label)
  await field("Имя и фамилия").fill("Игорь Волков")
  await field("Телефон").fill("8 916 000-00-03")
  await field("Адрес").fill("ул. Садовая, 16")
  await field("Причина").selectOption({ label: "Протечка" })
  await field("Тема").fill("Нет воды")
  await field("Что случилось").fill("Во всём подъезде.")
  await field("Фотографии").setInputFiles([photo("кран.gif", 3)])
  await field("Согласен на обработку персональных данных").check()
  await pictured(page, "cabinet-widget")
  await sound(page)
  // Whoever is as fast as a machine is asked to send again.
  await eventually("the appeal is taken", async () => {
    await page.getByRole("button", { name: "Отправить" }).click()
    const said = page.getByRole("status")
    await said.getByText(/принято|ещё раз/).waitFor()
    return (await said.textContent())?.includes("Обращение принято")
  })
  const doc = await arrived("Нет воды")
  assert.deepEqual([doc.sender?.name, doc.fields?.reason, doc.fields?.delivery_type, doc.files?.length], ["Игорь Волков", "leak", "ЛК жителя", 1])
  assert.ok(doc.fields?.consent_at)
})

journey("a site nobody named cannot use the widget", world, { expects: /CORS|ERR_FAILED/ }, async ({ page }) => {
  await page.goto(stranger.url)
  await page.getByRole("status").getByText("Форма сейчас недоступна").waitFor()
})
