import assert from "node:assert/strict"
import { after } from "node:test"
import type { components } from "../src/api/schema"
import { journey } from "./browser"
import { accessible, russian } from "./checks"
import { eventually } from "./process"
import { World } from "./world"

type Section = components["schemas"]["SettingsSection"]

const world = await World.start()
after(() => world.stop())
const { rest } = world.admin

journey("a section of the settings is changed, not over what another has saved unseen, and taken back by its history", world, { as: () => world.admin }, async ({ page }) => {
  const idle = async () => (await rest.get<Section>("/settings/appeals")).values.idle_minutes
  const before = await idle()
  await page.goto("/settings")
  await page.getByRole("navigation", { name: "Разделы" }).getByRole("link", { name: "Обращения" }).click()
  const minutes = page.getByLabel("Простой оператора, минут")
  await minutes.fill("17")
  await page.getByRole("button", { name: "Сохранить", exact: true }).click()
  await page.getByText("Настройки сохранены").waitFor()
  assert.equal(await idle(), 17)
  const now = await rest.get<Section>("/settings/appeals")
  await rest.put("/settings/appeals", { values: { ...now.values, idle_minutes: 30 } }, now.version)
  await minutes.fill("40")
  await page.getByRole("button", { name: "Сохранить", exact: true }).click()
  await page.getByRole("alert").getByText("Раздел изменил другой сотрудник").waitFor()
  assert.equal(await idle(), 30, "what the other has saved stands")
  await page.getByRole("button", { name: "Сохранить", exact: true }).click()
  await eventually("what is saved again stands", async () => (await idle()) === 40)
  await page.getByRole("button", { name: "История" }).click()
  await page.getByRole("button", { name: /Вернуть версию/ }).last().click()
  await page.getByRole("dialog").getByRole("button", { name: "Да" }).or(page.getByRole("button", { name: "Продолжить" })).click()
  await page.getByText("Настройки возвращены").waitFor()
  assert.equal(await idle(), before)
  await page.keyboard.press("Escape")
  await russian(page)
  await accessible(page)
})
