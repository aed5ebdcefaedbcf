import { Link } from "react-router"
import { useGet } from "../../api/query"
import { useCan, useSession } from "../../app/session"
import { Empty, Loading } from "../../parts/Async"
import { Due as Term } from "../../parts/When"
import { isoDay } from "../../texts/dates"
import { useTexts } from "../../texts/i18n"
import { Panel } from "./Incoming"
import { words } from "./texts"

type Urgent = { id: string; to: string; title: string; note: string; at: string }

/** Due is what of the person's own must be done today or should have been done already. */
export function Due() {
  const t = useTexts(words)
  const { urgent, pending } = useUrgent()
  return (
    <Panel title={t.due}>
      {pending ? <Loading /> : urgent.length === 0 ? <Empty text={t.dueNone} /> : (
        <ul className="u-lines">
          {urgent.slice(0, 12).map((u) => (
            <li key={u.id}>
              <div><Link to={u.to}>{u.title}</Link><small>{u.note}</small></div>
              <Term at={u.at} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function useUrgent(): { urgent: Urgent[]; pending: boolean } {
  const t = useTexts(words)
  const can = useCan()
  const { user } = useSession()
  const tomorrow = new Date()
  tomorrow.setHours(24, 0, 0, 0)
  const appeals = useGet("/api/v1/appeals", { params: { query: { view: "open", operator: user.id, limit: 200 } } }, { enabled: can("appeals.read") })
  const tasks = useGet("/api/v1/tasks", { params: { query: { view: "mine", open: true, due_before: isoDay(tomorrow), limit: 100 } } }, { enabled: can("tasks.read") })
  const urgent = [
    ...(appeals.data?.items ?? []).map((a): Urgent => ({ id: a.id, to: `/appeals/${a.id}`, title: a.subject || t.noSubject, note: a.number?.text ?? "", at: a.due_at ?? "" })),
    ...(tasks.data?.items ?? []).map((a): Urgent => ({ id: a.id, to: `/tasks/${a.id}`, title: a.title, note: t.task, at: a.deadline?.due_at ?? "" })),
  ].filter((u) => u.at && new Date(u.at) < tomorrow)
  urgent.sort((a, b) => (a.at < b.at ? -1 : 1))
  return { urgent, pending: appeals.isLoading || tasks.isLoading }
}
