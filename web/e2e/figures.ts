/**
 * Prints how heavy and how quick the pages are: `npm run figures`, with ROWS=1000000 for a longer list. Times are of
 * this machine and of this moment; what they must stay under is said beside them, nothing fails.
 */
import type { Page } from "playwright-core"
import type { components } from "../src/api/schema"
import { open, settled } from "./browser"
import { World } from "./world"

const total = Number(process.env.ROWS ?? 10_000)
/** Rows of a page, and how many documents are registered at once. */
const ROWS = 50
const AT_ONCE = 32

let made = 0
const world = await World.start()
try {
  await firstLoad()
  await fill(ROWS)
  say(`a list of ${ROWS} rows drawn after its data came`, `${await median("/documents")} ms`, "100 ms")
  await fill(total)
  say(`the first page of ${total} rows, likewise`, `${await median("/documents")} ms`, "100 ms")
  say(`the last page of ${total} rows`, `${await median(await lastPage())} ms`, "100 ms")
} finally {
  await world.stop()
}
process.exit(0)

/** firstLoad counts what a browser with an empty cache takes over the line for the first screen. */
async function firstLoad() {
  const { page, context } = await open(world, world.admin)
  const line = await context.newCDPSession(page)
  await line.send("Network.enable")
  let assets = 0
  let answers = 0
  const ours = new Map<string, boolean>()
  line.on("Network.responseReceived", (e) => ours.set(e.requestId, e.response.url.includes("/api/")))
  line.on("Network.loadingFinished", (e) => {
    if (ours.get(e.requestId)) answers += e.encodedDataLength
    else assets += e.encodedDataLength
  })
  const began = Date.now()
  await page.goto("/")
  await settled(page)
  say("first load of the desk, compressed", `${(assets / 1000).toFixed(1)} kB`, "300 kB")
  say("  and answers of REST", `${(answers / 1000).toFixed(1)} kB`)
  say("  until its heading stands", `${Date.now() - began} ms`)
  await context.close()
}

/** fill registers documents until there are so many. */
async function fill(wanted: number) {
  let next = made
  made = wanted
  const clerk = async () => {
    for (let i = next++; i < wanted; i = next++) await world.admin.rest.post("/documents", { direction: "incoming", subject: `Обращение о протечке ${i}`, text: "Просим устранить." })
  }
  await Promise.all(Array.from({ length: AT_ONCE }, clerk))
}

/** lastPage walks the cursors to the end and gives the address of the last whole page. */
async function lastPage(): Promise<string> {
  let after = ""
  for (let left = made - ROWS; left > 0; ) {
    const limit = Math.min(200, left)
    const page = await world.admin.rest.get<components["schemas"]["DocumentPage"]>(`/documents?limit=${limit}${after && `&after=${encodeURIComponent(after)}`}`)
    after = page.next!
    left -= limit
  }
  return `/documents?after=${encodeURIComponent(after)}`
}

/** median takes five times from the answer of a list until its rows are painted, with a warm cache. */
async function median(address: string): Promise<string> {
  const { page, context } = await open(world, world.admin)
  await page.goto(address)
  await page.getByRole("row").nth(ROWS).waitFor()
  const took: number[] = []
  for (let i = 0; i < 5; i++) took.push(await drawn(page, ROWS))
  await context.close()
  return took.sort((a, b) => a - b)[2]!.toFixed(0)
}

async function drawn(page: Page, rows: number): Promise<number> {
  await page.addInitScript((wanted) => {
    const marks = window as unknown as { took?: Promise<number> }
    marks.took = new Promise((tell) => {
      let answered = 0
      const observer = new PerformanceObserver((seen) => {
        for (const e of seen.getEntries() as PerformanceResourceTiming[]) if (/\/api\/v1\/documents\?/.test(e.name)) answered = e.responseEnd
      })
      observer.observe({ type: "resource", buffered: true })
      const look = () => {
        const all = document.querySelectorAll("tbody tr, [role=row]").length >= wanted
        if (answered && all) tell(performance.now() - answered)
        else requestAnimationFrame(look)
      }
      requestAnimationFrame(look)
    })
  }, rows)
  await page.reload()
  return page.evaluate(() => (window as unknown as { took: Promise<number> }).took)
}

function say(what: string, figure: string, most = "") {
  console.log(what.padEnd(46), figure.padStart(14), most && `  of at most ${most}`)
}
