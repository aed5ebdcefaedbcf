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
        {can("appeals.read") && <AppealNumbers user={user.id} />}
        {can("tasks.read") && <TaskNumbers />}
      </div>
      {can("appeals.write") && <Create />}
    </section>
  )
}

/** So many are counted; of more it is told that they are more. */
const COUNTED = 100

/** The numbers are counted from the very lists they lead to, so that both always agree. */
function AppealNumbers(props: { user: string }) {
  const t = useTexts(words)
  const query = { operator: props.user, limit: COUNTED }
  const mine = useGet("/api/v1/appeals", { params: { query: { ...query, view: "open" } } })
  const overdue = useGet("/api/v1/appeals", { params: { query: { ...query, view: "overdue" } } })
  useEvents(["appeal.opened", "appeal.updated"], () => void refresh("/api/v1/appeals"))
  return (
    <>
      <Number title={t.mine} of={mine.data} to={`/appeals?view=open&operator=${props.user}`} />
      <Number title={t.overdue} of={overdue.data} to={`/appeals?view=overdue&operator=${props.user}`} bad />
    </>
  )
}

function TaskNumbers() {
  const t = useTexts(words)
  const mine = useGet("/api/v1/tasks", { params: { query: { view: "mine", open: true, limit: COUNTED } } })
  const controlled = useGet("/api/v1/tasks", { params: { query: { view: "controlled", state: "done", limit: COUNTED } } })
  useEvents(["task.assigned", "task.updated"], () => void refresh("/api/v1/tasks"))
  return (
    <>
      <Number title={t.tasks} of={mine.data} to="/tasks?open=true" />
      {!!controlled.data?.items.length && <Number title={t.waiting} of={controlled.data} to="/tasks?view=controlled&state=done" />}
    </>
  )
}

function Number(props: { title: string; of?: { items: unknown[]; next?: string }; to: string; bad?: boolean }) {
  const { of } = props
  return (
    <Link className="u-number" to={props.to} data-tone={props.bad && of?.items.length ? "bad" : undefined}>
      <b>{of ? number(of.items.length) + (of.next ? "+" : "") : "…"}</b><span>{props.title}</span>
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
      {sources.length > SHOWN && <Link to="/appeals/new"><PlusOutlined /> {t.other}</Link>}
      {sources.length === 0 && <Link to="/appeals/new"><PlusOutlined /> {t.create}</Link>}
    </nav>
  )
}
