import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import assert from "node:assert/strict"
import { accessible, english, russian } from "./checks"
import { journey, open, settled } from "./browser"
import { pages } from "./routes"
import { address, furnish, wanted } from "./samples"
import { World } from "./world"

/** Pictures of all screens, for people to look at: e2e/shots/<screen>-<width>-<look>.png. */
const shots = join(import.meta.dirname, "shots")
mkdirSync(shots, { recursive: true })

const world = await World.start(wanted)
after(() => world.stop())
const samples = await furnish(world)

for (const page of pages()) {
  const setting = { as: () => world.admin }
  const name = page.path.replace(/\W+/g, "-") || "home"

  journey(`the screen /${page.path} is Russian, accessible in each look, and fits each width`, world, setting, async ({ page: window }) => {
    await window.goto(`/${address(page.path, samples)}`)
    await settled(window)
    assert.match(await window.title(), /\S/)
    await russian(window, samples.words)
    for (const look of ["light", "dark"] as const) {
      await window.emulateMedia({ colorScheme: look })
      for (const width of [1280, 1920]) {
        await window.setViewportSize({ width, height: width === 1280 ? 800 : 1080 })
        await window.screenshot({ path: join(shots, `${name}-${width}-${look}.png`) })
      }
      await accessible(window)
    }
    await window.emulateMedia({ colorScheme: "light", contrast: "more" })
    await accessible(window)
    await window.screenshot({ path: join(shots, `${name}-1920-contrast.png`) })
    await window.emulateMedia({ contrast: "no-preference" })
    await window.setViewportSize({ width: 390, height: 844 })
    await window.screenshot({ path: join(shots, `${name}-390-light.png`) })
    assert.deepEqual(await window.evaluate(tooWide), [], "what a phone has to scroll sideways for")
  })

  journey(`the screen /${page.path} is English for who wants it`, world, { ...setting, language: "en" }, async ({ page: window }) => {
    const told: Promise<string>[] = []
    window.on("response", (answer) => { if (answer.url().includes("/api/v1/") && !answer.url().includes("/events")) told.push(answer.text().catch(() => "")) })
    await window.goto(`/${address(page.path, samples)}`)
    await settled(window)
    await english(window, (await Promise.all(told)).join("\n"))
  })
}

/** tooWide is what stands out of the page at its right; it runs in the page. */
function tooWide(): string[] {
  const width = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= width) return []
  return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 90))
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
