import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after } from "node:test"
import { inflateRawSync } from "node:zlib"
import type { Page } from "playwright-core"
import { journey, settled } from "./browser"
import { accessible, russian } from "./checks"
import { appeal, furnish } from "./desk"
import { eventually } from "./process"
import { World } from "./world"

const world = await World.start()
after(() => world.stop())
const desk = await furnish(world)
const as = () => world.admin
await appeal(world, { subject: "Сосулька над входом", tags: [desk.urgent] })
await appeal(world, { subject: "Скамейка во дворе" })

/** unpack is the text of a file within a ZIP archive, by the list at its end. */
function unpack(archive: Buffer, name: string): string {
  for (let at = archive.readUInt32LE(archive.lastIndexOf("PK\x05\x06") + 16); archive.readUInt32LE(at) === 0x02014b50; ) {
    const [packed, length, extra, comment, from] = [archive.readUInt32LE(at + 20), archive.readUInt16LE(at + 28), archive.readUInt16LE(at + 30), archive.readUInt16LE(at + 32), archive.readUInt32LE(at + 42)]
    if (archive.toString("utf8", at + 46, at + 46 + length) === name) {
      const begin = from + 30 + archive.readUInt16LE(from + 26) + archive.readUInt16LE(from + 28)
      return inflateRawSync(archive.subarray(begin, begin + packed)).toString()
    }
    at += 46 + length + extra + comment
  }
  throw new Error(`no ${name} in the archive`)
}

journey("what a list was narrowed to is kept under a name, found again by a colleague, and dropped", world, { as }, async ({ page }) => {
  const colleague = await world.person("operator")
  await page.goto("/appeals")
  await settled(page)
  await page.keyboard.press("KeyF")
  await page.getByRole("combobox", { name: "Тег" }).fill("Сроч")
  await page.locator(".ant-select-item-option", { hasText: "Срочно" }).waitFor()
  await page.keyboard.press("Enter")
  await page.getByRole("button", { name: "Найти", exact: true }).click()
  await page.getByRole("row", { name: /Скамейка/ }).waitFor({ state: "detached" })
  await page.getByRole("row", { name: /Сосулька/ }).waitFor()
  await page.getByRole("button", { name: "Мои отборы" }).click()
  await page.getByLabel("Название отбора").fill("Срочные")
  await page.getByRole("checkbox", { name: "виден всем" }).check()
  await settled(page)
  await russian(page)
  await accessible(page)
  await page.getByRole("button", { name: "Сохранить отбор" }).click()
  await page.getByText("Отбор сохранён").waitFor()

  await page.goto("/appeals")
  await page.getByRole("row", { name: /Скамейка/ }).waitFor()
  await page.getByRole("button", { name: "Мои отборы" }).click()
  await page.getByRole("button", { name: "Срочные", exact: true }).click()
  await page.getByRole("row", { name: /Скамейка/ }).waitFor({ state: "detached" })
  await page.getByText("Тег: Срочно").waitFor()
  const seen = await colleague.rest.get<{ items: { title: string }[] }>("/filters?list=appeals")
  assert.deepEqual(seen.items.map((f) => f.title), ["Срочные"])

  await page.getByRole("button", { name: "Мои отборы" }).click()
  await page.getByRole("button", { name: "Удалить: Срочные" }).click()
  await page.getByText("Сохранённых отборов пока нет").waitFor()
})

journey("columns are chosen with the gear, stay chosen after a reload, and come back as they were", world, { as }, async ({ page }) => {
  const head = (name: string) => page.getByRole("columnheader", { name })
  await page.goto("/appeals")
  await page.getByRole("row", { name: /Скамейка/ }).waitFor()
  await page.getByRole("button", { name: "Столбцы" }).click()
  await page.getByRole("checkbox", { name: "Теги" }).check()
  await page.getByRole("checkbox", { name: "Оператор" }).uncheck()
  await head("Теги").waitFor()
  await head("Оператор").waitFor({ state: "detached" })
  await page.getByRole("row", { name: /Сосулька/ }).getByText("Срочно").waitFor()
  await page.reload()
  await head("Теги").waitFor()
  assert.equal(await head("Оператор").count(), 0)
  await page.getByRole("button", { name: "Столбцы" }).click()
  await accessible(page)
  await page.getByRole("button", { name: "Как было" }).click()
  await head("Оператор").waitFor()
  await head("Теги").waitFor({ state: "detached" })
})

journey("the file for a spreadsheet has the chosen columns of what was found", world, { as }, async ({ page }) => {
  await page.goto(`/appeals?tag=${desk.urgent}`)
  await page.getByRole("row", { name: /Сосулька/ }).waitFor()
  await page.getByRole("button", { name: "Выгрузить" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByRole("checkbox", { name: "Теги" }).check()
  await dialog.getByRole("checkbox", { name: "Оператор" }).uncheck()
  await russian(page)
  await accessible(page)
  const [file] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("link", { name: "Скачать" }).click()])
  assert.match(file.suggestedFilename(), /\.xlsx$/)
  const sheet = unpack(readFileSync(await file.path()), "xl/worksheets/sheet1.xml")
  const texts = [...sheet.matchAll(/<t[^>]*>([^<]*)<\/t>/g)].map((m) => m[1])
  for (const wanted of ["Тема", "Тег", "Сосулька над входом", "Срочно"]) assert.ok(texts.includes(wanted), `${wanted} in ${texts.join("; ")}`)
  for (const other of ["Оператор", "Скамейка во дворе"]) assert.ok(!texts.includes(other), `${other} in ${texts.join("; ")}`)
})

/** exported is the file of the list a page shows, by the name of its kind. */
async function exported(page: Page, kind: string): Promise<Buffer> {
  await page.getByRole("button", { name: "Выгрузить" }).click()
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: kind }).click()])
  await page.getByRole("link", { name: kind }).waitFor({ state: "hidden" })
  return readFileSync(await file.path())
}

journey("tasks and applicants are had as files, as far as the list was narrowed", world, { as }, async ({ page }) => {
  const { id, name } = (await world.admin.rest.get<{ user: { id: string; name: string } }>("/session")).user
  for (const title of ["Сбить сосульку", "Покрасить скамейку"]) await world.admin.rest.post("/tasks", { kind: title.startsWith("С") ? "assignment" : "task", title, performer: id, due_at: new Date(Date.now() + 86_400_000).toISOString() })
  for (const [kind, called] of [["person", "Кедрова Нина"], ["organization", "=ООО «Кедр»"], ["person", "Осина Анна"]]) await world.admin.rest.post("/parties", { kind, name: called, addresses: [{ kind: "phone", value: "+79161234567" }] })

  await page.goto("/tasks?kind=assignment")
  await page.getByRole("row", { name: /сосульку/ }).waitFor()
  await page.getByRole("button", { name: "Выгрузить" }).click()
  await page.getByRole("link", { name: "Книга XLSX" }).waitFor()
  await russian(page)
  await accessible(page)
  await page.getByRole("button", { name: "Выгрузить" }).click()
  await page.getByRole("link", { name: "Книга XLSX" }).waitFor({ state: "hidden" })
  const sheet = unpack(await exported(page, "Книга XLSX"), "xl/worksheets/sheet1.xml")
  const texts = [...sheet.matchAll(/<t[^>]*>([^<]*)<\/t>/g)].map((m) => m[1])
  for (const wanted of ["Что сделать", "Сбить сосульку", "Поручение", "Назначено", name]) assert.ok(texts.includes(wanted), `${wanted} in ${texts.join("; ")}`)
  assert.ok(!texts.includes("Покрасить скамейку"), texts.join("; "))

  await page.goto(`/parties?name=${encodeURIComponent("Кедр")}`)
  await page.getByRole("row", { name: /Кедрова/ }).waitFor()
  const lines = (await exported(page, "Таблица CSV")).toString("utf8").trim().split("\r\n")
  assert.equal(lines.length, 3, lines.join("\n"))
  assert.match(lines[0]!, /Имя или название;Тип;Телефон/)
  assert.ok(lines.some((l) => l.startsWith("'=ООО «Кедр»;Организация;+79161234567")), lines.join("\n"))
})

journey("by the keyboard one comes back from a card to the row it was opened from", world, { as }, async ({ page }) => {
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "")
  await page.goto("/appeals")
  await page.getByRole("row", { name: /Скамейка/ }).waitFor()
  await page.keyboard.press("ArrowDown")
  await page.keyboard.press("End")
  const last = await eventually("the keys are in the last row", async () => (/Сосулька/.test(await focused()) ? focused() : ""))
  await page.keyboard.press("Enter")
  await page.getByRole("heading", { name: /Сосулька/ }).waitFor()
  await settled(page)
  await page.keyboard.press("Alt+ArrowUp")
  await page.getByRole("row", { name: /Скамейка/ }).waitFor()
  await page.keyboard.press("ArrowDown")
  await eventually("the row is where the keys are", async () => (await focused()) === last)
  await page.keyboard.press("KeyF")
  await page.locator(".u-filters input").first().waitFor()
  await eventually("the focus is in the filters", () => page.evaluate(() => !!document.activeElement?.closest(".u-filters")))
})
