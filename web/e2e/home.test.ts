import assert from "node:assert/strict"
import { after } from "node:test"
import type { Page } from "playwright-core"
import type { components } from "../src/api/schema"
import { journey, settled } from "./browser"
import { appeal, furnish } from "./desk"
import { eventually } from "./process"
import { World } from "./world"

type Task = components["schemas"]["Task"]
type Doc = components["schemas"]["Document"]

const world = await World.start()
after(() => world.stop())
const desk = await furnish(world)
const me = world.admin
const { rest } = me
const helper = await world.person("operator")
const users = (await rest.get<components["schemas"]["UserPage"]>("/users")).items
const idOf = (login: string) => users.find((u) => u.login === login)!.id
const myself = idOf(me.login)

/** furnished has appeals in all states that lists tell apart, and tasks some of which are done. */
async function furnished() {
  const past = new Date(Date.now() - 3_600_000).toISOString()
  await appeal(world, { subject: "Никем не взято", source: desk.phone })
  await appeal(world, { subject: "Взято", source: desk.email, take: true })
  await appeal(world, { subject: "Взято и просрочено", due_at: past, take: true })
  await appeal(world, { subject: "Моё, но ещё не взято", operator: myself } as never).catch(() => appeal(world, { subject: "Не взято и без линии" }))
  const closed = await appeal(world, { subject: "Закрыто", source: desk.phone, take: true })
  await rest.post(`/appeals/${closed.id}/close`, { text: "Сделано" }, closed.version)
  await helper.rest.post<Doc>("/appeals", { subject: "Чужое", applicant: { kind: "person", name: "Иванов" }, due_at: past, take: true })
  const task = (title: string, who: object) => rest.post<Task>("/tasks", { kind: "assignment", title, ...who, due_at: new Date(Date.now() + 9e6).toISOString() })
  await task("Открытое", { performer: myself })
  const ended = await task("Отменённое", { performer: myself })
  await rest.post(`/tasks/${ended.id}/cancel`, { reason: "Не нужно" }, ended.version)
  await task("Ещё делают", { performer: idOf(helper.login), controller: myself })
  const waits = await task("Ждёт приёма", { performer: idOf(helper.login), controller: myself })
  const begun = await helper.rest.post<Task>(`/tasks/${waits.id}/accept`, undefined, waits.version)
  await helper.rest.post(`/tasks/${waits.id}/done`, { text: "Сделано" }, begun.version)
}
await furnished()

/** listed waits until the list that was opened has so many rows. */
async function listed(page: Page, wanted: number, what: string) {
  await page.waitForURL(/\/(appeals|tasks)\?/)
  await settled(page)
  let got = -1
  await eventually(`${what} opens a list of ${wanted}`, async () => (got = await page.locator(".u-list tbody tr").count()) === wanted, 10_000)
    .catch(() => assert.equal(got, wanted, `${what}: ${page.url()}`))
}

journey("each number and each bar of the home page opens a list of as many", world, { as: () => me, minutes: 5 }, async ({ page }) => {
  await page.goto("/")
  await settled(page)
  const tiles = page.locator("a.u-number")
  await eventually("the numbers are there", async () => (await tiles.allInnerTexts()).length === 4 && !(await tiles.allInnerTexts()).join().includes("…"))
  const bars = page.locator(".u-received .u-bars button")
  await eventually("the bars are there", async () => (await bars.count()) >= 5)
  for (const things of [tiles, bars]) {
    const count = await things.count()
    for (let i = 0; i < count; i++) {
      const one = things.nth(i)
      const wanted = Number(await one.locator("b").innerText())
      const what = (await one.innerText()).replace(/\s+/g, " ")
      await one.click()
      await listed(page, wanted, what)
      await page.goto("/")
      await settled(page)
      await eventually("the page is whole again", async () => (await things.count()) === count && !(await tiles.allInnerTexts()).join().includes("…"))
    }
  }
})

journey("a bar that no list can be filtered by is no button", world, { as: () => me }, async ({ page }) => {
  await page.goto("/")
  const unsaid = page.locator(".u-received li").filter({ hasText: "Не указано" })
  await unsaid.first().waitFor()
  assert.equal(await unsaid.getByRole("button").count(), 0)
})
