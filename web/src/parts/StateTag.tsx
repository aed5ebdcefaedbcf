import type { Schema } from "../api/client"
import type { Tone } from "../app/theme"
import { type Texts, texts, useTexts } from "../texts/i18n"

/** The kinds of things that have states, with their states as the contract names them. */
export type States = {
  appeal: Schema<"AppealState">
  document: Schema<"DocumentState">
  task: Schema<"TaskState">
  draft: Schema<"DraftState">
  delivery: Schema<"DeliveryState">
  channel: Schema<"ChannelStatus">["state"]
  user: Schema<"UserState">
  deadletter: Schema<"DeadLetterState">
}

type Words = { [K in keyof States]: Record<States[K], string> }

const words: Texts<Words> = texts<Words>({
  ru: {
    appeal: { new: "Новое", waiting: "Ожидает", in_work: "В работе", forwarded: "Перенаправлено", answered: "Отвечено", closed: "Закрыто", rejected: "Отклонено" },
    document: { draft: "Черновик", registered: "Зарегистрирован", in_work: "В работе", answered: "Отвечен", sent: "Отправлен", undelivered: "Не доставлен", closed: "В архиве" },
    task: { draft: "Черновик", assigned: "Назначено", accepted: "Принято", declined: "Не принято", in_work: "Выполняется", done: "Исполнено", returned: "На доработке", closed: "Закрыто", cancelled: "Отменено" },
    draft: { editing: "Готовится", approval: "На согласовании", remarks: "Есть замечания", agreed: "Согласован", sent: "Отправлен", cancelled: "Отменён" },
    delivery: { queued: "В очереди", sending: "Отправляется", submitted: "Передано", sent: "Отправлено", delivered: "Доставлено", read: "Прочитано", rejected: "Отклонено", unknown: "Выясняется", cancelled: "Отменено" },
    channel: { stopped: "Остановлен", starting: "Запускается", running: "Работает", degraded: "Сбоит", stopping: "Останавливается", failed: "Не работает" },
    user: { active: "Работает", locked: "Заблокирован", dismissed: "Уволен" },
    deadletter: { open: "Ждёт решения", replayed: "Повторено", given_up: "Снято" },
  },
  en: {
    appeal: { new: "New", waiting: "Waiting", in_work: "In work", forwarded: "Forwarded", answered: "Answered", closed: "Closed", rejected: "Rejected" },
    document: { draft: "Draft", registered: "Registered", in_work: "In work", answered: "Answered", sent: "Sent", undelivered: "Undelivered", closed: "Archived" },
    task: { draft: "Draft", assigned: "Assigned", accepted: "Accepted", declined: "Declined", in_work: "In work", done: "Done", returned: "Returned", closed: "Closed", cancelled: "Cancelled" },
    draft: { editing: "Being written", approval: "In approval", remarks: "Has remarks", agreed: "Agreed", sent: "Sent", cancelled: "Cancelled" },
    delivery: { queued: "Queued", sending: "Sending", submitted: "Submitted", sent: "Sent", delivered: "Delivered", read: "Read", rejected: "Rejected", unknown: "Being found out", cancelled: "Cancelled" },
    channel: { stopped: "Stopped", starting: "Starting", running: "Running", degraded: "Degraded", stopping: "Stopping", failed: "Failed" },
    user: { active: "Active", locked: "Locked", dismissed: "Dismissed" },
    deadletter: { open: "Waits for a decision", replayed: "Replayed", given_up: "Given up" },
  },
})

const tones: { [K in keyof States]: Record<States[K], Tone> } = {
  appeal: { new: "active", waiting: "warn", in_work: "info", forwarded: "info", answered: "good", closed: "calm", rejected: "bad" },
  document: { draft: "calm", registered: "active", in_work: "info", answered: "good", sent: "good", undelivered: "bad", closed: "calm" },
  task: { draft: "calm", assigned: "active", accepted: "active", declined: "bad", in_work: "info", done: "good", returned: "warn", closed: "calm", cancelled: "calm" },
  draft: { editing: "calm", approval: "info", remarks: "warn", agreed: "good", sent: "good", cancelled: "calm" },
  delivery: { queued: "calm", sending: "info", submitted: "info", sent: "good", delivered: "good", read: "good", rejected: "bad", unknown: "warn", cancelled: "calm" },
  channel: { stopped: "calm", starting: "info", running: "good", degraded: "warn", stopping: "info", failed: "bad" },
  user: { active: "good", locked: "warn", dismissed: "calm" },
  deadletter: { open: "bad", replayed: "good", given_up: "calm" },
}

/** StateTag is a state as offices name it, in the colour of what it asks for. */
export function StateTag<K extends keyof States>(props: { kind: K; state: States[K] | string }) {
  const titles = useTexts(words)[props.kind] as Record<string, string>
  const tone = (tones[props.kind] as Record<string, Tone>)[props.state] ?? "calm"
  return <Tag tone={tone}>{titles[props.state] ?? props.state}</Tag>
}

/** Tag is a short word in a tone; the colour never says more than the word. */
export function Tag(props: { tone?: Tone; children: React.ReactNode }) {
  return <span className="u-tag" data-tone={props.tone ?? "calm"}>{props.children}</span>
}

/** useStateTitles are the names of the states of a kind, for filters and legends: [state, title][]. */
export function useStateTitles<K extends keyof States>(kind: K): [States[K], string][] {
  return Object.entries(useTexts(words)[kind]) as [States[K], string][]
}

/** toneOf is the tone of a state, for plots and legends. */
export function toneOf<K extends keyof States>(kind: K, state: States[K]): Tone {
  return tones[kind][state]
}
