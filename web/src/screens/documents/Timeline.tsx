import { Button } from "antd"
import type { ReactNode } from "react"
import { Link } from "react-router"
import { api, call, type Schema } from "../../api/client"
import { useGet } from "../../api/query"
import { useCan } from "../../app/session"
import type { Tone } from "../../app/theme"
import { StateTag, Tag, toneOf } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { UserName } from "../../parts/UserPick"
import { When } from "../../parts/When"
import { money, useTexts } from "../../texts/i18n"
import { peopleOf, reread } from "./common"
import { words, type Words } from "./texts"

type Card = Schema<"DocumentCard">
type Draft = Schema<"Draft">
type Task = Schema<"Task">
type Step = { at: string; key: string; tone?: Tone; body: ReactNode }

/** Timeline is the course of a document: registration, answers, deliveries with receipts, approvals, tasks, signatures, in one order. */
export function Timeline({ card }: { card: Card }) {
  const t = useTexts(words)
  const can = useCan()
  const { document: d } = card
  const tasks = useGet("/api/v1/tasks", { params: { query: { document: d.id, limit: 100 } } }, { enabled: can("tasks.read") }).data?.items ?? []
  const answered = d.direction === "incoming" ? d.id : d.in_reply_to
  const drafts = useGet("/api/v1/drafts", { params: { query: { in_reply_to: answered ?? "" } } }, { enabled: can("drafts.read") && !!answered }).data?.items ?? []
  const own = d.direction === "incoming" ? drafts : drafts.filter((draft) => draft.document === d.id)
  const steps: Step[] = [
    { at: d.created_at, key: "registered", body: <b>{d.channel && d.direction === "incoming" ? t.event.received : t.event.registered}{d.number && `, ${d.number.text}`}</b> },
    ...card.thread.map((o) => ofThread(o, t)), ...card.deliveries.map(ofDelivery), ...own.flatMap((draft) => ofDraft(draft, t)), ...tasks.flatMap((task) => ofTask(task, t)),
    ...card.signatures.map((s) => ({ at: s.created_at, key: s.id, tone: s.status === "valid" ? ("good" as const) : s.status ? ("bad" as const) : undefined, body: <><b>{t.event.signature}</b> <span>{s.status ? t.signed[s.status] : t.signing[s.state]}</span></> })),
  ]
  steps.sort((a, b) => a.at.localeCompare(b.at))
  return (
    <ol className="u-doc-time" style={{ listStyle: "none", padding: "0 0 0 6px", margin: 0 }}>
      {steps.map((s) => <li key={s.key} data-tone={s.tone}><div>{s.body}<When at={s.at} /></div></li>)}
    </ol>
  )
}

function ofThread(o: Schema<"DocumentRow">, t: Words): Step {
  return { at: o.created_at, key: o.id, tone: "active", body: <><b>{t.event.other[o.direction]}</b> <Link to={`/documents/${o.id}`}>{o.number?.text ?? ""} {o.subject}</Link></> }
}

function ofDelivery(d: Schema<"Delivery">): Step {
  return { at: d.created_at, key: d.id, tone: toneOf("delivery", d.state), body: <Delivery delivery={d} /> }
}

function ofDraft(d: Draft, t: Words): Step[] {
  const link = <Link to={`/documents/drafts/${d.id}`}>{d.subject}</Link>
  const visas = (d.visas ?? []).map((v, i): Step => ({
    at: v.at, key: `${d.id}.${i}`, tone: v.agreed ? "good" : "warn", body: <><b>{v.agreed ? t.event.agreed : t.event.refused}</b> <UserName id={v.by} />{v.remarks && <span>: {v.remarks}</span>}</>,
  }))
  return [{ at: d.created_at, key: d.id, body: <><b>{t.event.draft}</b> {link} <UserName id={d.author} /></> }, ...visas, ...(d.sent_at ? [{ at: d.sent_at, key: `${d.id}.sent`, tone: "good" as const, body: <b>{t.event.sent}</b> }] : [])]
}

function ofTask(task: Task, t: Words): Step[] {
  if (task.kind === "approval") return []
  const link = (title: string) => <Link to={`/tasks/${task.id}`}><b>{title}</b></Link>
  return [
    { at: task.assigned_at ?? task.created_at, key: task.id, tone: "info", body: <>{link(t.event.task(task.title))} <UserName id={task.performer} /></> },
    ...(task.done_at ? [{ at: task.done_at, key: `${task.id}.done`, tone: "good" as const, body: <>{link(t.event.taskDone(task.title))} {task.result?.text && <span>{task.result.text}</span>}</> }] : []),
    ...(task.ended_at ? [{ at: task.ended_at, key: `${task.id}.ended`, body: link(t.event.taskEnded(task.title)) }] : []),
  ]
}

/** Delivery tells where it stands, what the outside system said, and every receipt on the way. */
function Delivery({ delivery: d }: { delivery: Schema<"Delivery"> }) {
  const t = useTexts(words)
  const can = useCan()
  const receipts = useGet("/api/v1/deliveries/{id}/history", { params: { path: { id: d.id } } }, { enabled: can("deliveries.read") }).data?.items ?? []
  const states = receipts.flatMap((e) => (e.changes ?? []).filter((c) => c.field === "state").map((c) => ({ at: e.at, state: String(c.after) })))
  const act = (path: "retry" | "cancel") => call(api.POST(`/api/v1/deliveries/{id}/${path}` as "/api/v1/deliveries/{id}/retry", { params: { path: { id: d.id } } })).then(reread, toast.error)
  const stuck = d.state === "rejected" || d.state === "unknown"
  return (
    <>
      <b>{t.event.delivery(peopleOf(d.to ?? []))}</b> <Tag>{t.purposes[d.purpose]}</Tag> <StateTag kind="delivery" state={d.state} />
      {d.attempts > 1 && <span className="u-quiet">{t.attempts(d.attempts)}</span>}
      {d.cost && <span className="u-quiet">{t.cost}: {money(d.cost)}</span>}
      {d.outside_text && <span>{t.outsideSays(d.outside_text)}</span>}
      {d.last_error && stuck && <span className="u-fault">{d.last_error}</span>}
      {can("deliveries.write") && stuck && <Button size="small" onClick={() => void act("retry")}>{t.retry}</Button>}
      {can("deliveries.write") && d.state === "queued" && <Button size="small" onClick={() => void act("cancel")}>{t.cancelDelivery}</Button>}
      {states.length > 1 && (
        <details style={{ flexBasis: "100%" }}>
          <summary>{t.receipts}</summary>
          <ul>{states.map((s, i) => <li key={i}><StateTag kind="delivery" state={s.state} /> <When at={s.at} full /></li>)}</ul>
        </details>
      )}
    </>
  )
}
