import assert from "node:assert/strict"
import { after } from "node:test"
import type { components } from "../src/api/schema"
import { journey } from "./browser"
import { freePort, Provider } from "./provider"
import { World } from "./world"

const provider = await Provider.start()
after(() => provider.stop())
const port = await freePort()
const world = await World.start({
  env: {
    UZEL_LISTEN: `127.0.0.1:${port}`, UZEL_PUBLIC_URL: `http://127.0.0.1:${port}`, UZEL_OIDC__ISSUER: provider.url, UZEL_OIDC__CLIENT_ID: provider.client,
    UZEL_OIDC__CREATE: "true", UZEL_OIDC__ROLES_CLAIM: "groups", UZEL_OIDC__ROLES: "desk=operator", UZEL_OIDC__TITLE: "Вход сотрудника",
  },
})
after(() => world.stop())

journey("who signs in at the provider comes back to the page that was asked for, with the role of his group", world, {}, async ({ page }) => {
  await page.goto("/appeals")
  await page.getByRole("link", { name: "Вход сотрудника" }).click()
  await page.getByRole("link", { name: "Enter" }).click()
  await page.getByRole("navigation", { name: "Меню" }).waitFor()
  assert.equal(new URL(page.url()).pathname, "/appeals")
  await page.getByRole("button", { name: "Ольга Сергеева" }).waitFor()
  const { items } = await world.admin.rest.get<{ items: components["schemas"]["User"][] }>("/users")
  assert.deepEqual(items.find((u) => u.login === "olga")?.roles, ["operator"])
})

journey("who is refused by the provider, or has no role here, is told so on the front page", world, {}, async ({ page }) => {
  await page.goto("/")
  await page.getByRole("link", { name: "Вход сотрудника" }).click()
  await page.getByRole("link", { name: "Refuse" }).click()
  await page.getByRole("alert").getByText("Поставщик входа вас не впустил").waitFor()
  provider.claims = { sub: "43", preferred_username: "guest", name: "Гость", groups: [] }
  await page.getByRole("link", { name: "Вход сотрудника" }).click()
  await page.getByRole("link", { name: "Enter" }).click()
  await page.getByRole("alert").getByText("У вас нет ролей в этой системе").waitFor()
  await page.getByLabel("Логин").waitFor()
})
