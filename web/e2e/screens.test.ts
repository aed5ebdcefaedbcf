import { after, test } from "node:test"
import assert from "node:assert/strict"
import type { Page } from "playwright-core"
import { accessible, english, russian } from "./checks"
import { journey, open, settled, shot } from "./browser"
import { pages } from "./routes"
import { eventually } from "./process"
import { address, furnish, wanted } from "./samples"
import { World } from "./world"

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
    await pictures(window, name)
    await russian(window, samples.words)
    for (const look of looks) {
      await wear(window, look)
      await accessible(window)
    }
    await window.setViewportSize({ width: 390, height: 844 })
    await fits(window)
  })

  journey(`the screen /${page.path} is English for who wants it`, world, { ...setting, language: "en" }, async ({ page: window }) => {
    const told: Promise<string>[] = []
    window.on("response", (answer) => { if (answer.url().includes("/api/v1/") && !answer.url().includes("/events")) told.push(answer.text().catch(() => "")) })
    await window.goto(`/${address(page.path, samples)}`)
    await settled(window)
    await english(window, (await Promise.all(told)).join("\n"))
  })
}

const looks = ["light", "dark", "contrast"] as const

async function wear(window: Page, look: (typeof looks)[number]) {
  await window.emulateMedia({ colorScheme: look === "dark" ? "dark" : "light", contrast: look === "contrast" ? "more" : "no-preference" })
}

/** pictures takes e2e/shots/<screen>-<width>-<look>.png for people to look at: the screen wide and less wide, light and dark, and what is new of it in other looks. */
async function pictures(window: Page, name: string) {
  for (const [look, width, height] of [["light", 390, 844], ["contrast", 1280, 800], ["dark", 1920, 1080], ["dark", 1280, 800], ["light", 1920, 1080], ["light", 1280, 800]] as const) {
    await wear(window, look)
    await window.setViewportSize({ width, height })
    await window.screenshot({ path: shot(`${name}-${width}-${look}`) })
  }
}

/** fits waits for the page to fit the window: plots are drawn anew some frames after its width has changed. */
async function fits(window: Page) {
  let wide: string[] = []
  await eventually("the page to fit a phone", async () => (wide = await window.evaluate(tooWide)).length === 0, 5_000).catch(() => {})
  assert.deepEqual(wide, [], "what a phone has to scroll sideways for")
}

/** tooWide is what stands out of the page at its right, or has all of its content scroll; it runs in the page. */
function tooWide(): string[] {
  const width = document.documentElement.clientWidth
  const content = document.querySelector(".u-content")
  if (document.documentElement.scrollWidth <= width && (!content || content.scrollWidth <= content.clientWidth)) return []
  return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 90))
}

journey("the front page is Russian and accessible", world, {}, async ({ page }) => {
  await page.goto("/")
  await page.getByLabel("Логин").waitFor()
  await russian(page)
  await accessible(page)
  for (const look of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: look })
    await page.screenshot({ path: shot(`front-1280-${look}`) })
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
