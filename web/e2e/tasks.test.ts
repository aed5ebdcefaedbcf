import assert from "node:assert/strict"
import { after } from "node:test"
import type { Page } from "playwright-core"
import type { components } from "../src/api/schema"
import { journey, settled } from "./browser"
import { accessible, russian } from "./checks"
import { eventually } from "./process"
import { World } from "./world"

type Schema = components["schemas"]

const world = await World.start()
after(() => world.stop())
const { rest } = world.admin
const performer = await world.person("operator")
const helper = await world.person("operator")
const supervisor = await world.person("supervisor")
const { items: people } = await rest.get<{ items: { id: string; name: string }[] }>("/people")
const idOf = (name: string) => people.find((p) => p.name === name)!.id
const hour = 3_600_000

/** handOut gives the performer a task in the administrator's name. */
function handOut(title: string, due = new Date(Date.now() + 48 * hour)): Promise<Schema["Task"]> {
  return rest.post("/tasks", { kind: "assignment", title, performer: idOf(performer.name), due_at: due.toISOString() })
}

/** does presses a button of a task, and in its dialog again with what is filled in before. */
async function does(page: Page, act: string, fill: (dialog: ReturnType<Page["getByRole"]>) => Promise<void>) {
  await page.getByRole("button", { name: act, exact: true }).click()
  const dialog = page.getByRole("dialog")
  await fill(dialog)
  await dialog.getByRole("button", { name: act, exact: true }).click()
  await dialog.waitFor({ state: "detached" })
}

const pick = (dialog: ReturnType<Page["getByRole"]>, name: string) => async () => {
  await dialog.getByRole("combobox", { name: "Кому" }).fill(name)
  await dialog.page().locator(".ant-select-dropdown:visible").getByTitle(name).click()
}

const declined = await handOut("Проверить вытяжку")
journey("a performer declines a task, and not without a reason", world, { as: () => performer }, async ({ page }) => {
  await page.goto("/tasks")
  await page.getByRole("link", { name: declined.title }).click()
  await page.getByRole("button", { name: "Не принимать" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Не принимать" }).click()
  await page.getByText("Заполните это поле").waitFor() // not without a reason
  await page.getByRole("dialog").getByLabel("Причина").fill("Нет допуска на крышу")
  await page.getByRole("dialog").getByRole("button", { name: "Не принимать" }).click()
  await page.getByText("Не принято", { exact: true }).waitFor()
  const talk = page.getByRole("region", { name: "Обсуждение" }).getByRole("listitem").filter({ hasText: "не принял" })
  await talk.getByText("Нет допуска на крышу").waitFor()
  assert.equal(await page.getByRole("button", { name: "Начать", exact: true }).count(), 0, "it is his no more")
  await settled(page)
  await russian(page)
})

journey("a declined task is given to another, who hands it on", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto(`/tasks/${declined.id}`)
  await does(page, "Назначить", (dialog) => pick(dialog, helper.name)())
  await page.getByText("Назначено", { exact: true }).waitFor()
  assert.equal((await rest.get<Schema["TaskCard"]>(`/tasks/${declined.id}`)).task.performer, idOf(helper.name))
})

journey("a task is handed on to a colleague, who sees from whom it came", world, { as: () => helper }, async ({ page }) => {
  await page.goto(`/tasks/${declined.id}`)
  await does(page, "Передать другому", async (dialog) => {
    await pick(dialog, performer.name)()
    await dialog.getByLabel("Причина").fill("Ухожу в отпуск")
  })
  await page.getByText(`${helper.name} → ${performer.name}`).first().waitFor()
  await page.getByText("Ухожу в отпуск").first().waitFor()
  await settled(page)
  await russian(page)
  await accessible(page)
})

journey("the author accepts a result, and the task is closed until somebody takes it up again", world, { as: () => world.admin }, async ({ page }) => {
  const { task } = await rest.get<Schema["TaskCard"]>(`/tasks/${declined.id}`)
  const begun = await performer.rest.post<Schema["Task"]>(`/tasks/${task.id}/start`, undefined, task.version)
  await performer.rest.post(`/tasks/${task.id}/done`, { text: "Вытяжка прочищена." }, begun.version)
  await page.goto("/tasks?view=by_me")
  await page.getByRole("link", { name: task.title }).click()
  await page.getByText("Вытяжка прочищена.").waitFor()
  await does(page, "Принять результат", () => Promise.resolve())
  await page.getByText("Закрыто", { exact: true }).waitFor()
  await does(page, "Возобновить", (dialog) => dialog.getByLabel("Причина").fill("Снова не тянет"))
  await page.getByText("Снова не тянет").first().waitFor()
  assert.notEqual((await rest.get<Schema["TaskCard"]>(`/tasks/${task.id}`)).task.state, "closed")
})

journey("a supervisor sees the overdue of all he answers for, or only his own, as he chose last", world, { as: () => supervisor }, async ({ page }) => {
  const late = new Date(Date.now() - hour)
  const theirs = await helper.rest.post<Schema["Document"]>("/appeals", { subject: "Просроченное обращение Олега", applicant: { kind: "person", name: "Иванов Пётр" }, due_at: late.toISOString(), take: true })
  await handOut("Срочное поручение Марии", new Date(Date.now() + 2000))
  await page.goto("/")
  const due = page.locator("section").filter({ has: page.getByRole("heading", { name: "Срок сегодня и просрочено" }) })
  await due.getByRole("listitem").filter({ hasText: theirs.subject }).getByText(helper.name).waitFor()
  await due.getByRole("listitem").filter({ hasText: "Срочное поручение Марии" }).getByText(performer.name).waitFor()
  await settled(page)
  await russian(page)
  await accessible(page)
  await due.getByText("Мои", { exact: true }).click()
  await due.getByText("Срочного нет").waitFor()
  await page.reload()
  await due.getByText("Срочного нет").waitFor()
})

journey("an operator sees his own terms only, without a choice", world, { as: () => helper }, async ({ page }) => {
  await page.goto("/")
  const due = page.locator("section").filter({ has: page.getByRole("heading", { name: "Срок сегодня и просрочено" }) })
  await due.getByText("Просроченное обращение Олега").waitFor()
  assert.equal(await due.getByText("Срочное поручение Марии").count(), 0)
  assert.equal(await due.getByRole("radiogroup").count(), 0)
})

journey("news are written, marked important, and published", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto("/news")
  await page.getByRole("button", { name: "Добавить новость" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByLabel("Название").fill("Новые часы приёма")
  await dialog.getByLabel("Текст").fill("С понедельника приём с 9 до 18.\nВ пятницу до 17.")
  await dialog.getByLabel("Важная").check()
  await dialog.getByRole("button", { name: "Сохранить" }).click()
  const piece = page.getByRole("article").filter({ hasText: "Новые часы приёма" })
  await piece.getByText("Важно", { exact: true }).waitFor()
  await piece.getByText("Не опубликована").waitFor()
  await piece.getByRole("button", { name: "Изменить" }).click()
  await dialog.getByLabel("Опубликована").check()
  await dialog.getByRole("button", { name: "Сохранить" }).click()
  await piece.getByText("Не опубликована").waitFor({ state: "detached" })
  await settled(page)
  await russian(page)
  await accessible(page)
})

journey("a colleague reads the news and cannot change them", world, { as: () => helper }, async ({ page }) => {
  await page.goto("/news")
  const piece = page.getByRole("article").filter({ hasText: "Новые часы приёма" })
  await piece.getByText("В пятницу до 17.").waitFor()
  assert.equal(await piece.getByRole("button", { name: "Изменить" }).count(), 0)
  assert.equal(await page.getByRole("button", { name: "Добавить новость" }).count(), 0)
})

journey("comments of an article stand in the order they were written", world, { as: () => world.admin }, async ({ page }) => {
  const article = await rest.post<Schema["Entry"]>("/directories/articles/entries", { values: { title: "Вентиляция", text: "Кто чистит." } })
  for (const title of ["Язык статьи сложен", "А теперь понятно"]) await rest.post("/directories/article_comments/entries", { values: { article: article.id, title } })
  await page.goto("/knowledge")
  await page.getByRole("region", { name: "Недавно изменённые" }).getByRole("link", { name: "Вентиляция" }).click()
  const said = page.getByRole("region", { name: "Комментарии" }).getByRole("listitem")
  await eventually("both are there", async () => (await said.count()) === 2)
  assert.match(await said.first().innerText(), /Язык статьи/)
})
