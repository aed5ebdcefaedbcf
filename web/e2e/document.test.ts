import assert from "node:assert/strict"
import { after } from "node:test"
import type { components } from "../src/api/schema"
import { journey, settled } from "./browser"
import { accessible } from "./checks"
import { eventually } from "./process"
import { World } from "./world"

type Doc = components["schemas"]["Document"]

const world = await World.start()
after(() => world.stop())
const { rest } = world.admin

journey("the card of a letter has its first deeds open, the rest in a menu, and a key for each", world, { as: () => world.admin }, async ({ page }) => {
  const letter = await rest.post<Doc>("/documents", { direction: "incoming", subject: "О протечке", text: "Течёт." })
  const state = async () => (await rest.get<{ document: Doc }>(`/documents/${letter.id}`)).document.state
  await page.goto(`/documents/${letter.id}`)
  await settled(page)
  for (const name of ["Ответить", "Взять в работу"]) await page.getByRole("button", { name, exact: true }).waitFor()
  assert.equal(await page.getByRole("button", { name: "Поручить" }).count(), 0)
  await page.getByRole("button", { name: "Ещё" }).focus()
  await page.keyboard.press("Enter")
  for (const name of ["Подготовить проект ответа", "Поручить", "В архив"]) await page.getByRole("menuitem", { name }).waitFor()
  await accessible(page)
  await page.keyboard.press("Escape")

  await page.locator("main h1").click()
  await page.keyboard.press("?")
  const keys = page.getByRole("dialog")
  for (const title of ["ответить", "взять в работу", "поручить", "в архив"]) await keys.getByText(title, { exact: true }).waitFor()
  await page.keyboard.press("Escape")
  await keys.waitFor({ state: "hidden" })

  await page.keyboard.press("w")
  await eventually("the letter is in work", async () => (await state()) === "in_work")
  await page.getByRole("button", { name: "Подготовить проект ответа" }).waitFor()
  await page.keyboard.press("t")
  await page.waitForURL(/\/tasks\/new\?document=/)
})

journey("a document whose registration lost its answer is registered once, however often one tries", world, { as: () => world.admin, expects: /ERR_FAILED/ }, async ({ page }) => {
  let lost = 0
  await page.route("**/api/v1/documents", async (route) => {
    if (route.request().method() !== "POST" || lost++ > 0) return route.continue()
    await route.fetch()
    await route.abort()
  })
  await page.goto("/documents/new")
  await page.getByLabel("Краткое содержание").fill("Об одном номере")
  await page.getByRole("button", { name: "Зарегистрировать" }).click()
  await eventually("the first try to be over", async () => lost === 1)
  await page.getByRole("main").getByRole("alert").first().waitFor()
  await page.getByRole("button", { name: "Зарегистрировать" }).click()
  await page.waitForURL(/\/documents\/doc_/)
  const { items } = await rest.get<{ items: Doc[] }>("/documents?limit=50")
  assert.equal(items.filter((d) => d.subject === "Об одном номере").length, 1)
})
