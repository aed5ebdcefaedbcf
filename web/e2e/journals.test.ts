import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after } from "node:test"
import { journey, settled } from "./browser"
import { accessible, russian } from "./checks"
import { World } from "./world"

const world = await World.start()
after(() => world.stop())
type Journal = { id: string; deleted_at?: string }

journey("a journal is made, its faults stand at their fields, it is exported, deleted and brought back", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto("/journals")
  await settled(page)
  await page.getByRole("button", { name: "Новый журнал" }).click()
  const form = page.getByRole("form", { name: "Новый журнал" })
  await form.getByLabel("Название").fill("Входящие ФКР")
  await form.getByLabel("Код").fill("FKR")
  await form.getByLabel("Шаблон номера").fill("ФКР-{n:05}")
  await form.getByRole("button", { name: "Сохранить" }).click()
  const field = (name: string) => form.locator(".ant-form-item").filter({ has: page.getByLabel(name) })
  await field("Код").getByText("только строчные латинские буквы").waitFor()
  assert.match(await field("Шаблон номера").locator(".ant-form-item-explain").innerText(), /\{yy/)
  await form.getByLabel("Код").fill("fkr")
  await form.getByLabel("Шаблон номера").fill("ФКР-{yy}/{n:05}")
  await form.getByRole("button", { name: "Сохранить" }).click()
  const row = page.getByRole("row").filter({ hasText: "Входящие ФКР" })
  await row.waitFor()
  await russian(page, ["fkr"])
  await accessible(page)

  await page.getByRole("button", { name: "Выгрузить" }).click()
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()])
  assert.match(readFileSync(await file.path(), "utf8"), /fkr;Входящие ФКР;/)
  await page.keyboard.press("Escape")

  await row.getByText("Входящие ФКР").click()
  await page.getByRole("button", { name: "Удалить" }).click()
  await page.getByRole("dialog").filter({ hasText: "Удалить журнал" }).getByRole("button", { name: "Удалить" }).click()
  await page.getByText("Журнал удалён").waitFor()
  await row.waitFor({ state: "detached" })
  assert.equal((await world.admin.rest.get<{ items: Journal[] }>("/journals")).items.some((j) => j.id === "fkr"), false)

  await page.getByText("Удалённые", { exact: true }).click()
  await page.getByRole("button", { name: "Вернуть: Входящие ФКР" }).click()
  await page.getByText("Журнал возвращён").waitFor()
  await page.getByText("Действующие", { exact: true }).click()
  await row.waitFor()
})
