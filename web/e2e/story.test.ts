import assert from "node:assert/strict"
import { after } from "node:test"
import type { Page } from "playwright-core"
import { deed, type Desk, journey, open, settled } from "./browser"
import { eventually } from "./process"
import { enter, nobody, opened, photo } from "./resident"
import { type Person, World } from "./world"

const world = await World.start({ stage: true })
after(() => world.stop())
const stage = world.stage!
const director = await world.person("supervisor")

/** A matter by one of the three ways, and the words of its answer. */
type Matter = { subject: string; answer: string; channel: string }
const letter: Matter = { subject: "Заклинило окно на седьмом этаже", answer: "Окно отремонтировано, акт осмотра приложен.", channel: "demo-mail" }
const cabinet: Matter = { subject: "Сломан домофон", answer: "Домофон починен, код прежний. Акт осмотра приложен.", channel: "demo-cabinet" }
const gis: Matter = { subject: "Тёмный подъезд", answer: "Освещение в подъезде восстановлено, акт осмотра приложен.", channel: "demo-gis" }
const [resident = ""] = stage.mail.residents

/** How long the outside may take: it is asked again every two seconds, and signs each request. */
const patience = 60_000

/** Seen is an appeal as GIS shows it. */
type Seen = { guid: string; status: string; answerer?: string; answers?: string[]; files?: number }

async function inGIS(guid: string): Promise<Seen | undefined> {
  const all = (await (await fetch(`${stage.gis.url}/emulator/appeals`)).json()) as Seen[]
  return all.find((a) => a.guid === guid)
}

/** complain has a resident write in GIS. */
async function complain(): Promise<string> {
  const written = { surname: "Пробный", first: "Иван", postal: "г. Примерск, ул. Тестовая, д. 1", topic: gis.subject, text: "В подъезде третий день не горит свет." }
  const answer = await fetch(`${stage.gis.url}/emulator/appeals`, { method: "POST", body: JSON.stringify(written) })
  assert.equal(answer.status, 201)
  return ((await answer.json()) as Seen).guid
}

/** write has a resident write in the cabinet, with two photos. */
async function write(page: Page): Promise<void> {
  await enter(page, stage.cabinet, stage.resident.name, stage.resident.phone)
  const form = page.locator("#new")
  await form.getByLabel("Тема").fill(cabinet.subject)
  await form.getByLabel("Что случилось").fill("Дверь второго подъезда не закрывается.")
  await form.getByLabel("Лицевой счёт").fill("100500")
  await form.getByLabel("Фотографии и файлы").setInputFiles([photo("дверь.gif", 1), photo("панель.gif", 2)])
  await form.getByLabel("Согласен на обработку персональных данных").check()
  await form.getByRole("button", { name: "Отправить" }).click()
  await page.locator("#appeal").getByText("Дверь второго подъезда").waitFor()
}

const row = (page: Page, text: string) => page.getByRole("row", { name: new RegExp(text) })

/** find opens the card of a matter from the list of incoming papers. */
async function find(page: Page, { subject }: Matter): Promise<void> {
  await page.goto("/documents")
  await settled(page)
  await row(page, subject).click()
  await page.getByRole("heading", { name: subject }).waitFor()
}

/** assign gives the master a task by the paper that is open. */
async function assign(page: Page, master: Person): Promise<void> {
  await deed(page, "Поручить")
  await page.getByLabel("Что сделать").fill("Восстановить освещение")
  await page.getByRole("combobox", { name: "Исполнитель" }).fill(master.name)
  await page.locator(".ant-select-item-option", { hasText: master.name }).click()
  await page.getByRole("button", { name: "Выдать поручение" }).click()
  await page.getByRole("heading", { name: "Восстановить освещение" }).waitFor()
}

/** prepare writes an answer with an act and has it signed; the draft is open then. */
async function prepare(page: Page, matter: Matter): Promise<void> {
  await find(page, matter)
  await deed(page, "Подготовить проект ответа")
  await page.getByRole("heading", { name: "Проект ответа" }).waitFor()
  await page.getByRole("textbox", { name: "Текст" }).fill(matter.answer)
  await page.getByLabel("Перетащите файлы сюда").setInputFiles({ name: "Акт осмотра.txt", mimeType: "text/plain", buffer: Buffer.from(`Акт осмотра\n\n${matter.answer}\n`) })
  await page.getByRole("button", { name: "Сохранить редакцию" }).click()
  await page.getByRole("heading", { name: "Редакция 2" }).waitFor()
  const signatures = page.getByRole("region", { name: "Подписи" })
  await signatures.getByRole("button", { name: "Подписать" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Подписать" }).click()
  await signatures.locator(".u-tag", { hasText: "Подпись верна" }).waitFor({ timeout: patience })
  await signatures.getByText("УК «Демо»").first().waitFor()
}

const state = (page: Page) => page.locator(".u-page-head")

async function send(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Зарегистрировать и отправить" }).click()
  await state(page).getByText("Отправлен", { exact: true }).waitFor()
}

/** agree sends the draft that is open by way of the director, who agrees at his own desk. */
async function agree(page: Page, desk: Page): Promise<void> {
  await desk.goto("/tasks")
  await settled(desk)
  await page.getByRole("button", { name: "Изменить" }).click()
  const way = page.getByRole("dialog")
  await way.getByRole("combobox", { name: "Согласующие" }).fill(director.name)
  await page.locator(".ant-select-item-option", { hasText: director.name }).click()
  await way.getByRole("button", { name: "Сохранить" }).click()
  await page.getByRole("button", { name: "На согласование" }).click()
  await state(page).getByText("На согласовании", { exact: true }).waitFor()
  await desk.getByRole("row", { name: /Назначено/ }).click()
  await desk.getByRole("link", { name: "открыть проект" }).click()
  await desk.locator(".u-tag", { hasText: "Подпись верна" }).waitFor()
  await desk.getByRole("button", { name: "Согласовать" }).click()
  await state(desk).getByText("Отправлен", { exact: true }).waitFor()
  await state(page).getByText("Отправлен", { exact: true }).waitFor() // and the author sees it without asking
}

/** replied waits until the mailbox of the resident has the answer with the act and its signature. */
function replied(): Promise<unknown> {
  type Shown = { box: string; folder: string; text: string; files?: string[] }
  return eventually("the reply is in the resident's mailbox", async () => {
    const letters = (await (await fetch(`${stage.mail.web}/letters`)).json()) as Shown[]
    const reply = letters.find((l) => l.box === resident && l.folder === "INBOX" && l.text.includes(letter.answer))
    return reply && assert.deepEqual(reply.files, ["Акт осмотра.txt", "Акт осмотра.txt.sig"]) === undefined
  }, patience)
}

journey("three appeals come by three ways, a master is sent, each gets a signed answer by its own way", world, { as: () => world.colleague("olga"), minutes: 8 }, async ({ page, complaints }: Desk) => {
  const master = await world.colleague("master")
  const outside = await open(world, undefined)
  const office = await open(world, director)
  try {
    await page.goto("/documents")
    await settled(page)
    await page.evaluate(() => Object.assign(window, { same: true }))
    await write(outside.page)
    await world.mail!.send({ from: resident, subject: letter.subject, text: "Пришлите мастера, дует." })
    const guid = await complain()
    for (const m of [letter, cabinet, gis]) await row(page, m.subject).waitFor({ timeout: patience })
    assert.ok(await page.evaluate(() => "same" in window), "they appeared without a reload")

    await find(page, cabinet)
    for (const name of ["дверь.gif", "панель.gif"]) {
      const picture = page.getByRole("button", { name: `Посмотреть ${name}` }).locator("img")
      await eventually(`${name} is shown`, () => picture.evaluate((img: HTMLImageElement) => img.naturalWidth > 0))
    }
    await find(page, gis)
    await assign(page, master)
    await eventually("GIS shows the performer", async () => (await inGIS(guid))?.answerer === stage.gis.master, patience)

    for (const m of [letter, cabinet]) {
      await prepare(page, m)
      await send(page)
    }
    await prepare(page, gis)
    await agree(page, office.page)

    const done = await eventually("GIS shows «Выполнено»", async () => { const a = await inGIS(guid); return a?.status === "Executed" && a }, patience)
    assert.deepEqual([done.answers, done.files], [[gis.answer], 1], "the answer with its signed act")
    await opened(outside.page, cabinet.subject, "Дан ответ")
    for (const text of [cabinet.answer, "Акт осмотра.txt", "Акт осмотра.txt.sig"]) await outside.page.locator("#thread").getByText(text, { exact: true }).waitFor()
    await replied()
    await find(page, letter)
    await state(page).getByText("Отвечен", { exact: true }).waitFor()
    complaints.push(...office.complaints, ...outside.complaints.filter((c) => !nobody.test(c)))
  } finally {
    await Promise.all([outside.context.close(), office.context.close()])
  }
})
