import assert from "node:assert/strict"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { loaded } from "./checks"
import { eventually } from "./process"
import type { Person, World } from "./world"

const traces = join(import.meta.dirname, "traces")
const shots = join(import.meta.dirname, "shots")

/** shot is where a picture for people to look at goes. */
export function shot(name: string): string {
  return join(shots, `${name}.png`)
}

/** pictured takes the page as a whole in both looks and widths, for people to look at. */
export async function pictured(page: Page, name: string): Promise<void> {
  const before = page.viewportSize()
  for (const look of ["dark", "light"] as const) {
    for (const [width, height] of [[1920, 1080], [1280, 800]] as const) {
      await page.emulateMedia({ colorScheme: look })
      await page.setViewportSize({ width, height })
      await page.screenshot({ path: shot(`${name}-${width}-${look}`), fullPage: true })
    }
  }
  if (before) await page.setViewportSize(before)
}

/** How a window looks. */
export type Window = {
  width?: number
  height?: number
  look?: "light" | "dark"
  language?: "ru" | "en"
}

/** Desk is the window of one person, and what the browser complained of in it. */
export type Desk = { page: Page; context: BrowserContext; complaints: string[] }

/**
 * late is by how many milliseconds at most the hub's answers come later, each by its own lot: a run
 * with it finds journeys that rely on an answer being there already.
 */
const late = Number(process.env.LATE ?? 0)

let running: Promise<Browser> | undefined

/** browser is the one of this file; it starts with the first window. */
function browser(): Promise<Browser> {
  return (running ??= chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" }))
}
after(async () => (await running)?.close())

/** open opens the hub's pages for a person who has signed in; for nobody without one. */
export async function open(world: World, person?: Person, look: Window = {}): Promise<Desk> {
  const context = await (await browser()).newContext({
    baseURL: world.url, locale: "ru-RU", timezoneId: "Europe/Moscow", acceptDownloads: true, reducedMotion: "reduce",
    colorScheme: look.look ?? "light", viewport: { width: look.width ?? 1280, height: look.height ?? 800 },
  })
  context.setDefaultTimeout(30_000)
  if (person) {
    const [name = "", value = ""] = person.rest.cookie.split("=")
    await context.addCookies([{ name, value, url: world.url, httpOnly: true, sameSite: "Lax" }])
  }
  if (look.language === "en") await context.addInitScript(() => localStorage.setItem("uzel.language", "en"))
  if (late) await context.route(/\/api\/v1\/(?!events)/, async (route) => {
    await new Promise((go) => setTimeout(go, Math.random() * late))
    await route.continue().catch(() => {}) // the page has gone
  })
  const page = await context.newPage()
  return { page, context, complaints: listen(page) }
}

/**
 * listen notes faults of scripts, breaches of the content security policy and all other errors of
 * the console. That a refusal of REST is shown there too is no fault: the page must show it itself.
 */
function listen(page: Page): string[] {
  const complaints: string[] = []
  page.on("pageerror", (fault) => complaints.push(`fault: ${fault.stack ?? fault.message}`))
  page.on("console", (line) => {
    const refused = /status of 4\d\d/.test(line.text()) && line.location().url.includes("/api/v1/")
    if (["error", "warning"].includes(line.type()) && !refused) complaints.push(`${line.type()}: ${line.text()} (${line.location().url})`)
  })
  return complaints
}

type Setting = Window & {
  /** Who sits at the window; left out: nobody has signed in. */
  as?: () => Person | Promise<Person>
  /** Complaints that this journey causes on purpose. */
  expects?: RegExp
  /** How long it may take at most, 3 if it is no long story. */
  minutes?: number
}

/**
 * journey is a test in a window of its own. It fails on whatever the browser complains of, and
 * leaves a picture and the console in e2e/traces when it fails.
 */
export function journey(name: string, world: World, setting: Setting, walk: (desk: Desk) => Promise<void>): void {
  void test(name, { timeout: (setting.minutes ?? 3) * 60_000 }, async () => {
    const trace = join(traces, name.replace(/[^\p{L}\p{N}]+/gu, "-"))
    rmSync(trace, { recursive: true, force: true })
    const desk = await open(world, await setting.as?.(), setting)
    try {
      await walk(desk)
      assert.deepEqual(desk.complaints.filter((c) => !setting.expects?.test(c)), [], "the browser complained")
    } catch (fault) {
      await keep(trace, desk, world)
      throw fault
    } finally {
      await desk.context.close()
    }
  })
}

async function keep(trace: string, desk: Desk, world: World) {
  mkdirSync(trace, { recursive: true })
  writeFileSync(join(trace, "console.txt"), [desk.page.url(), ...desk.complaints].join("\n"))
  writeFileSync(join(trace, "hub.txt"), world.hub.said)
  await desk.page.screenshot({ path: join(trace, "page.png"), fullPage: true }).catch(() => {})
  writeFileSync(join(trace, "page.html"), await desk.page.content().catch(String))
}

/** settled waits until the screen has come and nothing loads any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor()
  await loaded(page)
}

/**
 * deed does something with what the card shows, by its button or by the menu «Ещё», as soon as the
 * card offers it: what was done last may have changed the hub's record and not yet the page.
 */
export async function deed(page: Page, title: string): Promise<void> {
  await settled(page)
  const head = page.locator(".u-page-head")
  const button = head.getByRole("button", { name: title, exact: true })
  const item = page.getByRole("menuitem", { name: title, exact: true })
  const more = head.getByRole("button", { name: "Ещё" })
  const offered = await eventually(`«${title}» is offered`, async () => {
    if (await button.count()) return button
    if (await item.isVisible()) return item
    if (await more.count() && !(await page.locator(".ant-dropdown:visible").count())) await more.click()
    return undefined
  })
  await offered.click()
}
