import type { components } from "../src/api/schema"
import type { Rest } from "./rest"

type Schema<K extends keyof components["schemas"]> = components["schemas"][K]
type Entry = Schema<"Entry">
type Document = Schema<"Document">
type Task = Schema<"Task">
type Party = Schema<"Party">

/** What furnish made, for journeys to find it again. */
export type Office = { incoming: Document; parties: Party[]; task: Task; article: Entry }

/** furnish fills a hub with what an office works on: papers, applicants, tasks, reference books. */
export async function furnish(rest: Rest, performer: string): Promise<Office> {
  const parties = await applicants(rest)
  const [incoming, ...others] = await papers(rest, parties)
  const task = await tasks(rest, incoming!, others[0]!, performer)
  return { incoming: incoming!, parties, task, article: await library(rest) }
}

const residents = [
  ["person", "Иванова Анна Сергеевна", "email", "anna.ivanova@example.org"], ["person", "Соколов Пётр Ильич", "phone", "+79161234567"],
  ["organization", "ООО «Ромашка»", "inn", "7707083893"], ["person", "Мельникова Ольга Юрьевна", "email", "melnikova@example.org"],
] as const

async function applicants(rest: Rest): Promise<Party[]> {
  const made: Party[] = []
  for (const [kind, name, address, value] of residents) {
    made.push(await rest.post<Party>("/parties", { kind, name, addresses: [{ kind: address, value }], accounts: kind === "person" ? [{ number: `40${made.length}12345`, provider: "Мосэнергосбыт", address: "г. Москва, ул. Мира, д. 1" }] : [] }))
  }
  return made
}

const subjects = ["О протечке кровли", "О перерасчёте за отопление", "Запрос сведений о капитальном ремонте", "Жалоба на шум", "О замене лифта", "Благодарность диспетчеру"]

async function papers(rest: Rest, parties: Party[]): Promise<Document[]> {
  const made: Document[] = []
  for (const [i, subject] of subjects.entries()) {
    const p = parties[i % parties.length]!
    made.push(await rest.post<Document>("/documents", {
      direction: "incoming", subject, text: `Здравствуйте!\n\n${subject}: прошу рассмотреть и сообщить о решении.\n\nС уважением,\n${p.name}`,
      sender: { party: p.id, kind: p.kind, name: p.name, addresses: p.addresses.map(({ kind, value }) => ({ kind, value })) }, fields: { delivery_type: "Почта России", sheets: "2" },
    }))
  }
  await rest.post("/documents", { direction: "outgoing", subject: "Ответ на запрос сведений", text: "Направляем запрошенные сведения.", recipients: [{ kind: "organization", name: "Жилищная инспекция" }] })
  await rest.post("/documents", { direction: "internal", subject: "О дежурстве в праздничные дни", text: "Прошу назначить дежурных." })
  return made
}

async function tasks(rest: Rest, one: Document, other: Document, performer: string): Promise<Task> {
  const due = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  const task = await rest.post<Task>("/tasks", { kind: "assignment", title: "Осмотреть кровлю и составить акт", text: "Выйти по адресу до конца недели.", document: one.id, performer, due_at: due(2) })
  await rest.post("/tasks", { kind: "task", title: "Запросить показания в ресурсоснабжающей организации", document: other.id, performer, due_at: due(5) })
  await rest.post("/tasks", { kind: "assignment", title: "Проконтролировать перерасчёт", performer, due_at: due(9) })
  return task
}

async function library(rest: Rest): Promise<Entry> {
  const book = <T>(name: string, values: object) => rest.post<T>(`/directories/${name}/entries`, { values })
  for (const [title, color] of [["Авария", "red"], ["Повторно", "orange"], ["На контроле", "blue"]] as const) await book("tags", { title, color })
  const section = await book<Entry>("articles", { title: "Кровля и фасад", text: "Что делать при протечках." })
  const article = await book<Entry>("articles", { title: "Порядок осмотра кровли", parent: section.id, text: "1. Принять заявку.\n2. Назначить осмотр в течение суток.\n3. Составить акт." })
  await book("articles", { title: "Отопление", text: "Перерасчёты и графики." })
  await book("news", { title: "Изменился график приёма", day: "2026-11-20", text: "С 1 декабря приём ведётся по вторникам.", published: true, important: true })
  return article
}
