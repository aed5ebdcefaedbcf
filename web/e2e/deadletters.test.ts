import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after } from "node:test"
import type { components } from "../src/api/schema"
import { journey, settled } from "./browser"
import { accessible, russian } from "./checks"
import { bin, eventually } from "./process"
import { World } from "./world"

type Schema = components["schemas"]

// A hub whose channel numbers by a journal that is gone: what comes in is refused for good.
const world = await World.start({ plugins: ["meters"] })
after(() => world.stop())
const dir = join(world.folder, "meters")
mkdirSync(join(dir, "in"), { recursive: true })
await world.admin.rest.post("/journals", { id: "mail", title: "Письма", direction: "incoming", template: "П-{n:04}", index: "", yearly: false })
await world.channel({ id: "meters", title: "Счётчики дома", plugin: "meters", settings: { dir }, journal: "mail" })
await world.restart((data) => {
  const { status, stderr } = spawnSync(join(bin, "test/breaker"), [data, "mail"], { encoding: "utf8" })
  assert.equal(status, 0, stderr)
})
await world.state("meters", "running")

const documents = async () => (await world.admin.rest.get<Schema["DocumentPage"]>("/documents")).items
const open = async () => (await world.admin.rest.get<Schema["DeadLetterPage"]>("/dead-letters?state=open")).items

journey("letters that cannot be registered are shown with whose fault it is; the cause mended, one and then all are replayed and registered", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto("/dead-letters")
  await settled(page)
  for (const n of [1, 2, 3]) writeFileSync(join(dir, "in", `${n}.html`), "<p>Батареи холодные</p>")
  await eventually("three dead letters", async () => (await open()).length === 3)
  await page.goto("/channels/meters?tab=dead")
  await page.getByRole("heading", { name: "Получено сообщение" }).nth(2).waitFor()
  await page.getByRole("tab", { name: "Настройки" }).click()
  await page.getByRole("combobox", { name: "Журнал регистрации" }).click()
  await page.getByTitle("Входящие").click()
  await page.getByRole("button", { name: "Сохранить", exact: true }).click()
  await page.getByText("Сохранено, канал работает").waitFor()

  await page.goto("/dead-letters?state=open")
  const rows = page.getByRole("table", { name: "Не обработано" }).locator("tbody tr")
  await rows.nth(2).waitFor()
  await rows.first().getByText("Получено сообщение").click()
  const drawer = page.getByRole("dialog")
  await drawer.getByText("journals.not_found", { exact: true }).waitFor()
  await drawer.getByRole("button", { name: "Повторить" }).click()
  await page.getByText("Повторяем: 1").waitFor()
  await eventually("one is registered", async () => (await documents()).length === 1)
  await rows.nth(2).waitFor({ state: "detached" })
  await page.getByRole("checkbox", { name: "Выбрать все на странице" }).check()
  await page.getByRole("toolbar").getByRole("button", { name: "Повторить" }).click()
  await page.getByText("Повторяем: 2").waitFor()
  await eventually("all are registered", async () => (await documents()).length === 3)
  assert.deepEqual((await documents()).map((d) => d.number?.journal), ["incoming", "incoming", "incoming"])
  assert.deepEqual(await open(), [])
  await rows.filter({ hasText: "Получено сообщение" }).first().waitFor({ state: "detached" })
  await russian(page)
  await accessible(page)
})
