import type { components } from "../src/api/schema"
import type { World } from "./world"

type Schemas = components["schemas"]
export type Appeal = Schemas["Document"]

/** What a desk works with: ids of directory entries by a short name. */
export type Desk = { line: string; second: string; group: string; leak: string; lift: string; urgent: string; template: string; result: string; email: string; phone: string }

/** furnish fills the directories of a desk: lines, reasons with an extra field, tags, templates. */
export async function furnish(world: World): Promise<Desk> {
  const { rest } = world.admin
  const entry = async (name: string, values: object) => (await rest.post<Schemas["Entry"]>(`/directories/${name}/entries`, { values })).id
  const entries = async (name: string) => (await rest.get<Schemas["EntryPage"]>(`/directories/${name}/entries?limit=100`)).items
  const code = async (name: string, wanted: string) => (await entries(name)).find((e) => e.values.code === wanted)!.id
  const group = await entry("reason_groups", { title: "Содержание дома", code: "house" })
  const line = await code("support_lines", "first")
  const second = await entry("support_lines", { code: "second", title: "Аварийная служба", appeals: "all" })
  const leak = await entry("reasons", { title: "Протечка", code: "leak", group, line, term: { kind: "working_days", amount: 3 } })
  const lift = await entry("reasons", { title: "Не работает лифт", code: "lift", group, line: second, term: { kind: "hours", amount: 24 } })
  await entry("extra_fields", { title: "Этаж", name: "floor", reason: leak, type: "number" })
  await entry("extra_fields", { title: "Доступ в квартиру", name: "access", reason: leak, type: "choice", options: ["утром", "вечером"] })
  const urgent = await entry("tags", { title: "Срочно", color: "red" })
  const template = await entry("message_templates", { title: "Мастер придёт", text: "Здравствуйте, {applicant}!\nПо обращению {number} мастер придёт завтра." })
  const result = await entry("result_templates", { title: "Устранено", text: "Работы выполнены: {works}.", works: ["Осмотр", "Замена трубы"] })
  return { line, second, group, leak, lift, urgent, template, result, email: await code("sources", "email"), phone: await code("sources", "phone") }
}

/** appeal registers an appeal by hand. */
export function appeal(world: World, input: Partial<Schemas["AppealInput"]> & { subject: string }): Promise<Appeal> {
  return world.admin.rest.post("/appeals", { applicant: { kind: "person", name: "Иванов Пётр Сергеевич", addresses: [{ kind: "phone", value: "+79161234567" }] }, ...input })
}
