import assert from "node:assert/strict"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { after } from "node:test"
import { journey, settled } from "./browser"
import type { Page } from "playwright-core"
import { accessible, russian } from "./checks"
import { appeal, type Appeal, furnish } from "./desk"
import { eventually } from "./process"
import { World } from "./world"

const world = await World.start({ plugins: ["email", "meters"], mail: true })
after(() => world.stop())

const desk = await furnish(world)
const mail = world.mail!
await world.channel({ id: "mail", title: "Почта", plugin: "email", settings: mail.settings(), appeals: true } as never)
mkdirSync(join(world.folder, "meters/in"), { recursive: true })
await world.channel({ id: "meters", title: "Счётчики", plugin: "meters", settings: { dir: join(world.folder, "meters") } })
const resident = mail.facts.residents[0]!

type Appeals = { items: (Appeal & { appeal: { state: string; merged_into?: string } })[] }
const state = async (id: string) => (await world.admin.rest.get<{ document: Appeal }>(`/appeals/${id}`)).document.appeal!

/** readable is the source of letters with the parts in base64 and quoted-printable read. */
function readable(source: string): string {
  const parts = source.split(/\r\n\r\n/).map((part) => Buffer.from(part.replace(/\s/g, ""), "base64").toString())
  const quoted = source.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return [source, Buffer.from(quoted, "latin1").toString(), ...parts].join("\n")
}

journey("a letter becomes a closed appeal by the keyboard alone, and its answer reaches the resident", world, { as: () => world.admin }, async ({ page }) => {
  await mail.send({ from: resident, subject: "Протечка в подъезде", text: "Капает с потолка второй день." })
  const arrived = await eventually("the letter is an appeal", async () => (await world.admin.rest.get<Appeals>("/appeals")).items.find((a) => a.subject === "Протечка в подъезде"))
  await page.goto("/appeals?view=not_in_work")
  await settled(page)
  const row = page.getByRole("row", { name: /Протечка в подъезде/ })
  await row.waitFor()
  await page.keyboard.press("ArrowDown")
  for (let i = 0; i < 20 && !(await row.evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press("ArrowDown")
  await page.keyboard.press("Enter")
  await page.getByRole("heading", { name: /Протечка в подъезде/ }).waitFor()
  await page.keyboard.press("Alt+KeyW")
  await page.locator(".u-page-head").getByText("В работе", { exact: true }).waitFor()

  await page.keyboard.press("KeyR")
  await page.keyboard.type("Мастер придёт завтра утром.")
  await eventually("the draft is kept", () => page.evaluate(() => JSON.stringify(localStorage).includes("Мастер придёт")))
  await page.reload()
  const box = page.getByRole("textbox", { name: "Ответить заявителю" })
  await box.waitFor()
  assert.equal(await box.inputValue(), "Мастер придёт завтра утром.", "the draft survives a reload")
  await page.keyboard.press("KeyR")
  await page.keyboard.press("Control+Enter")
  await page.locator(".u-page-head").getByText("Отвечено", { exact: true }).waitFor()
  await eventually("the answer is in the resident's mailbox", async () => readable(await mail.inbox(resident)).includes("Мастер придёт завтра утром."))

  await page.keyboard.press("Alt+KeyZ")
  const dialog = page.getByRole("dialog")
  await dialog.getByLabel("Результат").waitFor()
  await eventually("the focus is in the result", () => dialog.getByLabel("Результат").evaluate((e) => e === document.activeElement))
  await page.keyboard.type("Труба заменена.")
  await page.keyboard.press("Control+Enter")
  await page.locator(".u-page-head").getByText("Закрыто", { exact: true }).waitFor()
  assert.equal((await state(arrived.id)).result?.text, "Труба заменена.")
})

journey("an appeal is merged into another of the same applicant, and the merge is undone", world, { as: () => world.admin }, async ({ page }) => {
  const first = await appeal(world, { subject: "Нет света в подъезде", reason_group: desk.group, reason: desk.lift })
  const second = await appeal(world, { subject: "Опять нет света" })
  await page.goto(`/appeals/${second.id}`)
  await settled(page)
  await page.getByRole("button", { name: "Закрыть", exact: true }).waitFor()
  await page.keyboard.press("Alt+KeyM")
  await page.getByRole("radio", { name: new RegExp(first.subject) }).check()
  await page.getByRole("dialog").getByRole("button", { name: "Объединить" }).click()
  await page.getByText("Объединено с обращением").first().waitFor()
  assert.equal((await state(second.id)).merged_into, first.id)
  await page.getByRole("button", { name: "Разъединить" }).click()
  await page.getByText("Объединено с обращением").first().waitFor({ state: "detached" })
  assert.equal((await state(second.id)).merged_into, undefined)
})

const subjects = (page: Page) => page.getByRole("table", { name: "Обращения" }).locator("tbody tr").evaluateAll((rows) => rows.map((r) => /Список [А-Я]/.exec(r.textContent ?? "")?.[0]))

journey("the list is sorted by a head, narrowed by a line, explained, and its file has the same rows in the same order", world, { as: () => world.admin }, async ({ page }) => {
  const accounts = [{ number: "500500" }]
  await appeal(world, { subject: "Список Я", accounts, line: desk.line })
  await appeal(world, { subject: "Список А", accounts, line: desk.second })
  await appeal(world, { subject: "Список М", accounts, line: desk.line })
  await appeal(world, { subject: "Список чужой" })
  await page.goto("/appeals?account=500500")
  await settled(page)
  await page.getByRole("row", { name: /Список М/ }).waitFor()
  await page.getByRole("columnheader", { name: "Тема" }).getByRole("button").click()
  await eventually("sorted by subject", async () => (await subjects(page)).join() === "Список А,Список М,Список Я")
  await page.getByRole("radiogroup", { name: "Линия" }).getByText("Аварийная служба").click()
  await eventually("narrowed by line", async () => (await subjects(page)).join() === "Список А")
  await page.getByRole("radiogroup", { name: "Линия" }).getByText("Все линии").click()
  await eventually("all lines", async () => (await subjects(page)).length === 3)
  await page.getByRole("button", { name: "Справка" }).click()
  await page.getByText("новое, никто не взял").waitFor()
  await page.keyboard.press("Escape")
  await settled(page)
  await russian(page)
  await accessible(page)
  await page.getByRole("button", { name: "Выгрузить" }).click()
  await page.getByRole("radio", { name: "CSV" }).check()
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("dialog").getByRole("link", { name: "Скачать" }).click()])
  const text = readFileSync(await download.path(), "utf8")
  assert.deepEqual(text.match(/Список [\p{L}]+/gu), ["Список А", "Список М", "Список Я"])
})

journey("two people at one card see each other, and a stale save shows what has changed", world, { as: () => world.admin, expects: /409|412/ }, async ({ page }) => {
  const made = await appeal(world, { subject: "Сломан домофон", comment: "Сначала" })
  const other = await world.person("operator")
  await other.rest.post(`/appeals/${made.id}/presence`)
  await page.goto(`/appeals/${made.id}`)
  await page.getByText(`Карточку сейчас смотрит: ${other.name}`).first().waitFor()
  const comment = page.getByLabel("Комментарий оператора")
  await comment.fill("Моё")
  await other.rest.patch(`/appeals/${made.id}`, { comment: "Чужое" }, made.version)
  await page.getByRole("form", { name: "Обращение" }).getByRole("button", { name: "Сохранить" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByText("Чужое").last().waitFor()
  await dialog.getByRole("button", { name: "Сохранить" }).click()
  await dialog.waitFor({ state: "detached" })
  await eventually("mine is saved", async () => (await state(made.id)).comment === "Моё")
})

journey("many appeals are taken at once and put back", world, { as: () => world.admin }, async ({ page }) => {
  for (const n of [1, 2, 3]) await appeal(world, { subject: `Двор ${n}`, tags: [desk.urgent] })
  await page.goto(`/appeals?tag=${desk.urgent}`)
  await settled(page)
  await page.getByRole("row", { name: /Двор 3/ }).waitFor()
  await page.getByLabel("Выбрать все на странице").check()
  await page.getByRole("toolbar").getByRole("button", { name: "Взять в работу" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Выполнить" }).click()
  await page.getByText("Выполнено 3 из 3").first().waitFor()
  const { items } = await world.admin.rest.get<Appeals>(`/appeals?tag=${desk.urgent}`)
  assert.deepEqual(items.map((a) => a.appeal.state), ["in_work", "in_work", "in_work"])
})

journey("a panel of a connector nobody knows works on the card: form, table, file, and a button that asks first", world, { as: () => world.admin }, async ({ page }) => {
  const made = await appeal(world, { subject: "Перерасчёт", accounts: [{ number: "100500" }] })
  await page.goto(`/appeals/${made.id}`)
  await settled(page)
  await page.getByRole("button", { name: "Начисления" }).click()
  const panel = page.getByRole("region", { name: "Сведения и действия" })
  assert.equal(await panel.getByLabel("Лицевой счёт").inputValue(), "100500", "the account of the appeal")
  await panel.getByRole("button", { name: "Выполнить" }).click()
  await panel.getByRole("table", { name: "По месяцам" }).waitFor()
  await panel.getByText("Долг").waitFor()
  await page.getByRole("button", { name: "Вызвать мастера" }).click()
  await panel.getByLabel("Когда").fill("завтра")
  await panel.getByRole("button", { name: "Выполнить" }).last().click()
  await page.getByRole("dialog").getByRole("button", { name: "Выполнить" }).click()
  await panel.getByText("Наряд", { exact: true }).waitFor()
})
