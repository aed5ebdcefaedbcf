import { mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { components } from "../src/api/schema"
import { furnish as desks } from "./desk"
import { furnish as offices } from "./office"
import { eventually } from "./process"
import { talk } from "./residents"
import type { World } from "./world"

type Schema = components["schemas"]

/**
 * Samples are things in a furnished hub that screens can show. `ids` has one for each route that
 * takes one, by what stands before it or by the route's first word; a route that has none fails its test: add it here.
 * `words` are names of the samples that are no Russian.
 */
export type Samples = { ids: Record<string, string>; words: string[] }

/** address is a path of a route with the sample's id in place of each parameter. */
export function address(path: string, samples: Samples): string {
  const [first = ""] = path.split("/")
  return path.replace(/:\w+[?*]?/g, () => {
    const id = samples.ids[path.slice(0, path.indexOf("/:"))] ?? samples.ids[first]
    if (!id) throw new Error(`no sample for /${path}: furnish one in e2e/samples.ts`)
    return id
  })
}

/** What a world must have for furnish. */
export const wanted = { plugins: ["email", "meters"], mail: true }

/** furnish fills a hub as people and connectors of an office would in a week. */
export async function furnish(world: World): Promise<Samples> {
  const { rest } = world.admin
  await connect(world)
  const operator = await world.person("operator")
  const ids = await colleagues(world, operator.login)
  const desk = await desks(world)
  const office = await offices(rest, ids[0]!)
  const { user } = await rest.get<Schema["Session"]>("/session")
  await rest.post("/tasks", { kind: "assignment", title: "Согласовать график приёма", performer: user.id, due_at: new Date(Date.now() + 3 * 86_400_000).toISOString() })
  const appeal = await talk(world, desk, operator, ids[0]!)
  const rule = await rules(world, desk)
  const letter = await marked(world)
  return {
    ids: {
      "documents/drafts": await draft(world, office.incoming, ids), directories: "reasons", erasures: await erasure(world), reports: "days", rules: rule,
      channels: "mail", plugins: "email", parties: office.parties[0]!.id, documents: letter, appeals: appeal, tasks: office.task.id, users: ids[0]!,
    },
    words: ["admin", "meters", "mail", "house", "leak", "lift", "second", operator.login, "petrova", "volkov", "smirnova"],
  }
}

/** colleagues are people who do not sign in here; their ids after the operator's. */
async function colleagues(world: World, operator: string): Promise<string[]> {
  const { rest } = world.admin
  for (const [login, name, role] of [["petrova", "Петрова Ольга Игоревна", "supervisor"], ["volkov", "Волков Игорь Петрович", "operator"], ["smirnova", "Смирнова Елена Андреевна", "clerk"]]) {
    await rest.post("/users", { login, name, roles: [role] })
  }
  const { items } = await rest.get<Schema["UserPage"]>("/users")
  return [operator, "petrova", "volkov", "smirnova"].map((login) => items.find((one) => one.login === login)!.id)
}

async function connect(world: World): Promise<void> {
  const dir = join(world.folder, "meters")
  mkdirSync(join(dir, "in"), { recursive: true })
  await world.channel({ id: "meters", title: "Счётчики", plugin: "meters", settings: { dir } })
  await world.channel({ id: "mail", title: "Почта приёмной", plugin: "email", settings: world.mail!.settings(), appeals: true } as never)
  await world.admin.rest.post("/channels", { id: "archive", title: "Почта архива", plugin: "email", enabled: false, settings: world.mail!.settings() })
}

const markup = `<div style="font-family:sans-serif"><h2>Показания приборов учёта</h2><p>Добрый день!</p><table border="1" cellpadding="6"><tr><th>Прибор</th><th>Было</th><th>Стало</th></tr>
<tr><td>Холодная вода</td><td>143</td><td>151</td></tr><tr><td>Горячая вода</td><td>88</td><td>93</td></tr></table><p>С уважением, <b>Смирнова Л. П.</b>, кв. 17</p><img data-remote-src="https://pictures.test/logo.png" alt=""></div>`

/** marked has a letter with markup come in by a channel. */
async function marked(world: World): Promise<string> {
  const file = join(world.folder, "meters/in/показания.html")
  writeFileSync(`${file}.new`, markup)
  renameSync(`${file}.new`, file)
  return eventually("the letter with markup is there", async () =>
    (await world.admin.rest.get<Schema["DocumentPage"]>("/documents?channel=meters")).items.find((d) => d.subject.includes("показания"))?.id)
}

/** draft is an answer on its way through two visas. */
async function draft(world: World, to: Schema["Document"], approvers: string[]): Promise<string> {
  const { rest } = world.admin
  const text = "Здравствуйте!\n\nКровля над подъездом № 2 осмотрена, акт составлен. Ремонт запланирован до конца недели.\n\nС уважением,\nуправляющая компания «Дом»"
  const made = await rest.post<Schema["DraftCard"]>("/drafts", {
    in_reply_to: to.id, text: { subject: "О ремонте кровли", text },
    way: { channel: "mail", route: { order: "sequence", restart: "all", approvers: approvers.slice(0, 2).map((user) => ({ user })) } },
  })
  await rest.post(`/drafts/${made.draft.id}/submit`, undefined, made.draft.version)
  return made.draft.id
}

async function erasure(world: World): Promise<string> {
  const { rest } = world.admin
  const former = await rest.post<Schema["Party"]>("/parties", { kind: "person", name: "Петров Пётр", addresses: [{ kind: "phone", value: "+79160000000" }] })
  return (await rest.post<Schema["Erasure"]>(`/parties/${former.id}/erasure`, { ground: "Заявление субъекта, ст. 21 152-ФЗ" }, former.version)).id
}

async function rules(world: World, desk: { leak: string; urgent: string; group: string; second: string }): Promise<string> {
  const { rest } = world.admin
  const add = (rule: object) => rest.post<Schema["Rule"]>("/rules", rule)
  const is = (field: string, values: string[]) => ({ field, is: "contains", values })
  const leaks = await add({
    title: "Протечки — аварийной службе", on: true, directions: ["incoming"],
    when: { all: [{ any: [is("subject", ["протечка", "течёт"]), is("text", ["заливает", "капает с потолка"])] }, { expr: "hour >= 8 && hour < 20" }] },
    then: [{ do: "set_line", line: desk.second }, { do: "add_tags", tags: [desk.urgent] }, { do: "set_term", term: { kind: "hours", amount: 4 } }],
  })
  await add({ title: "Жалобы на шум", on: true, directions: ["incoming"], when: is("subject", ["шум", "ремонт ночью"]), then: [{ do: "set_term", term: { kind: "working_days", amount: 5 } }] })
  await add({ title: "Рассылки без ответа", on: false, directions: ["incoming"], when: is("subject", ["вебинар", "скидка"]), then: [{ do: "stop" }] })
  return leaks.id
}
