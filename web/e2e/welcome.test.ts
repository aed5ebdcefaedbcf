import { after } from "node:test"
import { journey } from "./browser"
import { World } from "./world"

const world = await World.start({ plugins: ["email"], mail: true })
after(() => world.stop())
const mail = world.mail!

journey("the first steps connect a mailbox: form, wrong password, clear error, right one, first letter", world, { as: () => world.admin }, async ({ page }) => {
  const { user, ca, imaps, smtps, password } = mail.facts
  await page.goto("/welcome")
  await page.getByLabel("Название", { exact: true }).fill("УК «Дом»")
  await page.getByRole("button", { name: "Дальше" }).click()
  await page.getByLabel("Фамилия, имя, отчество").waitFor()
  await page.getByRole("button", { name: "Пропустить" }).click()
  await page.getByRole("button", { name: /Электронная почта/ }).click()
  await page.getByRole("button", { name: "Все настройки" }).click()
  await page.getByLabel("Адрес ящика").fill(user)
  await page.getByLabel("Корневой сертификат").fill(ca)
  for (const [at, address] of [imaps, smtps].entries()) {
    await page.getByLabel("Сервер", { exact: true }).nth(at).fill("localhost")
    await page.getByLabel("Порт", { exact: true }).nth(at).fill(address.split(":").at(-1)!)
  }
  const secret = page.getByLabel("Пароль", { exact: true })
  await secret.fill("не тот")
  await page.getByRole("button", { name: "Проверить связь" }).click()
  await page.getByText(/не впустил/).first().waitFor()
  await secret.fill(password)
  await page.getByRole("button", { name: "Проверить связь" }).click()
  await page.getByText("Связь есть").first().waitFor()
  await page.getByRole("button", { name: "Подключить" }).click()
  await page.getByText(/Вх-\d{4}\/\d{6}/).first().waitFor()
  await page.getByText("Работает", { exact: true }).first().waitFor()
})
