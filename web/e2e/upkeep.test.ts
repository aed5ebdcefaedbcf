import assert from "node:assert/strict"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after } from "node:test"
import type { Download, Page } from "playwright-core"
import type { components } from "../src/api/schema"
import { journey, settled, shot } from "./browser"
import { eventually } from "./process"
import { World } from "./world"

type Schema = components["schemas"]

const world = await World.start({ plugins: ["meters"] })
after(() => world.stop())
const { rest } = world.admin
const dir = join(world.folder, "meters")
mkdirSync(join(dir, "in"), { recursive: true })
await world.channel({ id: "meters", title: "Счётчики", plugin: "meters", settings: { dir } })
const as = { as: () => world.admin }

/** saved is the file that a press saves. */
async function saved(page: Page, press: () => Promise<void>): Promise<Download> {
  const [download] = await Promise.all([page.waitForEvent("download"), press()])
  return download
}

journey("the hub is checked and its copy is downloaded", world, as, async ({ page }) => {
  await page.goto("/system")
  await page.getByText("Событий в очереди").waitFor()
  await page.getByRole("button", { name: "Проверить", exact: true }).click()
  await page.getByText("Всё в порядке").waitFor()
  const copy = await saved(page, () => page.getByRole("button", { name: "Сделать и скачать" }).click())
  assert.match(copy.suggestedFilename(), /^uzel-\d{4}-\d\d-\d\d\.tar$/)
  assert.ok(readFileSync(await copy.path()).includes(Buffer.from("hub.db")), "the database is in the copy")
  await page.getByText(/Копия скачана/).waitFor()
})

journey("a job is run now and its schedule is changed and given back", world, as, async ({ page }) => {
  await page.goto("/jobs")
  await settled(page)
  const { items } = await rest.get<{ items: Schema["Job"][] }>("/jobs")
  const job = items.find((j) => j.id === "hub.deadlines")!
  await page.getByRole("button", { name: `Запустить «${job.title}»` }).click()
  await eventually("the job has run", async () => (await rest.get<Schema["Job"]>(`/jobs/${job.id}`)).runs > (job.runs ?? 0))
  await page.getByRole("button", { name: new RegExp(`Расписание: ${job.title}`) }).click()
  await page.getByLabel("Запускать раз в").fill("7")
  await page.getByRole("dialog").getByRole("button", { name: "Сохранить" }).click()
  await page.getByText("Расписание изменено").waitFor()
  assert.notEqual((await rest.get<Schema["Job"]>(`/jobs/${job.id}`)).every, job.every)
  await page.getByRole("button", { name: new RegExp(`Расписание: ${job.title}`) }).click()
  await page.getByRole("dialog").getByRole("button", { name: "По умолчанию" }).click()
  await eventually("the schedule is back", async () => (await rest.get<Schema["Job"]>(`/jobs/${job.id}`)).every === job.every)
})

journey("a user is made, gets a one-time password and a role, and the audit tells who made him", world, as, async ({ page }) => {
  await page.goto("/users")
  await page.getByRole("button", { name: "Новый пользователь" }).or(page.getByRole("link", { name: "Новый пользователь" })).click()
  await page.getByLabel("Имя", { exact: true }).fill("Кузнецова Анна")
  await page.getByLabel("Логин").fill("kuznetsova")
  await page.getByRole("combobox", { name: "Роли" }).click()
  await page.getByTitle("Делопроизводитель").click()
  await page.keyboard.press("Escape")
  await page.getByRole("button", { name: "Сохранить" }).or(page.getByRole("button", { name: "Создать" })).click()
  await page.getByText("Одноразовый пароль").first().waitFor()
  const { items } = await rest.get<{ items: Schema["User"][] }>("/users")
  assert.deepEqual(items.find((u) => u.login === "kuznetsova")?.roles.toSorted(), ["clerk", "operator"])
  await page.goto("/audit")
  const row = page.getByRole("row").filter({ hasText: "Пользователи" }).first()
  await row.getByText("Администратор").waitFor()
  await page.goto("/users?tab=roles")
  await page.getByRole("table", { name: "Роли и права" }).waitFor()
})

journey("a day of the working calendar is made a holiday and given back", world, as, async ({ page }) => {
  await page.goto("/calendars?calendar=russia&year=2026")
  await page.getByRole("table", { name: "Июль" }).getByRole("button", { name: /^15\./ }).click()
  await page.getByRole("menuitem", { name: "Праздник" }).click()
  await page.getByRole("textbox", { name: "Основание" }).fill("Приказ № 5")
  await page.getByRole("button", { name: "Сохранить год" }).click()
  await page.getByText("Год сохранён").waitFor()
  const year = await rest.get<Schema["CalendarYear"]>("/calendars/russia/years/2026")
  assert.equal(year.days.find((d) => d.date === "2026-07-15")?.kind, "holiday")
  await page.getByRole("button", { name: "Вернуть исходный" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Вернуть исходный" }).click()
  await page.getByText("Год возвращён к исходному").waitFor()
})

journey("a report is opened in a new tab, saved as a table, and printed without what is pressed", world, as, async ({ page, context }) => {
  writeFileSync(join(dir, "in", "отчёт.html"), "<p>Нет воды</p>")
  await eventually("the letter is there", async () => (await rest.get<Schema["DocumentPage"]>("/documents")).items.length > 0)
  await page.goto("/reports")
  const [tab] = await Promise.all([context.waitForEvent("page"), page.getByRole("link", { name: /Поступление по каналам: / }).click()])
  await tab.getByRole("table", { name: "Поступление по каналам" }).getByText("Счётчики").waitFor()
  const csv = await saved(tab, () => tab.getByRole("link", { name: "CSV" }).click())
  assert.match(readFileSync(await csv.path(), "utf8"), /Счётчики.*;?1/)
  const xlsx = await saved(tab, () => tab.getByRole("link", { name: "XLSX" }).click())
  assert.equal(readFileSync(await xlsx.path()).subarray(0, 2).toString(), "PK")
  await tab.emulateMedia({ media: "print" })
  await tab.getByRole("region", { name: "Параметры отчёта" }).waitFor({ state: "hidden" })
  assert.equal(await tab.getByRole("navigation", { name: "Меню" }).isVisible(), false, "the menu is not printed")
  assert.equal(await tab.getByRole("button", { name: "Напечатать" }).isVisible(), false, "neither are the buttons")
  await tab.emulateMedia({ media: "print", colorScheme: "dark" })
  await tab.waitForFunction(() => getComputedStyle(document.body).color === "rgb(28, 37, 36)") // dark letters on white paper, whatever the look
  assert.ok(await tab.getByRole("table", { name: "Поступление по каналам" }).isVisible())
  await tab.screenshot({ path: shot("report-print"), fullPage: true })
})

journey("the catalogue shows versions, sums and the channels that use a connector", world, as, async ({ page }) => {
  await page.goto("/plugins")
  await page.getByRole("row").filter({ hasText: "Счётчики" }).click()
  const about = page.getByRole("dialog")
  const plugin = await rest.get<Schema["PluginVersion"]>("/plugins/meters")
  await about.getByText(plugin.sha256).waitFor()
  await about.getByText("Версия 1.0.0").waitFor()
  await about.getByRole("link", { name: "Счётчики" }).click()
  await page.getByRole("heading", { level: 1, name: "Счётчики" }).waitFor()
})
