import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"

/** The folder of what `make build` made. */
export const bin = join(import.meta.dirname, "../../bin")

/** Program is a process that was started for a journey and ends with it at the latest. */
export class Program {
  /** What it has said so far, the end of it. */
  said = ""
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>

  constructor(name: string, args: string[], env: Record<string, string>) {
    this.child = spawn(join(bin, name), args, { env: { PATH: process.env.PATH ?? "", ...env }, stdio: ["ignore", "pipe", "pipe"] })
    this.lines = createInterface(this.child.stdout!)[Symbol.asyncIterator]()
    this.child.stderr!.on("data", (piece: Buffer) => this.note(piece.toString()))
    alive.add(this.child)
    this.child.once("exit", () => alive.delete(this.child))
  }

  get pid(): number { return this.child.pid! }

  /** line waits for the next line of its output that matches and gives the match. */
  async line(wanted: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const { value, done } = await this.lines.next()
      if (done) throw new Error(`it ended without saying ${wanted}:\n${this.said}`)
      this.note(value + "\n")
      const found = wanted.exec(value)
      if (found) return found
    }
  }

  /** stop has it end by itself, and makes it end if it does not. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = once(this.child, "exit")
    const patience = setTimeout(() => this.child.kill("SIGKILL"), 10_000)
    this.child.kill("SIGTERM")
    await ended
    clearTimeout(patience)
  }

  private note(text: string) {
    this.said = (this.said + text).slice(-20_000)
  }
}

const alive = new Set<ChildProcess>()
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL")
})
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1))

/** eventually waits until look gives something; it says what for when it takes too long. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false, ms = 20_000): Promise<T> {
  for (const until = Date.now() + ms; ; ) {
    const found = await look()
    if (found) return found
    if (Date.now() > until) throw new Error(`waited in vain: ${what}`)
    await new Promise((go) => setTimeout(go, 50))
  }
}
