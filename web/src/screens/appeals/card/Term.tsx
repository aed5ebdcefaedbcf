import { useEffect, useState } from "react"
import { api, call } from "../../../api/client"
import { useGet } from "../../../api/query"
import { useSession } from "../../../app/session"
import { Due } from "../../../parts/When"
import { span } from "../../../texts/dates"
import { useTexts } from "../../../texts/i18n"
import { ended } from "../columns"
import { Box } from "./Box"
import type { Doc } from "./model"
import { words } from "./texts"

/** How often the hub is told that the operator works on the appeal. */
const BEAT_MS = 30_000

/** Term is when the answer is due and why, and the time spent. */
export function Term(props: { doc: Doc; spent: number }) {
  const t = useTexts(words)
  const { doc } = props
  const spent = useWorked(doc, props.spent)
  const query = useGet("/api/v1/documents/{id}/deadline", { params: { path: { id: doc.id } } }, { enabled: !!doc.deadline })
  return (
    <Box title={t.term} extra={<span className="u-quiet">{t.spent}: {span(spent)}</span>}>
      {doc.due_at ? <b><Due at={doc.due_at} done={ended(doc.appeal.state)} /></b> : <span className="u-quiet">{t.noTerm}</span>}
      {query.data && query.data.explanation.length > 0 && (
        <details>
          <summary>{t.why}</summary>
          <ul className="a-list">{query.data.explanation.map((line) => <li key={line}>{line}</li>)}</ul>
        </details>
      )}
    </Box>
  )
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
