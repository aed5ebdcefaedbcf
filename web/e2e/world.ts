import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { components } from "../src/api/schema"
import { type Facts, Mail } from "./mail"
import { bin, eventually, Program } from "./process"
import { Rest } from "./rest"

export type Role = components["schemas"]["Role"]
export type Channel = components["schemas"]["Channel"]

/** Password is everybody's, once the one-time password is changed. */
export const Password = "верблюд-и-скрепка"

/** Person is a user of the hub with a session of his own. */
export type Person = { login: string; name: string; rest: Rest }

/** What a world is made of. */
export type Wanted = {
  /** Connectors beside the hub: names in bin/plugins, or `meters` of the journeys. Each costs a start. */
  plugins?: string[]
  /** With the mail emulator and its letters. */
  mail?: boolean
  /** The stage of the demo instead: all connectors, connected to emulators of everything, and two colleagues. */
  stage?: boolean
  /** More of the hub's environment, UZEL_LIMITS__FILE_MB and the like. */
  env?: Record<string, string>
  /** The first sign-in is left to the journey. */
  fresh?: boolean
}

/** Stage is where the demo says everything is, its file world.json. */
export type Stage = {
  mail: Facts
  gis: { url: string; master: string }
  cabinet: string
  resident: { name: string; phone: string }
  users: { login: string; name: string; password: string }[]
}

/**
 * World is a real hub in a folder of its own on a free port, with the outside systems it needs.
 * `const world = await World.start({…}); after(() => world.stop())` at the top of a journey's file.
 */
export class World {
  /** The administrator; not in a fresh world. */
  admin!: Person
  mail?: Mail
  stage?: Stage
  private people = 0

  url = ""
  hub!: Program
  oneTime = ""

  private constructor(readonly folder: string, private readonly env: Record<string, string>, private readonly args: string[]) {}

  static async start(wanted: Wanted = {}): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), "uzel-e2e-"))
    const plugins = wanted.stage ? ["email", "cabinet", "gis", "eds"] : wanted.plugins ?? []
    const env = { HOME: folder, UZEL_DATA: join(folder, "data"), UZEL_LISTEN: "127.0.0.1:0", UZEL_PLUGINS: gather(folder, plugins), ...wanted.env }
    const world = new World(folder, env, wanted.stage ? ["serve", "--demo=stage"] : ["serve"])
    await world.run()
    const [, oneTime = ""] = await world.hub.line(/одноразовый пароль (\S+)/)
    world.oneTime = oneTime
    if (wanted.mail) world.mail = await Mail.start()
    if (!wanted.fresh) world.admin = await world.welcome("admin", "Администратор", oneTime)
    if (wanted.stage) await world.enter()
    return world
  }

  /** enter waits until everything stands on the stage of the demo. */
  private async enter(): Promise<void> {
    await this.hub.line(/Сцена готова/)
    this.stage = JSON.parse(readFileSync(join(this.folder, "data/demo/world.json"), "utf8")) as Stage
    this.mail = Mail.at(this.stage.mail)
  }

  async stop(): Promise<void> {
    await Promise.all([this.hub.stop(), this.mail?.stop()])
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** restart stops the hub, has something done to its data, and starts it again; people made before have to sign in anew. */
  async restart(between: (data: string) => void): Promise<void> {
    await this.hub.stop()
    between(join(this.folder, "data"))
    await this.run()
    this.admin.rest = await this.session(this.admin.login)
  }

  private async run(): Promise<void> {
    this.hub = new Program("uzel", this.args, this.env)
    const [, url = ""] = await this.hub.line(/(http:\/\/\S+)/)
    this.url = url
  }

  /** person is a new user of the roles, signed in. */
  async person(...roles: Role[]): Promise<Person> {
    const login = `${roles[0] ?? "nobody"}${++this.people}`
    const name = this.people < names.length ? names[this.people]! : `${names[this.people % names.length]} ${this.people}`
    const made = await this.admin.rest.post<components["schemas"]["NewUser"]>("/users", { login, name, roles })
    return this.welcome(login, name, made.password)
  }

  /** colleague is one of the people of the demo, signed in. */
  async colleague(login: string): Promise<Person> {
    const { name, password } = this.stage!.users.find((u) => u.login === login)!
    return { login, name, rest: await this.session(login, password) }
  }

  /** session is another sign-in of the person. */
  async session(login: string, password = Password): Promise<Rest> {
    const rest = new Rest(this.url)
    await rest.signIn(login, password)
    return rest
  }

  /** channel connects a connector and waits until it works. */
  async channel(channel: { id: string; title: string; plugin: string; settings: object; journal?: string }): Promise<void> {
    await this.admin.rest.post("/channels", { enabled: true, ...channel })
    await this.state(channel.id, "running")
  }

  /** state waits until the channel is in the state. */
  state(id: string, wanted: string): Promise<true> {
    return eventually(`channel ${id} is ${wanted}`, async () => (await this.admin.rest.get<Channel>(`/channels/${id}`)).status?.state === wanted)
  }

  private async welcome(login: string, name: string, oneTime: string): Promise<Person> {
    const rest = await this.session(login, oneTime)
    await rest.post("/session/password", { old_password: oneTime, new_password: Password })
    return { login, name, rest }
  }
}

const names = ["Мария Петрова", "Олег Сидоров", "Анна Кузнецова", "Игорь Волков", "Елена Смирнова"]

/** gather lays the connectors into a folder that the hub looks through. */
function gather(folder: string, plugins: string[]): string {
  const dir = join(folder, "plugins")
  mkdirSync(dir)
  for (const name of plugins) {
    const from = name === "meters" ? join(bin, "test/plugins", name) : join(bin, "plugins", name)
    symlinkSync(from, join(dir, name))
  }
  return dir
}
