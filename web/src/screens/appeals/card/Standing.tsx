import { Button, Popover } from "antd"
import { useEffect, useState } from "react"
import { api, call } from "../../../api/client"
import { useGet } from "../../../api/query"
import { useSession } from "../../../app/session"
import { EntryName } from "../../../parts/EntryPick"
import { UserName } from "../../../parts/UserPick"
import { Due, When } from "../../../parts/When"
import { span } from "../../../texts/dates"
import { useTexts } from "../../../texts/i18n"
import { ended } from "../columns"
import type { Doc } from "./model"
import { words } from "./texts"

/** How often the hub is told that the operator works on the appeal. */
const BEAT_MS = 30_000

/** Standing is how the appeal stands, above all else of its card: when the answer is due and why, who works on it, the time spent. */
export function Standing(props: { doc: Doc; spent: number }) {
  const t = useTexts(words)
  const { doc } = props
  const spent = useWorked(doc, props.spent)
  const query = useGet("/api/v1/documents/{id}/deadline", { params: { path: { id: doc.id } } }, { enabled: !!doc.deadline })
  return (
    <section aria-label={t.standing}>
      <dl className="a-standing">
        <div>
          <dt>{t.term}</dt>
          <dd>
            {doc.due_at ? <b><Due at={doc.due_at} done={ended(doc.appeal.state)} /></b> : t.noTerm}
            {query.data && query.data.explanation.length > 0 && <Why lines={query.data.explanation} />}
          </dd>
        </div>
        <div><dt>{t.fields.operator}</dt><dd>{doc.appeal.operator ? <UserName id={doc.appeal.operator} /> : t.nobody}</dd></div>
        {doc.appeal.line && <div><dt>{t.fields.line}</dt><dd><EntryName directory="support_lines" id={doc.appeal.line} /></dd></div>}
        <div><dt>{t.fields.received}</dt><dd><When at={doc.created_at} full /></dd></div>
        {doc.appeal.planned_at && <div><dt>{t.fields.planned_at}</dt><dd><When at={doc.appeal.planned_at} full /></dd></div>}
        <div><dt>{t.spent}</dt><dd>{span(spent)}</dd></div>
      </dl>
    </section>
  )
}

/** Why explains the term when asked. */
function Why(props: { lines: readonly string[] }) {
  const t = useTexts(words)
  const content = <ul className="a-list a-why">{props.lines.map((line) => <li key={line}>{line}</li>)}</ul>
  return <Popover trigger="click" placement="bottomLeft" content={content}><Button type="link" size="small">{t.why}</Button></Popover>
}

/** useWorked tells the hub that its operator has the appeal before him, while the page is looked at. */
function useWorked(doc: Doc, spent: number): number {
  const { user } = useSession()
  const [worked, setWorked] = useState(spent)
  const counts = doc.appeal.operator === user.id && doc.appeal.state === "in_work"
  useEffect(() => setWorked((now) => Math.max(now, spent)), [spent])
  useEffect(() => {
    if (!counts) return
    const beat = () => {
      if (document.hidden) return
      call(api.POST("/api/v1/appeals/{id}/heartbeat", { params: { path: { id: doc.id } } })).then((r) => setWorked(r.spent_seconds), () => {})
    }
    beat()
    const timer = window.setInterval(beat, BEAT_MS)
    return () => window.clearInterval(timer)
  }, [counts, doc.id])
  return worked
}
