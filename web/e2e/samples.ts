import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { components } from "../src/api/schema"
import type { World } from "./world"

type Schema = components["schemas"]

/**
 * Samples are things in a furnished hub that screens can show. `ids` has one for each route that
 * takes one, by what stands before it or by the route's first word; a route that has none fails its test: add it here.
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

/** furnish puts a little of everything into a hub, as people and connectors would. */
export async function furnish(world: World): Promise<Samples> {
  const { rest } = world.admin
  const dir = join(world.folder, "meters")
  mkdirSync(join(dir, "in"), { recursive: true })
  await world.channel({ id: "meters", title: "Счётчики", plugin: "meters", settings: { dir } })
  const party = await rest.post<Schema["Party"]>("/parties", { kind: "person", name: "Иванова Анна Петровна", addresses: [{ kind: "phone", value: "+79161234567" }] })
  const subjects = ["Нет отопления в подъезде", "Просьба о перерасчёте за август", "Не горит свет на площадке"]
  const documents: Schema["Document"][] = []
  for (const subject of subjects) {
    documents.push(await rest.post<Schema["Document"]>("/documents", { direction: "incoming", subject, text: "Просим разобраться и ответить письменно." }))
  }
  const users = await rest.get<{ items: Schema["User"][] }>("/users")
  const task = await rest.post<Schema["Task"]>("/tasks", { kind: "task", title: "Осмотреть стояк", performer: users.items[0]!.id })
  const former = await rest.post<Schema["Party"]>("/parties", { kind: "person", name: "Петров Пётр", addresses: [{ kind: "phone", value: "+79160000000" }] })
  const act = await rest.post<Schema["Erasure"]>(`/parties/${former.id}/erasure`, { ground: "Заявление субъекта, ст. 21 152-ФЗ" }, former.version)
  const draft = await rest.post<Schema["DraftCard"]>("/drafts", { in_reply_to: documents[1]!.id, text: { subject: "Ответ", text: "Перерасчёт сделан." } })
  return {
    ids: {
      "documents/drafts": draft.draft.id, directories: "reasons", erasures: act.id, reports: "days", rules: "new",
      channels: "meters", plugins: "meters", applicants: party.id, parties: party.id, documents: documents[0]!.id, appeals: documents[0]!.id, tasks: task.id,
      users: users.items[0]!.id,
    },
    words: ["admin", "meters"],
  }
}
