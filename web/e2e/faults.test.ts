import assert from "node:assert/strict"
import { after } from "node:test"
import type { Locator, Page } from "playwright-core"
import type { components } from "../src/api/schema"
import { journey, settled } from "./browser"
import { russian } from "./checks"
import { furnish } from "./desk"
import { World } from "./world"

type Schema = components["schemas"]

const world = await World.start()
after(() => world.stop())
const me = world.admin
const helper = await world.person("operator")
const desk = await furnish(world)

/** at is the field of a form by its label, with what is said of it. */
const at = (form: Locator, label: string) => form.locator(".ant-form-item").filter({ has: form.page().locator("label").getByText(label, { exact: true }) })

/** plain holds what the page says to words of an office: no path of the REST stands on it. */
async function plain(page: Page, also: string[] = []) {
  assert.doesNotMatch(await page.locator("body").innerText(), /[a-z_]+\.\d+(\.[a-z_]+)?/)
  await russian(page, also)
}

async function choose(page: Page, field: Locator, ...names: string[]) {
  for (const name of names) {
    await field.getByRole("combobox").fill(name)
    await page.locator(".ant-select-item-option").filter({ hasText: name }).click()
  }
  await page.keyboard.press("Escape")
}

journey("an approver who may not approve is told of at the approvers, by his place", world, { as: () => me }, async ({ page }) => {
  const { draft } = await me.rest.post<Schema["DraftCard"]>("/drafts", { text: { subject: "О кровле", text: "Сделано." } })
  await page.goto(`/documents/drafts/${draft.id}`)
  await page.getByRole("region", { name: "Как отправить и кто согласует" }).getByRole("button", { name: "Изменить" }).click()
  const dialog = page.getByRole("dialog")
  await choose(page, at(dialog, "Согласующие"), helper.name, me.name)
  await dialog.getByRole("button", { name: "Сохранить" }).click()
  await at(dialog, "Согласующие").getByText("2: сотрудник — автор не согласует собственный проект").waitFor()
  await plain(page)
})

journey("hours of a calendar that overlap are told of at their day", world, { as: () => me }, async ({ page }) => {
  await page.goto("/calendars")
  await page.getByRole("button", { name: "Рабочая неделя" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByLabel("Вторник").fill("09:00–13:00, 12:00–18:00")
  await dialog.getByRole("button", { name: "Сохранить" }).click()
  await at(dialog, "Вторник").getByText("2 — промежутки идут по порядку и не пересекаются").waitFor()
  await plain(page)
})

journey("faults within a rule stand at their condition and their action", world, { as: () => me }, async ({ page }) => {
  const rule = await me.rest.post<Schema["Rule"]>("/rules", {
    title: "Протечки", on: false, when: { all: [{ field: "subject", is: "contains", values: ["течёт"] }, { any: [{ field: "subject", is: "contains", values: ["кран"] }] }] },
    then: [{ do: "set_line", line: desk.line }, { do: "set_line", line: desk.second }],
  })
  await page.goto(`/rules/${rule.id}`)
  await settled(page)
  const inner = page.locator(".u-group .u-group .u-condition")
  await inner.getByRole("combobox", { name: "Как" }).click()
  await page.locator(".ant-select-item-option").filter({ hasText: "выражени" }).click()
  await inner.getByRole("combobox", { name: "Значения" }).fill("(")
  await page.keyboard.press("Enter")
  const action = page.locator(".u-action").nth(1)
  await action.getByRole("combobox", { name: "Что сделать" }).click()
  await page.locator(".ant-select-item-option").filter({ hasText: /поручение/i }).click()
  await page.getByRole("button", { name: "Сохранить", exact: true }).click()
  await inner.getByText(/^2 — регулярное выражение не разобрано/).waitFor()
  await action.getByText(/Поручение — обязательное поле/).waitFor()
  assert.equal(await page.locator(".u-action").first().locator(".u-fault").count(), 0)
  assert.doesNotMatch(await page.locator("body").innerText(), /then\.|when\./)
})
