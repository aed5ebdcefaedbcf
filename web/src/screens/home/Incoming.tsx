import { Button } from "antd"
import type { ReactNode } from "react"
import { Link } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useEvents } from "../../api/events"
import { refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async, Empty } from "../../parts/Async"
import { toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Row = Schema<"DocumentRow">
const SHOWN = 7

/** NewAppeals are the appeals nobody has taken yet, the newest first. */
export function NewAppeals() {
  const t = useTexts(words)
  const query = useGet("/api/v1/appeals", { params: { query: { view: "not_in_work", limit: SHOWN } } })
  useEvents(["appeal.opened", "appeal.updated"], () => void refresh("/api/v1/appeals"))
  return (
    <Panel title={t.newAppeals} all="/appeals?view=not_in_work">
      <Async query={query} empty={(page) => page.items.length === 0} nothing={<Empty text={t.newAppealsNone} />}>
        {(page) => <ul className="u-lines">{page.items.map((row) => <Line key={row.id} row={row} to={`/appeals/${row.id}`} />)}</ul>}
      </Async>
    </Panel>
  )
}

/** NewLetters are incoming letters that are no appeals and that nobody has worked on. */
export function NewLetters() {
  const t = useTexts(words)
  const query = useGet("/api/v1/documents", { params: { query: { direction: "incoming", state: "registered", limit: 50 } } })
  useEvents(["document.registered", "document.updated", "appeal.opened"], () => void refresh("/api/v1/documents"))
  const letters = (items: Row[]) => items.filter((d) => !d.is_appeal).slice(0, SHOWN)
  return (
    <Panel title={t.newLetters} all="/documents?direction=incoming&state=registered">
      <Async query={query} empty={(page) => letters(page.items).length === 0} nothing={<Empty text={t.newLettersNone} />}>
        {(page) => <ul className="u-lines">{letters(page.items).map((row) => <Line key={row.id} row={row} to={`/documents/${row.id}`} />)}</ul>}
      </Async>
    </Panel>
  )
}

/** ToCall are people who called and were not answered; it is there when there are any. */
export function ToCall() {
  const t = useTexts(words)
  const { data } = useGet("/api/v1/documents", { params: { query: { mark: "to_call", limit: SHOWN } } })
  if (!data?.items.length) return null
  return (
    <Panel title={t.toCall}>
      <ul className="u-lines">{data.items.map((row) => <Line key={row.id} row={row} to={row.is_appeal ? `/appeals/${row.id}` : `/documents/${row.id}`} bare />)}</ul>
    </Panel>
  )
}

/** Panel is a titled part of the page, with a choice or the way to the whole list. */
export function Panel(props: { title: string; all?: string; extra?: ReactNode; children: ReactNode }) {
  const t = useTexts(words)
  return (
    <section className="u-panel">
      <h2>{props.title}<span className="u-gap" />{props.extra}{props.all && <Link to={props.all} aria-label={`${t.all}: ${props.title}`}>{t.all}</Link>}</h2>
      {props.children}
    </section>
  )
}

function Line(props: { row: Row; to: string; bare?: boolean }) {
  const t = useTexts(words)
  const can = useCan()
  const { row } = props
  return (
    <li>
      <div>
        <Link to={props.to}>{row.subject || t.noSubject}</Link>
        <small>{row.sender.name || row.sender.addresses?.[0]?.value || t.noSender}{row.number && ` · ${row.number.text}`}</small>
      </div>
      <span className="u-quiet"><When at={row.created_at} /></span>
      {!props.bare && can("appeals.write") && <Button size="small" onClick={() => void take(row, t.taken)}>{t.take}</Button>}
    </li>
  )
}

/** take makes an appeal of a letter that is none yet, and gives it to who asks. */
async function take(row: Row, done: string) {
  const params = { path: { id: row.id } }
  try {
    const appeal = row.is_appeal ? row : await call(api.POST("/api/v1/appeals/{id}/open", { params }))
    await call(api.POST("/api/v1/appeals/{id}/take", { params, headers: ifMatch(appeal) }))
    toast.done(done)
  } catch (error) {
    toast.error(error)
  }
  void refresh("/api/v1/appeals", "/api/v1/documents", "/api/v1/reports/summary")
}
