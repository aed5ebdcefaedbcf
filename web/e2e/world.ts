import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { components } from "../src/api/schema"
import { Mail } from "./mail"
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
  /** More of the hub's environment, UZEL_LIMITS__FILE_MB and the like. */
  env?: Record<string, string>
  /** The first sign-in is left to the journey. */
  fresh?: boolean
}

/**
 * World is a real hub in a folder of its own on a free port, with the outside systems it needs.
 * `const world = await World.start({…}); after(() => world.stop())` at the top of a journey's file.
 */
export class World {
  /** The administrator; not in a fresh world. */
  admin!: Person
  mail?: Mail
  private people = 0

  private constructor(readonly folder: string, readonly url: string, readonly hub: Program, readonly oneTime: string) {}

  static async start(wanted: Wanted = {}): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), "uzel-e2e-"))
    const hub = new Program("uzel", ["serve"], {
      HOME: folder, UZEL_DATA: join(folder, "data"), UZEL_LISTEN: "127.0.0.1:0", UZEL_PLUGINS: gather(folder, wanted.plugins ?? []), ...wanted.env,
    })
    const [, url = ""] = await hub.line(/(http:\/\/\S+)/)
    const [, oneTime = ""] = await hub.line(/одноразовый пароль (\S+)/)
    const world = new World(folder, url, hub, oneTime)
    if (wanted.mail) world.mail = await Mail.start()
    if (!wanted.fresh) world.admin = await world.welcome("admin", "Администратор", oneTime)
    return world
  }

  async stop(): Promise<void> {
    await Promise.all([this.hub.stop(), this.mail?.stop()])
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** person is a new user of the roles, signed in. */
  async person(...roles: Role[]): Promise<Person> {
    const login = `${roles[0] ?? "nobody"}${++this.people}`
    const name = this.people < names.length ? names[this.people]! : `${names[this.people % names.length]} ${this.people}`
    const made = await this.admin.rest.post<components["schemas"]["NewUser"]>("/users", { login, name, roles })
    return this.welcome(login, name, made.password)
  }

  /** session is another sign-in of the person. */
  async session(login: string, password = Password): Promise<Rest> {
    const rest = new Rest(this.url)
    await rest.signIn(login, password)
    return rest
  }

  /** channel connects a connector and waits until it works. */
  async channel(channel: { id: string; title: string; plugin: string; settings: object }): Promise<void> {
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
