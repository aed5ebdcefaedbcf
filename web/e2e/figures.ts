/**
 * Prints how heavy and how quick the pages are: `npm run figures`. Times are of this machine and of
 * this moment; what they must stay under is said beside them, nothing fails.
 */
import type { Page } from "playwright-core"
import { open, settled } from "./browser"
import { World } from "./world"

const world = await World.start()
try {
  await firstLoad()
  await list(50)
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

/** list takes the time from the answer of a list until its rows are painted, with a warm cache. */
async function list(rows: number) {
  for (let i = 0; i < rows; i++) {
    await world.admin.rest.post("/documents", { direction: "incoming", subject: `Обращение о протечке ${i}`, text: "Просим устранить." })
  }
  const { page, context } = await open(world, world.admin)
  await page.goto("/documents")
  if (!(await page.getByRole("row").nth(rows / 2).waitFor({ timeout: 5_000 }).then(() => true, () => false))) {
    say(`a list of ${rows} rows drawn`, "no screen of documents yet", "100 ms")
    return context.close()
  }
  const took: number[] = []
  for (let i = 0; i < 5; i++) took.push(await drawn(page, rows))
  say(`a list of ${rows} rows drawn, median of ${took.length}`, `${took.sort((a, b) => a - b)[2]!.toFixed(0)} ms`, "100 ms")
  await context.close()
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
