import assert from "node:assert/strict"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { after } from "node:test"
import type { components } from "../src/api/schema"
import { journey, open, settled, shot } from "./browser"
import { accessible, russian } from "./checks"
import { eventually } from "./process"
import { World } from "./world"

type Schema = components["schemas"]

const world = await World.start({ plugins: ["meters"] })
after(() => world.stop())
const dir = join(world.folder, "meters")
mkdirSync(join(dir, "in"), { recursive: true })
await world.channel({ id: "meters", title: "Счётчики", plugin: "meters", settings: { dir } })
const clerk = await world.person("clerk", "supervisor")

journey("a letter of our own is written, signed with the chosen certificate, sent, followed on its way, and its signed set is saved", world, { as: () => clerk }, async ({ page }) => {
  await page.goto("/documents?direction=outgoing")
  await page.getByRole("button", { name: "Новый проект" }).click()
  await page.getByRole("heading", { level: 1, name: "Проект исходящего" }).waitFor()
  await page.getByLabel("Имя или название").fill("Жилищная инспекция")
  await page.getByLabel("Адрес, почта или телефон").fill("gzhi@example.org")
  await page.getByRole("button", { name: "Добавить", exact: true }).click()
  await page.getByLabel("Тема").fill("О начале отопительного сезона")
  await page.getByRole("textbox", { name: "Текст" }).fill("Дома готовы.")
  await page.getByRole("button", { name: "Сохранить редакцию" }).click()
  await page.getByRole("heading", { name: /О начале отопительного сезона/ }).waitFor()

  await page.getByRole("region", { name: "Подписи" }).getByRole("button", { name: "Подписать" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByRole("radio", { name: /Орлова Вера Павловна, директор/ }).waitFor()
  await dialog.getByRole("radio", { name: /Белов Илья Олегович/ }).check()
  await page.screenshot({ path: shot("sign-1280-light") })
  await accessible(page)
  await dialog.getByRole("button", { name: "Подписать" }).click()
  await page.getByRole("region", { name: "Подписи" }).getByText("Подпись верна").waitFor()

  await page.getByRole("button", { name: "Изменить" }).click()
  await page.getByRole("combobox", { name: "Канал" }).click()
  await page.getByTitle("Счётчики").click()
  await page.getByRole("dialog").getByRole("button", { name: "Сохранить" }).click()
  await page.getByRole("button", { name: "Зарегистрировать и отправить" }).click()
  await page.getByText("Документ зарегистрирован и поставлен в отправку").waitFor()

  await page.goto("/documents?direction=outgoing&stage=way")
  const row = page.getByRole("row").filter({ hasText: "О начале отопительного сезона" })
  await row.getByText("Отправлено").waitFor()
  await page.screenshot({ path: shot("documents-way-1280-light") })
  await russian(page)
  await row.click()
  await settled(page)
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Всё с подписями одним архивом" }).click()])
  const archive = readFileSync(await saved.path())
  assert.equal(archive.subarray(0, 2).toString(), "PK")
  assert.ok(archive.includes(Buffer.from(".sig")), "a signature is in the archive")
  const { items } = await clerk.rest.get<Schema["DeliveryPage"]>("/deliveries?direction=outgoing")
  const card = await clerk.rest.get<Schema["DocumentCard"]>(`/documents/${items[0]!.document}`)
  assert.deepEqual(card.signatures.map((s) => [s.certificate, s.status]), [["aa02", "valid"]])
})

journey("a paper is registered by hand under the number that was shown before", world, { as: () => clerk }, async ({ page }) => {
  await page.goto("/documents/new?direction=incoming")
  const shown = page.getByRole("status").locator("b")
  await eventually("the number is shown", async () => /\d/.test((await shown.textContent()) ?? ""))
  const number = (await shown.textContent())!
  await page.getByLabel("Краткое содержание").fill("Заявление о перерасчёте")
  await page.getByLabel("Имя или название").fill("Иванова Анна")
  await page.getByRole("button", { name: "Зарегистрировать" }).click()
  await page.getByRole("heading", { level: 1, name: `Входящий ${number}` }).waitFor()
})

/** made is a draft answer to a paper. */
async function made(): Promise<Schema["DraftCard"]> {
  const sender = { kind: "person", name: "Иванова Анна", addresses: [{ kind: "phone", value: "+79161234567" }] }
  const incoming = await clerk.rest.post<Schema["Document"]>("/documents", { direction: "incoming", subject: "Запрос", text: "Прошу ответить.", sender })
  return clerk.rest.post<Schema["DraftCard"]>("/drafts", { in_reply_to: incoming.id, text: { subject: "Ответ", text: "Первая редакция." }, way: { channel: "meters" } })
}

journey("what is typed over a draft survives a reload and is saved before the draft goes out", world, { as: () => clerk }, async ({ page }) => {
  const { draft } = await made()
  await page.goto(`/documents/drafts/${draft.id}`)
  const text = page.getByRole("textbox", { name: "Текст" })
  await text.fill("Вторая редакция.")
  await page.getByText("Есть несохранённый текст").waitFor()
  await eventually("it is kept", () => page.evaluate(() => JSON.stringify(localStorage).includes("Вторая редакция.")))
  await page.reload()
  await page.getByText("Есть несохранённый текст").waitFor()
  assert.equal(await text.inputValue(), "Вторая редакция.")
  await page.getByRole("button", { name: "Зарегистрировать и отправить" }).click()
  await page.getByText("Документ зарегистрирован и поставлен в отправку").waitFor()
  const { document } = (await clerk.rest.get<Schema["DraftCard"]>(`/drafts/${draft.id}`)).draft
  assert.equal((await clerk.rest.get<Schema["DocumentCard"]>(`/documents/${document}`)).document.text, "Вторая редакция.")
})

journey("a text a colleague has saved meanwhile is told of, and the signature is made over what was typed last", world, { as: () => clerk }, async ({ page }) => {
  const { draft } = await made()
  await page.goto(`/documents/drafts/${draft.id}`)
  await page.getByRole("textbox", { name: "Текст" }).fill("Моя редакция.")
  await clerk.rest.form(`/drafts/${draft.id}/versions`, { subject: "Ответ", text: "Чужая редакция." }, { name: "акт.txt", text: "акт" }, draft.version)
  await page.getByText("Пока вы писали, появилась редакция 2").waitFor()
  await page.getByRole("region", { name: "Подписи" }).getByRole("button", { name: "Подписать" }).click()
  await page.getByRole("dialog").getByRole("radio", { name: /Орлова/ }).waitFor()
  const { text } = await clerk.rest.get<Schema["DraftCard"]>(`/drafts/${draft.id}`)
  assert.deepEqual([text.number, text.text], [3, "Моя редакция."])
})

journey("an approver whose visa must be signed agrees with a signature", world, { as: () => clerk }, async ({ page }) => {
  const approver = await world.person("supervisor", "clerk")
  const { user } = await approver.rest.get<{ user: { id: string } }>("/session")
  const { draft } = await made()
  await page.goto(`/documents/drafts/${draft.id}`)
  await page.getByRole("button", { name: "Изменить" }).click()
  const way = page.getByRole("dialog")
  for (const field of ["Согласующие", "Кто из них подписывает визу"]) {
    await way.getByRole("combobox", { name: field }).fill(approver.name)
    await page.locator(".ant-select-dropdown:visible .ant-select-item-option", { hasText: approver.name }).last().waitFor()
    await page.keyboard.press("Enter")
  }
  await way.getByRole("button", { name: "Сохранить" }).click()
  await way.waitFor({ state: "detached" })
  await page.getByText("с электронной подписью").waitFor()
  await page.getByRole("button", { name: "На согласование" }).click()
  await page.getByRole("button", { name: "Отозвать с согласования" }).waitFor()

  const desk = await open(world, approver)
  await desk.page.goto(`/documents/drafts/${draft.id}`)
  await desk.page.getByRole("button", { name: "Согласовать с подписью" }).click()
  const dialog = desk.page.getByRole("dialog")
  await dialog.getByRole("radio", { name: /Белов/ }).check()
  const [sheet] = await Promise.all([desk.page.waitForEvent("download"), dialog.getByRole("link", { name: "Скачать лист визы" }).click()])
  assert.match(readFileSync(await sheet.path(), "utf8"), new RegExp(approver.name))
  await russian(desk.page)
  await accessible(desk.page)
  await dialog.getByRole("button", { name: "Подписать" }).click()
  await desk.page.locator(".u-page-head").getByText("Отправлен", { exact: true }).waitFor()
  const { visas } = (await clerk.rest.get<Schema["DraftCard"]>(`/drafts/${draft.id}`)).draft
  assert.deepEqual(visas?.map((v) => [v.by, v.agreed, !!v.signature]), [[user.id, true, true]])
  assert.deepEqual(desk.complaints, [])
  await desk.context.close()
})
