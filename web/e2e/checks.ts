import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type * as Axe from "axe-core"
import type { Page } from "playwright-core"

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** loaded waits until nothing on the page loads or fades any more. */
export async function loaded(page: Page): Promise<void> {
  await page.waitForFunction(() => !document.querySelector(".ant-spin-spinning, .ant-skeleton-active, .ant-btn-loading, .ant-select .anticon-spin, [aria-busy=true]")
    && !document.getAnimations().some((a) => a instanceof CSSTransition && a.playState === "running"))
}

/** accessible has axe look at the page: what it calls serious or critical fails. */
export async function accessible(page: Page): Promise<void> {
  await loaded(page)
  await page.evaluate(axeSource) // past the content security policy, as a person's own tools are
  const found = await page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof Axe }).axe.run(document, { resultTypes: ["violations"] })
    return violations
      .filter((v) => v.impact === "serious" || v.impact === "critical")
      .map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} [${n.any[0]?.message ?? ""}]`).join(" | ")}`)
  })
  assert.deepEqual(found, [], "axe")
}

/**
 * What may stand in Latin letters on a Russian page: names of formats, protocols and keys. Ids,
 * addresses and file names are known by their signs (a digit, a dot, an @) and need no word here.
 */
const latin = new Set(
  `API BIC CSV CSS Ctrl Alt Shift Enter Esc Escape Tab Delete Backspace Home End PageUp PageDown Del Space DOCX English HTML HTTP HTTPS ICE IDLE
  IMAP INBOX IP JPEG JSON KPP MIME OAuth OIDC OpenID OR PDF PEM PNG POP REST SHA SMS SMTP SSL STARTTLS TLS TXT URL UUID VIP XLS XLSX XML XOAUTH ZIP
  e-mail node uzel compact Re Fwd GOST XAdES CAdES MAX Telegram WhatsApp Viber Asterisk Prometheus Diadoc expr`.split(/\s+/).map((w) => w.toLowerCase()),
)

/** spoken are all texts of the page that a person reads or hears. It runs in the page. */
function spoken(): string[] {
  const foreign = "code, pre, kbd, samp, script, style, textarea, svg, [translate=no], [lang=en]"
  const out: string[] = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const around = node.parentElement!
    if (!around.closest(foreign) && around.checkVisibility()) out.push(node.textContent ?? "")
  }
  for (const e of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    if (e.closest("[translate=no], [lang=en], [aria-hidden=true]")) continue
    for (const name of ["aria-label", "title", "placeholder", "alt"]) out.push(e.getAttribute(name) ?? "")
  }
  return out
}

/** russian looks for words in Latin letters in whatever a person reads or hears on the page. */
export async function russian(page: Page, also: string[] = []): Promise<void> {
  const said = await page.evaluate(spoken)
  const allowed = new Set([...latin, ...also.map((w) => w.toLowerCase())])
  const leaks = said.flatMap((text) => text.split(/[\s/|]+/).filter((word) => isWord(word) && !allowed.has(bare(word).toLowerCase())).map((word) => `${bare(word)} in «${text.trim().slice(0, 60)}»`))
  assert.deepEqual([...new Set(leaks)], [], "words in Latin letters on a Russian page")
}

const bare = (word: string) => word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "")

/** isWord tells a word of a language from an id, an address, a file name or a unit of one letter. */
function isWord(word: string): boolean {
  const inside = bare(word)
  return /^[A-Za-z][A-Za-z'’-]+$/.test(inside) && !word.includes("@") && !/^[#.]/.test(word)
}

/**
 * english looks for Russian words on an English page. What the hub itself told, names and texts of people
 * and connectors, may be in any language; `told` is all of it.
 */
export async function english(page: Page, told: string): Promise<void> {
  const said = await page.evaluate(spoken)
  const leaks = said.map((text) => text.trim()).filter((text) => /\p{Script=Cyrillic}/u.test(text) && !(text.match(/[\p{Script=Cyrillic}-]+/gu) ?? []).every((word) => told.includes(word)))
  assert.deepEqual([...new Set(leaks)], [], "Russian words on an English page")
}
