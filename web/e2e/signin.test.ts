import assert from "node:assert/strict"
import { after } from "node:test"
import { journey } from "./browser"
import { Password, World } from "./world"

const world = await World.start()
after(() => world.stop())

journey("a wrong password is told, the right one lets in, and signing out ends it", world, {}, async ({ page }) => {
  await page.goto("/appeals")
  const password = page.getByLabel("Пароль", { exact: true })
  await page.getByLabel("Логин").fill("admin")
  await password.fill("не тот")
  await page.getByRole("button", { name: "Войти" }).click()
  await page.getByRole("alert").getByText("Неверный логин или пароль").waitFor()
  await password.fill(Password)
  await password.press("Enter")
  await page.getByRole("navigation", { name: "Меню" }).waitFor()
  assert.equal(new URL(page.url()).pathname, "/appeals", "the page that was asked for")
  await page.reload()
  await page.getByRole("button", { name: "Администратор" }).click()
  await page.getByRole("button", { name: "Выйти" }).click()
  await page.getByLabel("Логин").waitFor()
  await page.goto("/appeals")
  await page.getByLabel("Логин").waitFor()
})

journey("nothing of the session is kept where a script could read it", world, { as: () => world.admin }, async ({ page, context }) => {
  await page.goto("/")
  await page.getByRole("navigation", { name: "Меню" }).waitFor()
  const readable = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))
  const [cookie] = await context.cookies()
  assert.ok(cookie?.httpOnly && cookie.value.length > 20, "a cookie for the hub alone")
  assert.ok(!readable.includes(cookie.value), "the cookie's value")
  assert.doesNotMatch(readable, /token|csrf|secret|session/i)
})
