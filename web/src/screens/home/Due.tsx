import { Segmented } from "antd"
import { useState } from "react"
import { Link } from "react-router"
import { useEvents } from "../../api/events"
import { refresh, useGet } from "../../api/query"
import { keep, kept } from "../../app/prefs"
import { useCan, useSession } from "../../app/session"
import { Empty, Loading } from "../../parts/Async"
import { UserName } from "../../parts/people"
import { Due as Term } from "../../parts/When"
import { isoDay } from "../../texts/dates"
import { useTexts } from "../../texts/i18n"
import { Panel } from "./Incoming"
import { words } from "./texts"

type Whose = "mine" | "all"
type Urgent = { id: string; to: string; title: string; note: string; who?: string; at: string }

/** So many are shown; the page reads a few more to tell that there are. */
const SHOWN = 12
const READ = 100

/**
 * Due is what must be done today or should have been done already: one's own, and for who answers
 * for others all that he sees, as he chose last.
 */
export function Due() {
  const t = useTexts(words)
  const leads = useCan()("tasks.supervise")
  const [whose, setWhose] = useState<Whose>(!leads || kept("home.due") === "mine" ? "mine" : "all")
  const choose = (next: Whose) => {
    keep("home.due", next)
    setWhose(next)
  }
  const { urgent, pending } = useUrgent(whose)
  const choice = leads && <Segmented<Whose> size="small" aria-label={t.whose} value={whose} onChange={choose} options={(["mine", "all"] as const).map((value) => ({ value, label: t.whoseOf[value] }))} />
  return (
    <Panel title={t.due} extra={choice}>
      {pending ? <Loading /> : urgent.length === 0 ? <Empty text={t.dueNone} /> : (
        <ul className="u-lines">
          {urgent.slice(0, SHOWN).map((u) => (
            <li key={u.id}>
              <div><Link to={u.to}>{u.title}</Link><small>{u.note}{whose === "all" && <> · {u.who ? <UserName id={u.who} /> : t.nobody}</>}</small></div>
              <Term at={u.at} />
            </li>
          ))}
        </ul>
      )}
      {urgent.length > SHOWN && <p className="u-quiet">{t.dueMore(urgent.length - SHOWN, urgent.length >= READ)}</p>}
    </Panel>
  )
}

function useUrgent(whose: Whose): { urgent: Urgent[]; pending: boolean } {
  const t = useTexts(words)
  const can = useCan()
  const { user } = useSession()
  const tomorrow = new Date()
  tomorrow.setHours(24, 0, 0, 0)
  const own = whose === "mine"
  const appeals = useGet("/api/v1/appeals", { params: { query: { view: "due", limit: READ, ...(own && { operator: user.id }) } } }, { enabled: can("appeals.read") })
  const tasks = useGet("/api/v1/tasks", { params: { query: { open: true, due_before: isoDay(tomorrow), limit: READ, ...(own && { view: "mine" as const }) } } }, { enabled: can("tasks.read") })
  useEvents(["appeal.opened", "appeal.updated"], () => void refresh("/api/v1/appeals"))
  useEvents(["task.assigned", "task.updated"], () => void refresh("/api/v1/tasks"))
  const urgent = [
    ...(appeals.data?.items ?? []).map((a): Urgent => ({ id: a.id, to: `/appeals/${a.id}`, title: a.subject || t.noSubject, note: a.number?.text ?? "", who: a.appeal.operator, at: a.due_at ?? "" })),
    ...(tasks.data?.items ?? []).filter((k) => !k.done_at || !own).map((k): Urgent => ({ id: k.id, to: `/tasks/${k.id}`, title: k.title, note: t.task, who: k.performer, at: k.deadline?.due_at ?? "" })),
  ].filter((u) => u.at && new Date(u.at) < tomorrow)
  urgent.sort((a, b) => (a.at < b.at ? -1 : 1))
  return { urgent, pending: appeals.isLoading || tasks.isLoading }
}
