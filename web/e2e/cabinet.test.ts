import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { after } from "node:test"
import type { Page } from "playwright-core"
import type { components } from "../src/api/schema"
import { type Desk, journey } from "./browser"
import { accessible, russian } from "./checks"
import { eventually, Program } from "./process"
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

/** A photo as a telephone's browser hands it over: the smallest picture that is one. */
const photo = (name: string, last: number) => ({
  name, mimeType: "image/gif", buffer: Buffer.from([...Buffer.from("GIF89a\x01\0\x01\0\x80\0\0", "latin1"), 0, 0, last, 255, 255, 255, 44, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 68, 1, 0, 59]),
})

/** sound holds the screen to what every screen owes to its readers. */
async function sound(page: Page) {
  await russian(page)
  await accessible(page)
}

async function enter(page: Page, name: string, phone: string) {
  await page.goto(cabinet)
  await page.getByLabel("Имя и фамилия").fill(name)
  await page.getByLabel("Телефон").fill(phone)
  await page.getByRole("button", { name: "Получить код" }).click()
  const shown = await page.getByText(/Ваш код: \d{6}/).first().textContent()
  await page.getByLabel("Код", { exact: true }).fill(/\d{6}/.exec(shown ?? "")?.[0] ?? "")
  await sound(page)
  await page.getByRole("button", { name: "Войти" }).click()
  await page.getByText(name, { exact: true }).first().waitFor()
}

// Before somebody has signed in the page asks who it is, and is told: nobody.
const nobody = /status of 401 .*\/api\/me/

journey("a resident writes with photos, the answer is given over REST, the resident reads and rates it", world, { expects: nobody }, async ({ page }: Desk) => {
  await enter(page, "Анна Смирнова", "+7 916 000-00-01")
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

  const doc = await arrived("Капает с потолка")
  assert.deepEqual(
    [doc.sender?.name, doc.sender?.kind, doc.fields?.delivery_type, doc.fields?.sender_type, doc.fields?.account, doc.fields?.address, doc.fields?.reason],
    ["Анна Смирнова", "person", "ЛК жителя", "Физическое лицо", "100500", "ул. Садовая, 14, кв. 38", "leak"],
  )
  assert.ok(doc.fields?.consent_at, "the moment of the consent")
  assert.deepEqual(doc.files?.map((f) => `${f.name} ${f.media_type}`), ["потолок.gif image/gif", "стена.gif image/gif"])
  await operator.rest.post(`/documents/${doc.id}/reply`, { text: "Мастер придёт завтра с 9 до 12 <i>часов</i>." })

  await opened(page, "Капает с потолка", "Дан ответ")
  await page.getByText("Мастер придёт завтра с 9 до 12 <i>часов</i>.").first().waitFor()
  await page.locator("#thread").getByText(doc.number!.text).waitFor()
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

/** opened opens the appeal from the list once it is in the state. */
async function opened(page: Page, subject: string, state: string) {
  await eventually(`«${subject}» is «${state}» in the cabinet`, async () => {
    const back = page.getByRole("button", { name: "К списку" })
    if (await back.isVisible()) await back.click()
    await page.getByRole("button", { name: subject }).click()
    await page.locator("#appeal").waitFor()
    return (await page.locator("#state").textContent())?.includes(state)
  })
}

journey("a resident does not see what another one wrote", world, { expects: nobody }, async ({ page }) => {
  await enter(page, "Борис Кузнецов", "+7 916 000-00-02")
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
