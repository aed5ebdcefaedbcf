import assert from "node:assert/strict"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after } from "node:test"
import type { components } from "../src/api/schema"
import { journey, settled, pictured } from "./browser"
import { accessible, russian } from "./checks"
import { eventually } from "./process"
import { type Channel, World } from "./world"

type Schema = components["schemas"]

const world = await World.start({ plugins: ["meters"] })
after(() => world.stop())
const { rest } = world.admin
const dir = join(world.folder, "meters")
mkdirSync(join(dir, "in"), { recursive: true })
await world.channel({ id: "meters", title: "Счётчики дома", plugin: "meters", settings: { dir } })

/** letter puts one into the channel and waits until it is a document. */
async function letter(name: string): Promise<void> {
  const before = (await rest.get<Schema["DocumentPage"]>("/documents")).items.length
  writeFileSync(join(dir, "in", `${name}.html`), "<p>Батареи холодные</p>")
  await eventually("the letter is registered", async () => (await rest.get<Schema["DocumentPage"]>("/documents")).items.length > before)
}

const as = { as: () => world.admin }

journey("a rule is built, tried on past documents and switched on", world, as, async ({ page }) => {
  await letter("первое")
  await page.goto("/rules")
  await page.getByRole("link", { name: "Новое правило" }).first().click()
  await page.getByLabel("Название").fill("Показания по теме")
  await page.getByRole("button", { name: "Условие", exact: true }).first().click()
  await page.getByRole("combobox", { name: "Значения" }).fill("письмо перв")
  await page.keyboard.press("Enter")
  await page.getByRole("button", { name: "Группа", exact: true }).first().click()
  await page.getByRole("group", { name: "Любое из условий (ИЛИ)" }).getByRole("button", { name: "Выражение" }).click()
  await page.getByRole("textbox", { name: "Выражение" }).fill("len(files) ==")
  await page.getByRole("combobox", { name: "Что сделать" }).click()
  await page.getByTitle("Установить срок").click()
  await page.getByRole("button", { name: "Проверить" }).click()
  await page.getByRole("alert").first().waitFor() // the expression has no end
  await page.getByRole("textbox", { name: "Выражение" }).fill("hour >= 0")
  await page.getByRole("button", { name: "Проверить" }).click()
  const trial = page.getByRole("region", { name: "Проба на прошлых документах" })
  await trial.getByText("документ обработался бы иначе").waitFor()
  await trial.getByText("Письмо первое.html").waitFor()
  await pictured(page, "rules-trial")
  await accessible(page)
  await page.getByRole("button", { name: "Сохранить и включить" }).click()
  await page.getByRole("switch", { name: "Включить «Показания по теме»", checked: true }).waitFor()
  const set = await rest.get<Schema["RuleSet"]>("/rules")
  assert.deepEqual(set.rules.map((r) => [r.title, r.on, r.then[0]?.do]), [["Показания по теме", true, "set_term"]])
  await russian(page)
})

journey("rules are put in another order by the mouse and by keys", world, as, async ({ page }) => {
  const titles = async () => (await rest.get<Schema["RuleSet"]>("/rules")).rules.map((r) => r.title)
  const [first] = (await rest.get<Schema["RuleSet"]>("/rules")).rules
  await rest.post("/rules", { title: "Второе правило", on: false, when: first!.when, then: first!.then })
  await page.goto("/rules")
  const handle = (title: string) => page.getByRole("button", { name: `Переставить «${title}»` })
  const [from, to] = [(await handle("Второе правило").boundingBox())!, (await handle("Показания по теме").boundingBox())!]
  await page.mouse.move(from.x + 8, from.y + 8)
  await page.mouse.down()
  await page.mouse.move(to.x + 8, to.y + 4, { steps: 12 })
  await page.mouse.up()
  await page.getByText("Порядок изменён").waitFor()
  await eventually("the second goes first", async () => (await titles())[0] === "Второе правило")
  await handle("Второе правило").focus()
  await page.keyboard.press("Space")
  const said = page.getByRole("status")
  await said.getByText("Правило «Второе правило» на месте 1 из 2").waitFor()
  await eventually("the rule goes down", async () => {
    await page.keyboard.press("ArrowDown") // faster than a person: one may come before the places of the rules are measured
    return said.getByText("Правило «Второе правило» на месте 2 из 2").isVisible()
  })
  await page.keyboard.press("Space")
  await eventually("the first goes first", async () => (await titles())[0] === "Показания по теме")
})

journey("a channel that is killed is shown degraded with the reason and starts again by itself", world, as, async ({ page }) => {
  await page.goto("/channels")
  const card = page.getByRole("link", { name: /Счётчики дома/ })
  await card.getByText("Работает").waitFor()
  const one = () => rest.get<Channel>("/channels/meters")
  const before = (await one()).status!
  // The pauses between two starts grow with each crash: one of them is long enough to be seen.
  await eventually("it is shown degraded", async () => {
    const { state, pid } = (await one()).status!
    if (state === "running") process.kill(pid!, "SIGKILL")
    return card.getByText("Сбоит").isVisible()
  })
  await world.state("meters", "running")
  await card.getByText("Работает").waitFor()
  await card.getByText(/Последняя ошибка .*killed/).waitFor()
  assert.ok((await one()).status!.restarts > before.restarts, "a new process")
  await card.click()
  await page.getByRole("heading", { level: 1, name: "Счётчики дома" }).waitFor()
  await page.getByRole("img", { name: "Что прошло через канал" }).waitFor()
  await settled(page)
  await accessible(page)
})

journey("a channel is paused, its settings are changed and taken back, its operation is run", world, as, async ({ page }) => {
  await page.goto("/channels/meters")
  await page.getByRole("button", { name: "Приостановить: Приём" }).click()
  await page.getByText("Приём приостановлен").first().waitFor()
  await page.getByRole("button", { name: "Возобновить: Приём" }).click()
  await page.getByText("Приём приостановлен").first().waitFor({ state: "detached" })
  await page.getByRole("button", { name: "Выполнить: Пересчитать остатки" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Выполнить" }).click()
  await page.getByRole("dialog").getByText("П-1").waitFor()
  await page.getByRole("dialog").getByRole("button", { name: "Закрыть" }).last().click()
  await page.getByRole("tab", { name: "Настройки" }).click()
  await page.getByLabel("Название").fill("Счётчики двора")
  await page.getByRole("button", { name: "Сохранить", exact: true }).click()
  await page.getByRole("heading", { level: 1, name: "Счётчики двора" }).waitFor()
  await page.getByRole("tab", { name: "История" }).click()
  await page.getByRole("button", { name: "Вернуть эти настройки: Версия 1", exact: true }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Вернуть эти настройки" }).click()
  await page.getByRole("heading", { level: 1, name: "Счётчики дома" }).waitFor()
  await page.getByRole("tab", { name: "Журнал" }).click()
  await page.getByRole("log").getByText("process started").last().waitFor()
})

journey("a further channel is connected from the list: connector, form, test, on", world, as, async ({ page }) => {
  const second = join(world.folder, "second")
  mkdirSync(join(second, "in"), { recursive: true })
  await page.goto("/channels")
  await page.getByRole("link", { name: "Подключить канал" }).click()
  await page.getByRole("heading", { level: 1, name: "Новый канал" }).waitFor()
  await page.getByRole("button", { name: /Счётчики/ }).click()
  await page.getByLabel("Папка").fill(join(world.folder, "nowhere"))
  await page.getByRole("button", { name: "Проверить связь" }).click()
  await page.getByText("Связи нет").waitFor()
  await page.getByLabel("Папка").fill(second)
  await page.getByRole("button", { name: "Проверить связь" }).click()
  await page.getByText("Связь есть").waitFor()
  await page.getByLabel("Название канала").fill("Счётчики двора")
  await page.getByRole("button", { name: "Подключить" }).click()
  await page.getByRole("heading", { level: 1, name: "Счётчики двора" }).waitFor()
  await page.getByText("Работает", { exact: true }).first().waitFor()
  await russian(page, ["meters"])
})
