import { Button } from "antd"
import { Link } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { StateTag } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { UserName } from "../../parts/UserPick"
import { Due, When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { peopleOf, reread } from "./common"
import { words } from "./texts"

type Document = Schema<"Document">

/** Tasks are what was handed out by the document. */
export function Tasks({ document: d }: { document: Document }) {
  const t = useTexts(words)
  const can = useCan()
  const { data } = useGet("/api/v1/tasks", { params: { query: { document: d.id, limit: 100 } } }, { enabled: can("tasks.read") })
  const tasks = data?.items.filter((task) => task.kind !== "approval") ?? []
  if (tasks.length === 0) return null
  return (
    <section className="u-panel" aria-label={t.tasks}>
      <h2>{t.tasks}</h2>
      <ul className="u-doc-lines">
        {tasks.map((task) => (
          <li key={task.id}>
            <div><Link to={`/tasks/${task.id}`}>{task.title}</Link></div>
            <div><StateTag kind="task" state={task.state} /><UserName id={task.performer} /><span className="u-gap" /><Due at={task.deadline?.due_at} done={!!task.ended_at} /></div>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Drafts are the answers in preparation. */
export function Drafts({ document: d }: { document: Document }) {
  const t = useTexts(words)
  const can = useCan()
  const drafts = useGet("/api/v1/drafts", { params: { query: { in_reply_to: d.id } } }, { enabled: can("drafts.read") }).data?.items ?? []
  if (drafts.length === 0) return null
  return (
    <section className="u-panel" aria-label={t.drafts}>
      <h2>{t.drafts}</h2>
      <ul className="u-doc-lines">
        {drafts.map((draft) => (
          <li key={draft.id}>
            <div><Link to={`/documents/drafts/${draft.id}`}>{draft.subject || t.draft.title}</Link></div>
            <div><StateTag kind="draft" state={draft.state} /><UserName id={draft.author} /><span className="u-gap" /><When at={draft.updated_at} /></div>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Matter are the other documents of the matter, and those it may belong to. */
export function Matter({ card }: { card: Schema<"DocumentCard"> }) {
  const t = useTexts(words)
  const can = useCan()
  const { document: d } = card
  const join = (other: string) =>
    call(api.POST("/api/v1/documents/{id}/join", { params: { path: { id: d.id }, header: ifMatch(d) }, body: { document: other } })).then(() => { toast.done(t.joined); return reread() }, toast.error)
  return (
    <>
      {card.perhaps_belongs_to.length > 0 && (
        <section className="u-panel" aria-label={t.perhaps}>
          <h2>{t.perhaps}</h2>
          <ul className="u-doc-lines">{card.perhaps_belongs_to.map((o) => <Line key={o.id} row={o} action={can("documents.write") && <Button size="small" onClick={() => void join(o.id)}>{t.join}</Button>} />)}</ul>
        </section>
      )}
      {card.thread.length > 0 && (
        <section className="u-panel" aria-label={t.thread}>
          <h2>{t.thread}</h2>
          <ul className="u-doc-lines">{card.thread.map((o) => <Line key={o.id} row={o} />)}</ul>
        </section>
      )}
    </>
  )
}

function Line(props: { row: Schema<"DocumentRow">; action?: React.ReactNode }) {
  const t = useTexts(words)
  const { row: d } = props
  return (
    <li>
      <div><Link to={`/documents/${d.id}`}>{d.subject || t.noText}</Link></div>
      <div className="u-quiet"><span>{t.one[d.direction]} {d.number?.text}</span><span>{peopleOf([d.sender])}</span><span className="u-gap" /><When at={d.created_at} />{props.action}</div>
    </li>
  )
}
