import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after } from "node:test"
import { journey, settled } from "./browser"
import { accessible, russian } from "./checks"
import { furnish } from "./office"
import { World } from "./world"

const world = await World.start()
after(() => world.stop())
const performer = await world.person("operator")
const { user } = await performer.rest.get<{ user: { id: string } }>("/session")
const office = await furnish(world.admin.rest, user.id)

journey("a paper is registered by hand under the number that was shown, and stands in its list", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto("/documents/new")
  const number = (await page.getByRole("status").locator("b").filter({ hasText: /\d/ }).textContent()) ?? ""
  assert.match(number, /\d+/)
  await page.getByLabel("Краткое содержание").fill("О ремонте подъезда")
  await page.getByLabel("Имя или название").fill("Кузьмин Лев Петрович")
  await page.getByRole("button", { name: "Зарегистрировать" }).click()
  await page.getByRole("heading", { name: `Входящий ${number}` }).waitFor()
  await page.getByText("Кузьмин Лев Петрович").first().waitFor()
  await page.goto("/documents")
  await page.getByRole("link", { name: number }).waitFor()
  await settled(page)
  await russian(page)
  await accessible(page)
})

journey("the card of a document has its course with the task, and its requisites can be changed", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto(`/documents/${office.incoming.id}`)
  await page.getByRole("region", { name: "Ход документа" }).getByText("Осмотреть кровлю").waitFor()
  await page.getByRole("button", { name: "Реквизиты" }).click()
  await page.getByRole("dialog").getByLabel("Тема").fill("О протечке кровли над подъездом 3")
  await page.getByRole("dialog").getByRole("button", { name: "Сохранить" }).click()
  await page.getByRole("heading", { name: "О протечке кровли над подъездом 3" }).waitFor()
  await settled(page)
  await russian(page)
  await accessible(page)
})

journey("a task is accepted, done and reported by its performer", world, { as: () => performer }, async ({ page }) => {
  await page.goto("/tasks")
  await page.getByRole("link", { name: office.task.title }).first().click()
  for (const act of ["Принять", "Начать"]) await page.getByRole("button", { name: act, exact: true }).click()
  await page.getByRole("button", { name: "Отчитаться" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByLabel("Что сделано").fill("Кровля осмотрена, акт составлен.")
  await dialog.getByRole("button", { name: "Отчитаться" }).click()
  await page.getByRole("region", { name: "Результат" }).getByText("акт составлен").waitFor()
  await settled(page)
  await russian(page)
})

journey("the author returns the result, and the calendar shows what is open", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto(`/tasks/${office.task.id}`)
  await page.getByRole("button", { name: "Вернуть на доработку" }).click()
  await page.getByRole("dialog").getByLabel("Причина").fill("Нет снимков")
  await page.getByRole("dialog").getByRole("button", { name: "Вернуть на доработку" }).click()
  await page.getByText("Нет снимков").first().waitFor()
  await page.goto("/tasks?view=by_me&shape=calendar")
  await page.getByRole("link", { name: office.task.title }).or(page.getByRole("button", { name: "Следующий месяц" })).first().waitFor()
  await settled(page)
  await accessible(page)
})

journey("an entry of a directory is made, found and deleted; an import tells its bad rows", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto("/directories/tags")
  await page.getByRole("button", { name: "Добавить" }).click()
  await page.getByRole("dialog").getByLabel("Название").fill("Ветераны")
  await page.getByRole("dialog").getByRole("button", { name: "Сохранить" }).click()
  await page.getByRole("cell", { name: "Ветераны" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Удалить" }).click()
  await page.getByRole("dialog", { name: /Удалить «Ветераны»/ }).getByRole("button", { name: "Удалить" }).click()
  await page.getByRole("cell", { name: "Ветераны" }).waitFor({ state: "detached" })
  await page.getByRole("button", { name: "Загрузить из CSV" }).click()
  await page.getByLabel("Файл CSV").setInputFiles({ name: "tags.csv", mimeType: "text/csv", buffer: Buffer.from("Название;Цвет\nМногодетные;Синий\nОшибка;Полосатый\n") })
  await page.getByRole("button", { name: "Проверить" }).click()
  await page.getByText("с ошибками: 1").first().waitFor()
  await page.getByRole("button", { name: "Загрузить верные строки" }).click()
  await page.getByText("Загружено").first().waitFor()
  await page.getByRole("dialog").getByRole("button", { name: "Закрыть" }).click()
  await page.getByRole("cell", { name: "Многодетные" }).waitFor()
  await settled(page)
  await russian(page)
})

journey("a report is drawn by its parameters and saved as a file", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto("/reports")
  await page.getByRole("link", { name: "По направлениям и состояниям", exact: true }).click()
  await page.getByRole("table").getByText("Итого").first().waitFor()
  await page.getByRole("img", { name: /График/ }).waitFor()
  const saving = page.waitForEvent("download")
  await page.getByRole("link", { name: "CSV" }).click()
  const text = readFileSync(await (await saving).path(), "utf8")
  assert.match(text, /Входящий/)
  await settled(page)
  await russian(page)
  await accessible(page)
})

journey("the knowledge base finds an article by a word and takes a comment", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto("/knowledge")
  await page.getByRole("searchbox", { name: "Слово из названия" }).or(page.getByPlaceholder("Слово из названия или текста")).first().fill("суток")
  await page.getByText("Порядок осмотра кровли").first().click()
  await page.getByText("Составить акт").first().waitFor()
  await page.getByLabel("Комментарий", { exact: true }).fill("Добавьте образец акта")
  await page.getByRole("button", { name: "Добавить комментарий" }).click()
  await page.getByRole("listitem").getByText("Добавьте образец акта").waitFor()
  await settled(page)
  await russian(page)
})
