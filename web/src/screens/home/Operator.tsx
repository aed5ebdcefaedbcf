import { PlusOutlined } from "@ant-design/icons"
import { Link } from "react-router"
import { useEvents } from "../../api/events"
import { refresh, useGet } from "../../api/query"
import { useCan, useSession } from "../../app/session"
import { EntryName, labelOf, useDirectory, useEntries } from "../../parts/entries"
import { number, useTexts } from "../../texts/i18n"
import { words } from "./texts"

/** How many sources have a button of their own. */
const SHOWN = 5

/** Operator is the card of who works here: role, lines, what is his, and the ways to a new appeal. */
export function Operator() {
  const t = useTexts(words)
  const { user } = useSession()
  const can = useCan()
  return (
    <section className="u-panel u-operator" aria-label={user.name}>
      <div>
        <h2>{user.name}</h2>
        <div className="u-quiet">
          {user.roles.map((r) => t.roles[r]).join(", ")} · {user.lines.length === 0 ? t.allLines : user.lines.map((id, i) => <span key={id}>{i > 0 && ", "}<EntryName directory="support_lines" id={id} /></span>)}
        </div>
      </div>
      <div className="u-numbers">
        {can("reports.read") && <AppealNumbers user={user.id} />}
        {can("tasks.read") && <TaskNumbers />}
      </div>
      {can("appeals.write") && <Create />}
    </section>
  )
}

function AppealNumbers(props: { user: string }) {
  const t = useTexts(words)
  const query = { operator: props.user, group: "appeal_state" }
  const { data } = useGet("/api/v1/reports/summary", { params: { query } })
  useEvents(["appeal.updated"], () => void refresh("/api/v1/reports/summary"))
  const open = data?.rows.filter((r) => ["waiting", "in_work", "forwarded"].includes(r.keys[0]?.value ?? "")).reduce((n, r) => n + r.documents, 0)
  return (
    <>
      <Number title={t.mine} n={open} to={`/appeals?view=open&operator=${props.user}`} />
      <Number title={t.overdue} n={data?.total.overdue} to={`/appeals?view=overdue&operator=${props.user}`} bad />
    </>
  )
}

function TaskNumbers() {
  const t = useTexts(words)
  const mine = useGet("/api/v1/tasks", { params: { query: { view: "mine", open: true, limit: 200 } } })
  const controlled = useGet("/api/v1/tasks", { params: { query: { view: "controlled", state: "done", limit: 200 } } })
  useEvents(["task.assigned", "task.updated"], () => void refresh("/api/v1/tasks"))
  return (
    <>
      <Number title={t.tasks} n={mine.data?.items.length} to="/tasks?view=mine" />
      {!!controlled.data?.items.length && <Number title={t.waiting} n={controlled.data.items.length} to="/tasks?view=controlled" />}
    </>
  )
}

function Number(props: { title: string; n?: number; to: string; bad?: boolean }) {
  return (
    <Link className="u-number" to={props.to} data-tone={props.bad && props.n ? "bad" : undefined}>
      <b>{props.n === undefined ? "…" : number(props.n)}</b><span>{props.title}</span>
    </Link>
  )
}

function Create() {
  const t = useTexts(words)
  const declared = useDirectory("sources")
  const sources = useEntries("sources").filter((s) => s.values.active !== false)
  return (
    <nav className="u-create" aria-label={t.create}>
      <span className="u-label">{t.create}</span>
      {sources.slice(0, SHOWN).map((s) => <Link key={s.id} to={`/appeals/new?source=${s.id}`}><PlusOutlined /> {labelOf(s, declared)}</Link>)}
      {sources.length > SHOWN && <Link to="/appeals/new">{t.other}</Link>}
      {sources.length === 0 && <Link to="/appeals/new"><PlusOutlined /> {t.create}</Link>}
    </nav>
  )
}
