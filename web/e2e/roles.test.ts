import assert from "node:assert/strict"
import { after, test } from "node:test"
import { journey, open, settled } from "./browser"
import { pages } from "./routes"
import { type Person, type Role, World } from "./world"

const world = await World.start()
after(() => world.stop())

type Rights = { items: { role: Role; operations: string[] }[] }
// Programs come by tokens: their role cannot even choose a password, and has no pages.
const table = (await world.admin.rest.get<Rights>("/roles")).items.filter((line) => line.operations.includes("self.manage"))
const people = new Map<Role, Person>()
for (const { role } of table) people.set(role, await world.person(role))

for (const { role, operations } of table) {
  journey(`the menu of the role ${role} is what the table of rights says, and so is each page`, world, { as: () => people.get(role)! }, async ({ page }) => {
    const may = (p: { needs?: string }) => !p.needs || operations.includes(p.needs)
    await page.goto("/")
    const entries = page.getByRole("navigation", { name: "Меню" }).getByRole("link")
    await entries.first().waitFor()
    const shown = await entries.evaluateAll((links) => links.map((a) => a.getAttribute("href")!.slice(1)))
    const wanted = pages().filter((p) => p.menu && may(p)).map((p) => p.path)
    assert.deepEqual(shown.sort(), wanted.sort())
    for (const denied of pages().filter((p) => !may(p) && !p.path.includes(":"))) {
      await page.goto(`/${denied.path}`)
      await page.getByRole("heading", { name: "Нет доступа" }).waitFor()
    }
  })
}

/** One request for each right that guards one: REST must answer as the table says. */
const readings: Record<string, string> = {
  "documents.read": "/documents", "deliveries.read": "/deliveries", "parties.read": "/parties", "appeals.read": "/appeals", "tasks.read": "/tasks",
  "drafts.read": "/drafts", "journals.read": "/journals", "channels.read": "/channels", "plugins.read": "/plugins", "deadletters.read": "/dead-letters",
  "users.manage": "/users", "rules.read": "/rules", "audit.read": "/audit", "calendars.read": "/calendars", "jobs.read": "/jobs",
}

/** The same for changes: nonsense is refused as such if not for the right. */
const changes: Record<string, string> = {
  "documents.write": "/documents", "appeals.write": "/appeals", "parties.write": "/parties", "tasks.write": "/tasks", "drafts.write": "/drafts",
  "journals.write": "/journals", "channels.write": "/channels", "users.manage": "/users", "rules.write": "/rules",
}

for (const { role, operations } of table) {
  test(`REST lets the role ${role} read and change just what the table says`, async () => {
    const { rest } = people.get(role)!
    for (const [right, path] of Object.entries(readings)) {
      assert.equal(await rest.status("GET", path), operations.includes(right) ? 200 : 403, `GET ${path}`)
    }
    for (const [right, path] of Object.entries(changes)) {
      assert.equal(await rest.status("POST", path, { nonsense: true }), operations.includes(right) ? 400 : 403, `POST ${path}`)
    }
  })
}

test("a right that is taken away is gone from the menu with the next look", async () => {
  const person = await world.person("supervisor")
  const { items: users } = await world.admin.rest.get<{ items: { id: string; version: number; login: string; name: string }[] }>("/users")
  const user = users.find((u) => u.login === person.login)!
  const { page, context } = await open(world, person)
  const guarded = pages().filter((p) => p.menu && p.needs === "audit.read")
  await page.goto("/")
  await settled(page)
  await world.admin.rest.put(`/users/${user.id}`, { login: user.login, name: user.name, roles: ["clerk"] }, user.version)
  await page.reload()
  await settled(page)
  for (const p of guarded) assert.equal(await page.getByRole("link", { name: p.title, exact: true }).count(), 0)
  assert.equal(await person.rest.status("GET", "/audit"), 403)
  await context.close()
})
