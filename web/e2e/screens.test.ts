import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import assert from "node:assert/strict"
import { accessible, russian } from "./checks"
import { journey, open, settled } from "./browser"
import { pages } from "./routes"
import { address, furnish } from "./samples"
import { World } from "./world"

/** Pictures of all screens, for people to look at: e2e/shots/<screen>-<width>-<look>.png. */
const shots = join(import.meta.dirname, "shots")
mkdirSync(shots, { recursive: true })

const world = await World.start({ plugins: ["meters"] })
after(() => world.stop())
const samples = await furnish(world)

for (const page of pages()) {
  journey(`the screen /${page.path} is Russian, accessible, and draws at each width in each look`, world, { as: () => world.admin }, async ({ page: window }) => {
    await window.goto(`/${address(page.path, samples)}`)
    await settled(window)
    assert.match(await window.title(), /\S/)
    await russian(window, samples.words)
    await accessible(window)
    for (const look of ["light", "dark"] as const) {
      await window.emulateMedia({ colorScheme: look })
      for (const width of [1280, 1920]) {
        await window.setViewportSize({ width, height: width === 1280 ? 800 : 1080 })
        await window.screenshot({ path: join(shots, `${page.path.replace(/\W+/g, "-") || "home"}-${width}-${look}.png`) })
      }
    }
    await accessible(window) // contrast in the dark
    await window.setViewportSize({ width: 390, height: 844 })
    const wide = await window.evaluate(() => {
      const width = document.documentElement.clientWidth
      if (document.documentElement.scrollWidth <= width) return []
      return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 90))
    })
    assert.deepEqual(wide, [], "what a phone has to scroll sideways for")
  })
}

journey("the front page is Russian and accessible", world, {}, async ({ page }) => {
  await page.goto("/")
  await page.getByLabel("Логин").waitFor()
  await russian(page)
  await accessible(page)
  for (const look of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: look })
    await page.screenshot({ path: join(shots, `front-1280-${look}.png`) })
  }
})

test("the checks see what they look for", async () => {
  const { page, context, complaints } = await open(world, world.admin)
  await page.goto("/")
  await settled(page)
  await page.evaluate(() => {
    document.querySelector("main")!.append(Object.assign(document.createElement("p"), { textContent: "Failed to load" }), document.createElement("button"))
    document.body.append(Object.assign(document.createElement("script"), { textContent: "window.hacked = 1" }))
  })
  await assert.rejects(russian(page), /Failed in «Failed to load»/)
  await assert.rejects(accessible(page), /button-name/)
  assert.match(complaints.join(), /Content Security Policy/)
  assert.equal(await page.evaluate(() => "hacked" in window), false)
  await context.close()
})
