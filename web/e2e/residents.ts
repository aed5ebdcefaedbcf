import type { components } from "../src/api/schema"
import type { Appeal, Desk } from "./desk"
import { eventually } from "./process"
import type { Person, World } from "./world"

type Schema = components["schemas"]

/** What residents asked: subject, text, who, where, by what way; what became of it, and why they wrote. */
const matters = [
  ["Нет отопления в подъезде", "Батареи холодные с понедельника, в квартире +16.", "Кузнецов Илья Андреевич", "ул. Мира, д. 1, кв. 12", "phone", "take", "Отопление"],
  ["Протечка кровли над шестым подъездом после дождя, вода на лестничной клетке", "Вода стоит на лестнице, вздулась краска.", "Мельникова Ольга Юрьевна", "ул. Мира, д. 1, кв. 88", "email", "take", "leak"],
  ["Просьба о перерасчёте за август", "Три недели не было горячей воды, прошу сделать перерасчёт.", "Соколов Пётр Ильич", "ул. Садовая, д. 14, кв. 3", "email", "answer", "Начисления"],
  ["Не горит свет на площадке", "Пятый этаж, вторую неделю.", "Иванова Анна Сергеевна", "ул. Мира, д. 1, кв. 45", "phone", "close", "Освещение"],
  ["Не работает лифт", "Стоит между этажами, людей внутри нет.", "Орлова Светлана Викторовна", "ул. Победы, д. 7, кв. 61", "phone", "hand", "lift"],
  ["Шумят соседи по ночам", "Просим принять меры.", "Гаврилов Денис Олегович", "ул. Победы, д. 7, кв. 62", "phone", "reject", "Тишина и порядок"],
  ["Забит мусоропровод", "Запах на всех этажах.", "Алексеева Вера Павловна", "ул. Садовая, д. 14, кв. 40", "phone", "", "Вывоз мусора"],
  ["Сломан домофон", "Дверь не закрывается, заходят посторонние.", "Тихонов Роман Сергеевич", "ул. Мира, д. 3, кв. 5", "email", "", "Домофон"],
  ["Справка о составе семьи", "Нужна для пособия.", "Фёдорова Инна Львовна", "ул. Мира, д. 3, кв. 19", "email", "take", "Справки"],
  ["Ямы во дворе", "После раскопок не восстановлен асфальт.", "Лебедев Антон Игоревич", "ул. Победы, д. 9", "phone", "close", "Благоустройство"],
  ["Замена счётчика холодной воды", "Срок поверки истёк, нужен мастер.", "Зайцева Мария Николаевна", "ул. Садовая, д. 2, кв. 7", "phone", "plan", "Приборы учёта"],
  ["Течёт стояк в ванной", "Капает на соседей снизу.", "Никитин Олег Борисович", "ул. Садовая, д. 2, кв. 31", "phone", "", "leak"],
] as const

const letters = [
  ["Холодно в квартире", "Добрый день! Температура в комнате +17, прошу прислать мастера.\n\nЕлена, ул. Мира, 1–54"],
  ["Благодарность дворнику", "Спасибо, во дворе стало чисто."],
  ["Вопрос по квитанции", "В квитанции за октябрь две строки за один и тот же лифт. Почему?"],
]

/** talk has residents ask and the operator and the administrator answer; it gives the appeal in which most has happened. */
export async function talk(world: World, desk: Desk, operator: Person, performer: string): Promise<string> {
  const reasons: Record<string, string> = { ...desk }
  for (const title of ["Отопление", "Начисления", "Освещение", "Тишина и порядок", "Вывоз мусора", "Домофон", "Справки", "Благоустройство", "Приборы учёта"]) {
    reasons[title] = (await world.admin.rest.post<Schema["Entry"]>("/directories/reasons/entries", { values: { title, group: desk.group, line: desk.line, term: { kind: "working_days", amount: 5 } } })).id
  }
  for (const [i, matter] of matters.entries()) await one(world, desk, i % 3 ? operator : world.admin, matter, i, reasons[matter[6]]!)
  const resident = world.mail!.facts.residents
  for (const [i, [subject = "", text]] of letters.entries()) await world.mail!.send({ from: resident[i % resident.length]!, subject, text })
  return conversation(world, desk, performer, reasons["Отопление"]!)
}

async function one(world: World, desk: Desk, operator: Person, [subject, text, name, flat, source, what]: (typeof matters)[number], i: number, reason: string): Promise<void> {
  const made = await world.admin.rest.post<Appeal>("/appeals", {
    subject, text, source: desk[source], reason_group: desk.group, reason, tags: i % 5 === 1 ? [desk.urgent] : [],
    premises: { text: flat }, accounts: [{ number: `4012${300 + i}`, provider: "Мосэнергосбыт", address: flat }],
    applicant: { kind: "person", name, addresses: addresses(world, i, what) }, due_at: i === 11 ? new Date(Date.now() + 60_000).toISOString() : undefined,
  })
  await follow(operator, desk, made, what)
}

function addresses(world: World, i: number, what: string) {
  const phone = { kind: "phone", value: `+791612345${10 + i}` }
  return what === "answer" ? [phone, { kind: "email", value: world.mail!.facts.residents.at(-1)! }] : [phone]
}

/** follow does with an appeal what an operator would. */
async function follow({ rest }: Person, desk: Desk, { id }: Appeal, what: (typeof matters)[number][5]): Promise<void> {
  if (!what) return
  const act = async (does: string, body?: object) => rest.post(`/appeals/${id}/${does}`, body, (await rest.get<{ document: Appeal }>(`/appeals/${id}`)).document.version)
  await act("take")
  if (what === "answer") await act("reply", { channel: "mail", text: "Перерасчёт сделан и войдёт в следующую квитанцию." })
  if (what === "close") await act("close", { text: "Работы выполнены.", template: desk.result, works: ["Осмотр"] })
  if (what === "hand") await act("transfer", { line: desk.second })
  if (what === "reject") await act("reject", { reason: "Вопрос в ведении участкового, обращение передано ему." })
  if (what === "plan") await act("plan", { planned_at: new Date(Date.now() + 2 * 86_400_000).toISOString() })
}

/** conversation is an appeal by letter that was answered and has a task and all requisites. */
async function conversation(world: World, desk: Desk, performer: string, heating: string): Promise<string> {
  const { rest } = world.admin
  const find = async () => (await rest.get<Schema["AppealPage"]>("/appeals?limit=100")).items.find((a) => a.subject === "Холодно в квартире")
  const { id } = await eventually("the letter is an appeal", find)
  const act = async (does: string, body?: object) => rest.post(`/appeals/${id}${does}`, body, await version())
  const version = async () => (await rest.get<{ document: Appeal }>(`/appeals/${id}`)).document.version
  await act("/take")
  await rest.patch(`/appeals/${id}`, {
    reason_group: desk.group, reason: heating, premises: { text: "г. Москва, ул. Мира, д. 1, кв. 54", flat: "54" }, description: "Проверить стояк отопления",
    accounts: [{ number: "4012354", provider: "Мосэнергосбыт", address: "ул. Мира, д. 1, кв. 54" }],
  }, await version())
  await act("/reply", { text: "Здравствуйте! Мастер придёт завтра с 10 до 12.", keep_open: true })
  await rest.post("/tasks", { kind: "assignment", title: "Проверить стояк отопления", document: id, performer, due_at: new Date(Date.now() + 86_400_000).toISOString() })
  return id
}
