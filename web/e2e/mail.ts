import { connect, type TLSSocket } from "node:tls"
import { Program } from "./process"

/** Facts are what the emulator says of itself. */
export type Facts = { web: string; imaps: string; smtps: string; ca: string; user: string; password: string; residents: string[] }

/** A letter as a resident writes it. */
export type Letter = { from: string; subject: string; text?: string; html?: string }

/** Mail is the mail emulator: the office's mailbox and those of residents, with a few letters in the office's. */
export class Mail {
  private constructor(readonly facts: Facts, private readonly program?: Program) {}

  static async start(): Promise<Mail> {
    const program = new Program("mailemulator", [], {})
    const [facts] = await program.line(/^\{.*\}$/)
    return new Mail(JSON.parse(facts) as Facts, program)
  }

  /** at is one that somebody else has started. */
  static at(facts: Facts): Mail {
    return new Mail(facts)
  }

  async stop(): Promise<void> {
    await this.program?.stop()
  }

  /** settings connect a channel of the e-mail connector to the office's mailbox. */
  settings(password = this.facts.password): object {
    const { user, ca, imaps, smtps } = this.facts
    return { address: user, name: "УК «Дом»", password, ca, imap: door(imaps), smtp: door(smtps) }
  }

  /** send has a resident write to the office. */
  async send(letter: Letter): Promise<void> {
    const { user, password, smtps } = this.facts
    const plain = Buffer.from(`\0${letter.from}\0${password}`).toString("base64")
    const smtp = await Dialogue.open(smtps, this.facts.ca)
    await smtp.ask("", /^220/)
    for (const [said, wanted] of [
      ["EHLO resident.test", /^250 /m], [`AUTH PLAIN ${plain}`, /^235/], [`MAIL FROM:<${letter.from}>`, /^250/], [`RCPT TO:<${user}>`, /^250/],
      ["DATA", /^354/], [source(letter, user) + "\r\n.", /^250/], ["QUIT", /^221/],
    ] as const) await smtp.ask(said, wanted)
    smtp.close()
  }

  /** inbox is the source of all letters in somebody's mailbox. */
  async inbox(user: string): Promise<string> {
    const imap = await Dialogue.open(this.facts.imaps, this.facts.ca)
    await imap.ask("", /^\* OK/)
    await imap.ask(`a LOGIN ${user} ${this.facts.password}`, /^a OK/m)
    const box = await imap.ask("b EXAMINE INBOX", /^b OK/m)
    const empty = /^\* 0 EXISTS/m.test(box)
    const letters = empty ? "" : await imap.ask("c FETCH 1:* BODY[]", /^c OK/m)
    imap.close()
    return letters
  }
}

function door(address: string) {
  return { host: "localhost", port: Number(address.split(":").at(-1)), tls: "tls" }
}

function source(letter: Letter, to: string): string {
  const kind = letter.html ? "text/html" : "text/plain"
  const head = [
    `From: <${letter.from}>`, `To: <${to}>`, `Subject: =?utf-8?B?${Buffer.from(letter.subject).toString("base64")}?=`,
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`, `Message-ID: <${process.hrtime.bigint()}@resident.test>`,
    "MIME-Version: 1.0", `Content-Type: ${kind}; charset=utf-8`, "Content-Transfer-Encoding: base64",
  ]
  const body = Buffer.from(letter.html ?? letter.text ?? "").toString("base64").replace(/.{76}/g, "$&\r\n")
  return [...head, "", body].join("\r\n")
}

/** Dialogue is a line protocol over TLS: one says something and waits for the answer. */
class Dialogue {
  private heard = ""
  private told = () => {}
  private fault?: Error

  private constructor(private readonly socket: TLSSocket) {
    socket.setEncoding("utf8")
    socket.on("data", (piece: string) => { this.heard += piece; this.told() })
    socket.on("error", (fault) => { this.fault = fault; this.told() })
    socket.on("close", () => { this.fault ??= new Error("the line was closed"); this.told() })
  }

  static async open(address: string, ca: string): Promise<Dialogue> {
    const { host, port } = door(address)
    const socket = connect({ host, port, ca, servername: host })
    const out = new Dialogue(socket)
    await new Promise<void>((open, fail) => socket.once("secureConnect", open).once("error", fail))
    return out
  }

  async ask(said: string, wanted: RegExp): Promise<string> {
    if (said) {
      this.heard = ""
      this.socket.write(said + "\r\n")
    }
    while (!wanted.test(this.heard)) {
      if (this.fault) throw new Error(`${this.fault.message} after ${said.split("\r\n")[0]}: ${this.heard}`)
      await new Promise<void>((go) => { this.told = go })
    }
    return this.heard
  }

  close() {
    this.socket.removeAllListeners("close").end()
  }
}
