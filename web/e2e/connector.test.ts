import assert from "node:assert/strict"
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after } from "node:test"
import type { components } from "../src/api/schema"
import { journey, settled } from "./browser"
import { eventually } from "./process"
import { World } from "./world"

const world = await World.start({ plugins: ["meters"] })
after(() => world.stop())

const dir = join(world.folder, "meters")
mkdirSync(join(dir, "in"), { recursive: true })
await world.channel({ id: "meters", title: "Счётчики", plugin: "meters", settings: { dir } })
const clerk = await world.person("clerk")

type Documents = { items: { id: string; subject: string }[] }

/** arrive has a letter with this markup come through the channel and gives its document. */
async function arrive(name: string, html: string): Promise<string> {
  const file = join(dir, "in", `${name}.html`)
  writeFileSync(`${file}.new`, html)
  renameSync(`${file}.new`, file)
  const found = await eventually(`letter ${name} is registered`, async () => {
    const { items } = await clerk.rest.get<Documents>("/documents")
    return items.find((d) => d.subject === `Письмо ${name}.html`)
  })
  return found.id
}

/** processOf finds the process of the hub that runs the connector. */
function processOf(plugin: string): number {
  const children = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      const [, parent] = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
      return Number(parent) === world.hub.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(plugin)
    } catch {
      return false // it has ended meanwhile
    }
  })
  assert.equal(children.length, 1, `one process of ${plugin}: ${children}`)
  return Number(children[0])
}

journey("a channel whose connector is killed is shown degraded, starts again, runs, and takes letters", world, { as: () => world.admin }, async ({ page }) => {
  await page.goto("/")
  await settled(page)
  await page.evaluate(() => {
    const seen: string[] = []
    Object.assign(window, { seen })
    const stream = new EventSource("/api/v1/events?topics=channel.status")
    stream.addEventListener("channel.status", (e) => seen.push((JSON.parse(e.data) as { payload: { state: string } }).payload.state))
    return new Promise((ready) => stream.addEventListener("ready", ready, { once: true }))
  })
  process.kill(processOf("meters"), "SIGKILL")
  await page.waitForFunction(() => {
    const { seen } = window as unknown as { seen: string[] }
    return seen.join().includes("degraded,starting,running")
  })
  await world.state("meters", "running")
  await arrive("after-the-fall", "<p>Снова работает</p>")
})

const hostile = `<p onclick="parent.hacked=1">Капает <b>кран</b></p><script>parent.hacked=1</script><img src=x onerror="top.hacked=1">
<a href="javascript:top.hacked=1">сюда</a><a href="https://evil.test/a">туда</a><form action="https://evil.test/f"><input name=p></form>
<iframe src="https://evil.test/i"></iframe><img src="https://evil.test/pixel.png"><img data-remote-src="https://evil.test/asked.png">
<link rel=stylesheet href="https://evil.test/c.css"><style>@import url(https://evil.test/s.css);body{background:url(https://evil.test/b)}</style>
<meta http-equiv=refresh content="0;url=https://evil.test/m"><svg onload="top.hacked=1"></svg><base href="https://evil.test/">`

journey("a hostile letter is inert: it runs nothing, loads nothing until asked, and leads nowhere", world, { as: () => clerk }, async ({ page, context }) => {
  const asked: string[] = []
  await context.route(/evil\.test/, (route) => { asked.push(new URL(route.request().url()).pathname); return route.fulfill({ status: 204 }) })
  const id = await arrive("hostile", hostile)
  await page.goto("/")
  await settled(page)
  for (const query of ["", "?remote_images=true"]) {
    const frame = await shownInFrame(page, `/api/v1/documents/${id}/page${query}`)
    await frame.getByText("Капает").click()
    assert.equal(await frame.locator("script, form, input, iframe, svg, link, base").count(), 0)
    assert.deepEqual(asked, query ? ["/asked.png"] : [], `loaded ${query}`)
  }
  assert.equal(await page.evaluate(() => (window as unknown as { hacked?: number }).hacked), undefined)
  assert.equal(new URL(page.url()).host, new URL(world.url).host)
})

async function shownInFrame(page: Parameters<Parameters<typeof journey>[3]>[0]["page"], address: string) {
  await page.evaluate((src) => {
    document.querySelector("#letter")?.remove()
    const frame = Object.assign(document.createElement("iframe"), { id: "letter", src })
    document.querySelector("main")!.append(frame)
    return new Promise((loaded) => frame.addEventListener("load", loaded))
  }, address)
  return page.frameLocator("#letter")
}

journey("the panel and the button of a connector nobody knows are offered and work", world, { as: () => clerk }, async () => {
  const { items } = await clerk.rest.get<{ items: components["schemas"]["Panel"][] }>("/panels")
  assert.deepEqual(items.map((p) => `${p.operation.place}: ${p.operation.title}`), ["account: Начисления", "document: Вызвать мастера"])
  const charges = await clerk.rest.post<components["schemas"]["OperationResult"]>("/channels/meters/operations/charges", { input: { account: "100200" } })
  assert.equal((charges.output as unknown as { rows: unknown[] }).rows.length, 3)
  assert.equal(charges.files?.[0]?.name, "квитанция.txt")
})
