/**
 * Prints how heavy and how quick the pages are: `npm run figures`, with ROWS=20000 for a shorter list. Times are of
 * this machine and of this moment; what they must stay under is said beside them, nothing fails.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { open, settled } from "./browser"
import { bin } from "./process"
import { World } from "./world"

const total = Number(process.env.ROWS ?? 1_000_000)
/** Rows of a page. */
const ROWS = 50

const world = await World.start()
try {
  await firstLoad()
  await fill(7 * ROWS)
  await page("a short list", "")
  const [last = "", middle = ""] = await seed()
  await page(`${total} rows, the first pages`, "")
  await page("  pages in the middle", `?after=${middle}`)
  await page("  the last pages", `?after=${last}`)
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

/** fill registers some documents by REST. */
async function fill(wanted: number) {
  for (let i = 0; i < wanted; i++) await world.admin.rest.post("/documents", { direction: "incoming", subject: `Обращение о протечке ${i}`, text: "Просим устранить." })
}

/** seed has the long list written into the data of the hub, and gives the ids before its last page and the one in the middle. */
async function seed(): Promise<string[]> {
  let ids: string[] = []
  const began = Date.now()
  await world.restart((data) => {
    ids = execFileSync(join(bin, "test/rows"), [data, String(total)], { encoding: "utf8" }).trim().split("\n")
  })
  say(`seeded ${total} letters in`, `${((Date.now() - began) / 1000).toFixed(0)} s`)
  return ids
}

/** page says how long a page of the list takes: its answer, and from then on until its rows are painted. */
async function page(name: string, query: string) {
  const [answered, drawn, work] = await medians(`/documents${query}`)
  say(`${name}: answered`, `${answered} ms`)
  say("  drawn after its data came", `${drawn} ms`, "100 ms")
  say("  and what the page worked for it", `${work} ms`, "100 ms")
}

/**
 * medians are of five pages one after the other: how long each takes to be answered, from then on to be painted, and the
 * processor's time of the page from the press to the rows, which does not depend on who else works on the machine.
 */
async function medians(address: string): Promise<string[]> {
  const { page, context } = await open(world, world.admin)
  await page.addInitScript("globalThis.__name = (f) => f") // what tsx puts into functions, which the page does not know
  await page.goto(address)
  await page.getByRole("row").nth(ROWS).waitFor()
  await settled(page)
  const line = await context.newCDPSession(page)
  await line.send("Performance.enable", { timeDomain: "threadTicks" })
  const worked = async () => (await line.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration")!.value * 1000
  const took: number[][] = []
  for (let i = 0; i < 5; i++) {
    const turned = page.evaluate(turn)
    const before = await worked()
    await page.getByRole("button", { name: "Дальше" }).click()
    took.push([...(await turned), (await worked()) - before])
    await settled(page)
  }
  await context.close()
  return [0, 1, 2].map((of) => took.map((t) => t[of]!).sort((a, b) => a - b)[2]!.toFixed(0))
}

/** turn waits in the page until the next rows stand: how long their request took, and how long they took after that. */
function turn(): Promise<[number, number]> {
  const first = () => document.querySelector("tbody tr")?.textContent
  const before = first()
  return new Promise((tell) => {
    let answer: PerformanceResourceTiming | undefined
    new PerformanceObserver((seen) => {
      for (const e of seen.getEntries() as PerformanceResourceTiming[]) if (/\/api\/v1\/documents\?/.test(e.name)) answer = e
    }).observe({ type: "resource" })
    const look = () => {
      if (answer && first() !== before) tell([answer.responseEnd - answer.requestStart, performance.now() - answer.responseEnd])
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
}

function say(what: string, figure: string, most = "") {
  console.log(what.padEnd(46), figure.padStart(14), most && `  of at most ${most}`)
}
