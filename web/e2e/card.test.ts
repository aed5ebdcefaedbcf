import assert from "node:assert/strict"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after } from "node:test"
import type { Page } from "playwright-core"
import { deed, journey, settled } from "./browser"
import { accessible, russian } from "./checks"
import { appeal, type Appeal, furnish } from "./desk"
import { eventually } from "./process"
import { World } from "./world"

const world = await World.start({ plugins: ["meters"] })
after(() => world.stop())
const desk = await furnish(world)
const dir = join(world.folder, "meters")
mkdirSync(join(dir, "in"), { recursive: true })
await world.channel({ id: "meters", title: "Счётчики", plugin: "meters", settings: { dir }, appeals: true } as never)
const { rest } = world.admin
const as = () => world.admin

type Card = { document: Appeal; related: Appeal[]; deliveries: { state: string; purpose: string }[] }
const card = (id: string) => rest.get<Card>(`/appeals/${id}`)
const state = async (id: string) => (await card(id)).document.appeal!.state
const becomes = (id: string, wanted: string) => eventually(`the appeal is ${wanted}`, async () => (await state(id)) === wanted)

/** pick chooses an option of the field with the label. */
async function pick(page: Page, label: string, option: string) {
  await page.getByLabel(label, { exact: true }).last().click()
  await page.locator(".ant-select-dropdown:visible").getByText(option, { exact: true }).last().click()
}

const dialog = (page: Page) => page.getByRole("dialog").last()
const go = (page: Page, title: string) => dialog(page).locator(".u-form-do").getByRole("button", { name: title, exact: true }).click()
const opened = async (page: Page, input: Parameters<typeof appeal>[1]) => {
  const made = await appeal(world, input)
  await page.goto(`/appeals/${made.id}`)
  await settled(page)
  return made
}

journey("an appeal is taken by telephone from a caller who is recognised", world, { as }, async ({ page }) => {
  const party = await rest.post<{ id: string }>("/parties", { kind: "person", name: "Громова Вера Павловна", addresses: [{ kind: "phone", value: "+79161112233" }], accounts: [{ number: "777001", provider: "МосОблЕИРЦ", address: "ул. Мира, 5" }] })
  await rest.post("/directories/articles/entries", { values: { title: "Что делать при протечке", text: "Перекрыть стояк.", reason: desk.leak } })
  await page.goto("/")
  await page.getByRole("link", { name: "Телефон" }).click()
  await page.getByRole("heading", { name: "Новое обращение" }).waitFor()
  await page.getByLabel("Телефон", { exact: true }).fill("8 (916) 111-22-33")
  await page.getByText("Громова Вера Павловна").waitFor()
  await page.getByRole("button", { name: "Это он" }).click()
  assert.equal(await page.getByLabel("Имя", { exact: true }).inputValue(), "Громова Вера Павловна")
  await page.getByRole("button", { name: /777001/ }).click()
  await pick(page, "Группа причин", "Содержание дома")
  await pick(page, "Причина", "Протечка")
  await page.getByLabel("Этаж").fill("3")
  await page.getByRole("link", { name: "Что делать при протечке" }).waitFor()
  await page.getByLabel("Описание").fill("Капает из-под потолка.")
  await page.getByLabel("Тема").fill("Протечка в кухне")
  await eventually("the draft is kept", () => page.evaluate(() => JSON.stringify(localStorage).includes("Протечка в кухне")))
  await page.reload()
  await page.getByText("Восстановлено набранное раньше").waitFor()
  assert.equal(await page.getByLabel("Тема").inputValue(), "Протечка в кухне")
  assert.equal(await page.getByLabel("Адрес", { exact: true }).inputValue(), "ул. Мира, 5")
  await page.locator(".a-new input[type=file]").setInputFiles({ name: "кухня.txt", mimeType: "text/plain", buffer: Buffer.from("пятно") })
  await settled(page)
  await russian(page)
  await accessible(page)
  await page.getByRole("button", { name: "Зарегистрировать" }).click()
  await page.getByRole("heading", { name: /Протечка в кухне/ }).waitFor()
  const { document: made } = await card(page.url().split("/").at(-1)!)
  const a = made.appeal!
  assert.equal(a.applicant.party, party.id)
  assert.deepEqual([a.state, a.reason, a.source, a.extra?.floor, a.accounts?.[0]?.number, a.premises?.text, a.description, made.kind], ["in_work", desk.leak, desk.phone, "3", "777001", "ул. Мира, 5", "Капает из-под потолка.", "call"])
  assert.deepEqual(made.files?.map((f) => f.name), ["кухня.txt"])
  await page.getByRole("link", { name: "Что делать при протечке" }).click()
  await page.getByText("Перекрыть стояк.").waitFor()
})

journey("what is wrong with a new appeal stands at its field, and somebody new becomes known", world, { as }, async ({ page }) => {
  await page.goto("/appeals")
  await settled(page)
  await page.keyboard.press("KeyN")
  await page.getByRole("heading", { name: "Новое обращение" }).waitFor()
  await page.getByRole("button", { name: "Зарегистрировать" }).click()
  await page.getByText("Напишите тему").waitFor()
  await page.getByLabel("Тема").fill("Шумит насос")
  await page.getByRole("button", { name: "Зарегистрировать" }).click()
  await page.getByText("Назовите заявителя").waitFor()
  await page.getByLabel("Имя", { exact: true }).fill("Новиков Глеб")
  await page.getByLabel("Телефон", { exact: true }).fill("+79165554433")
  await page.getByRole("button", { name: "Зарегистрировать" }).click()
  await page.getByRole("heading", { name: /Шумит насос/ }).waitFor()
  const { items } = await rest.get<{ items: { name: string }[] }>("/parties?address=%2B79165554433")
  assert.deepEqual(items.map((p) => p.name), ["Новиков Глеб"])
})

journey("an appeal is handed over, planned, rejected, reopened, closed and rated", world, { as }, async ({ page }) => {
  const colleague = await world.person("operator")
  const made = await opened(page, { subject: "Нет воды", line: desk.line })
  await deed(page, "Передать")
  await dialog(page).getByLabel("Линия").click()
  await page.locator(".ant-select-dropdown:visible").getByText("Аварийная служба").click()
  await dialog(page).getByLabel("Исполнители").click()
  await page.locator(".ant-select-dropdown:visible").getByText(colleague.name).click()
  await dialog(page).getByLabel("Поручение исполнителям").fill("Проверить стояк")
  await go(page, "Передать")
  await page.getByRole("region", { name: "Поручения" }).getByText("Проверить стояк").waitFor()
  await eventually("the line has it", async () => (await card(made.id)).document.appeal!.line === desk.second)

  await deed(page, "Взять в работу")
  await becomes(made.id, "in_work")
  await deed(page, "Запланировать")
  await dialog(page).getByLabel("Когда вернуть в работу").fill("2030-01-10T10:00")
  await go(page, "Запланировать")
  await becomes(made.id, "waiting")
  await deed(page, "Отклонить")
  await dialog(page).getByLabel("Почему отклоняется").fill("Дом обслуживает другая организация")
  await go(page, "Отклонить")
  await becomes(made.id, "rejected")
  await deed(page, "Возобновить")
  await eventually("it is open again", async () => (await state(made.id)) !== "rejected")
  await deed(page, "Закрыть")
  await pick(page, "Шаблон", "Устранено")
  await go(page, "Закрыть")
  await becomes(made.id, "closed")
  const { result } = (await card(made.id)).document.appeal!
  assert.deepEqual(result?.works, ["Осмотр", "Замена трубы"])
  assert.match(result!.text, /Работы выполнены: Осмотр/)
  await deed(page, "Оценка")
  await dialog(page).getByRole("radio").nth(3).click()
  await dialog(page).getByLabel("Что сказал").fill("Быстро")
  await go(page, "Сохранить")
  await eventually("the rating is kept", async () => (await card(made.id)).document.appeal!.rating?.score === 4)
  await settled(page)
  await russian(page)
})

journey("another question closes the first appeal, a part goes into one beside it", world, { as }, async ({ page }) => {
  const first = await opened(page, { subject: "Грязно в подъезде" })
  await deed(page, "Другой вопрос")
  await dialog(page).getByLabel("Результат").fill("Уборка проведена")
  await dialog(page).getByLabel("Новый вопрос: тема").fill("Не горит лампа")
  await go(page, "Другой вопрос")
  await page.getByRole("heading", { name: /Не горит лампа/ }).waitFor()
  await becomes(first.id, "closed")
  const second = page.url().split("/").at(-1)!
  await page.getByRole("region", { name: "Связанные" }).getByText("Грязно в подъезде").waitFor()
  await deed(page, "Разделить")
  await dialog(page).getByLabel("Новый вопрос: тема").fill("Скрипит дверь")
  await go(page, "Разделить")
  await page.getByRole("heading", { name: /Скрипит дверь/ }).waitFor()
  assert.notEqual(await state(second), "closed")
})

journey("an appeal goes to another system, is refused there, tried again, and called back", world, { as }, async ({ page }) => {
  const made = await opened(page, { subject: "Перегорел счётчик", description: "Нет света у соседей", accounts: [{ number: "100500" }] })
  const box = page.getByRole("region", { name: "Передано в системы" })
  const forward = async () => {
    await box.getByLabel("Куда передать").click()
    await page.locator(".ant-select-dropdown:visible").getByText("Счётчики").click()
    await page.keyboard.press("Escape")
    await box.getByRole("button", { name: "Передать" }).click()
  }
  writeFileSync(join(dir, "refuse"), "")
  await forward()
  await box.getByText("такого дома нет в обслуживании").waitFor()
  await box.getByText("Что передано").click()
  await box.getByText("Нет света у соседей").waitFor()
  await box.getByText("100500").waitFor()
  rmSync(join(dir, "refuse"))
  await box.getByRole("button", { name: "Повторить" }).click()
  await box.getByText(/номер там/).waitFor()
  await rest.post("/channels/meters/pause", { direction: "out" })
  await forward()
  await box.getByRole("button", { name: "Отозвать" }).click()
  await eventually("it is called back", async () => (await card(made.id)).deliveries.some((d) => d.state === "cancelled"))
  await rest.post("/channels/meters/resume", { direction: "out" })
})

journey("files come from the correspondence by a click and from the desktop by a drop; contacts are mended", world, { as }, async ({ page }) => {
  const made = await opened(page, { subject: "Трещина в стене" })
  const letter = await rest.form<{ document: Appeal }>(`/appeals/${made.id}/reply`, { text: "Пришлите снимок", channel: "meters", to: [{ kind: "person", name: "Иванов", addresses: [{ kind: "phone", value: "+79161234567" }] }], keep_open: true }, { name: "план.txt", text: "план дома" })
  assert.ok(letter.document.id)
  await page.getByRole("button", { name: "Добавить в обращение файл план.txt" }).click()
  const files = page.getByRole("region", { name: "Файлы" })
  await files.getByText("план.txt").waitFor()
  const bag = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    data.items.add(new File(["снимок"], "стена.txt", { type: "text/plain" }))
    return data
  })
  await page.locator(".a-card").dispatchEvent("drop", { dataTransfer: bag })
  await files.getByText("стена.txt").waitFor()
  assert.deepEqual((await card(made.id)).document.files?.map((f) => f.name), ["план.txt", "стена.txt"])
  await files.getByRole("button", { name: "Посмотреть стена.txt" }).click()
  await page.getByRole("dialog").getByText("снимок").waitFor()
  await page.keyboard.press("Escape")

  await page.getByRole("button", { name: "Изменить контакты" }).click()
  const form = page.getByRole("form", { name: "Контакты" })
  await form.getByLabel("Электронная почта").fill("ivanov@example.org")
  await form.getByRole("button", { name: "Ещё телефон" }).click()
  await form.getByRole("textbox", { name: "Телефон 2" }).fill("+74951234567")
  await form.getByRole("button", { name: "Сохранить" }).click()
  await page.getByRole("link", { name: "ivanov@example.org" }).waitFor()
  assert.deepEqual((await card(made.id)).document.appeal!.applicant.addresses?.map((a) => a.value), ["+79161234567", "+74951234567", "ivanov@example.org"])
  await settled(page)
  await russian(page, ["txt"])
  await accessible(page)
})

journey("what the chosen channel cannot carry is said before anything is sent", world, { as }, async ({ page }) => {
  writeFileSync(join(dir, "in", "stuk.html"), "<p>Стучит в трубе</p>")
  const letter = await eventually("the letter is an appeal", async () => (await rest.get<{ items: Appeal[] }>("/appeals")).items.find((a) => a.subject.includes("stuk")))
  await page.goto(`/appeals/${letter.id}`)
  await settled(page)
  const reply = page.getByRole("form", { name: "Ответить заявителю" })
  await reply.getByText("до 200 знаков; не больше 2 файлов; видно, доставлен ли ответ").waitFor()
  await reply.getByRole("textbox").fill("а".repeat(201))
  await reply.getByRole("alert").getByText("в тексте 201 знак, можно 200").waitFor()
  await page.keyboard.press("Control+Enter")
  await page.getByText("Этот канал не передаст ответ").last().waitFor()
  assert.equal((await card(letter.id)).deliveries.length, 0)
  await accessible(page)
  await reply.getByRole("textbox").fill("Слесарь придёт.")
  await reply.getByRole("alert").waitFor({ state: "detached" })
  await reply.getByRole("button", { name: "Отправить" }).click()
  await becomes(letter.id, "answered")
})

journey("the history of an appeal tells in words what was changed, and Ctrl+Enter saves the form one types in", world, { as }, async ({ page }) => {
  const made = await opened(page, { subject: "Скрипит лестница", line: desk.line, reason_group: desk.group, reason: desk.leak })
  await deed(page, "Взять в работу")
  await becomes(made.id, "in_work")
  await settled(page)
  await page.getByRole("button", { name: "Поручить" }).click()
  await page.getByRole("form", { name: "Поручить" }).waitFor()
  await page.getByLabel("Комментарий оператора").fill("Перезвонить до обеда")
  await page.keyboard.press("Control+Enter")
  await eventually("the comment is saved", async () => (await card(made.id)).document.appeal!.comment === "Перезвонить до обеда")
  await page.getByRole("button", { name: "История" }).click()
  const past = page.getByRole("dialog", { name: "История" })
  await past.getByText("Перезвонить до обеда").waitFor()
  await past.getByText("В работе", { exact: true }).first().waitFor()
  await past.getByText(world.admin.name).nth(1).waitFor()
  await settled(page)
  assert.doesNotMatch((await past.textContent()) ?? "", /usr_|ent_|\d{4}-\d\d-\d\d|in_work/)
  await russian(page)
  await accessible(page)
})

journey("what is saved by two presses of Ctrl+Enter while the hub is slow is saved once", world, { as }, async ({ page }) => {
  const made = await opened(page, { subject: "Гудит труба", line: desk.line })
  const master = await world.person("operator")
  let go = () => {}
  const pressed = new Promise<void>((done) => (go = done))
  let orders = 0
  await page.route("**/api/v1/tasks", async (route) => {
    if (route.request().method() === "POST") {
      orders++
      await pressed
    }
    await route.continue()
  })
  await page.getByRole("button", { name: "Поручить" }).click()
  const form = page.getByRole("form", { name: "Поручить" })
  await form.getByRole("combobox").fill(master.name)
  await page.locator(".ant-select-item-option", { hasText: master.name }).click()
  await form.getByRole("textbox").first().fill("Осмотреть трубу")
  await page.keyboard.press("Control+Enter")
  await eventually("the first press is on its way", () => orders > 0)
  await page.keyboard.press("Control+Enter")
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
  go()
  await form.waitFor({ state: "detached" })
  assert.equal(orders, 1)
  const { items } = await rest.get<{ items: { title: string }[] }>(`/tasks?document=${made.id}`)
  assert.deepEqual(items.map((k) => k.title), ["Осмотреть трубу"])
})
