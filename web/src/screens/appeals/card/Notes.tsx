import { Button } from "antd"
import { Link } from "react-router"
import { useGet } from "../../../api/query"
import { useTexts } from "../../../texts/i18n"
import { useAct } from "./act"
import type { Card, Doc } from "./model"
import { usePresence } from "./presence"
import { words } from "./texts"

/** Notes say above the card what one must know first: it is merged, the applicant must be called. */
export function Notes(props: { card: Card; doc: Doc }) {
  const t = useTexts(words)
  const { card, doc } = props
  const act = useAct(doc)
  const others = usePresence(doc.id)
  const into = doc.appeal.merged_into
  return (
    <div className="a-notes">
      {others.length > 0 && <div className="a-note" role="status">{t.watching(others.join(", "))}</div>}
      {into && <div className="a-note" role="status">{t.merged} <Appeal id={into} /> <Button size="small" loading={act.busy} onClick={() => void act.run("unmerge", {}, t.done.unmerge)}>{t.unmerge}</Button></div>}
      {card.merged.length > 0 && <div className="a-note" role="status">{t.mergedHere}: {card.merged.map((m) => <Link key={m.id} to={`/appeals/${m.id}`}>{m.number?.text ?? m.subject} </Link>)}</div>}
      {doc.marks?.some((m) => m.kind === "to_call") && <div className="a-note" role="status">{t.toCall} <Button size="small" loading={act.busy} onClick={() => void act.run("called", undefined, t.done.called)}>{t.called}</Button></div>}
      {card.perhaps_belongs_to.length > 0 && <div className="a-note" role="status">{t.perhaps}: {card.perhaps_belongs_to.map((m) => <Link key={m.id} to={`/appeals/${m.id}`}>{m.number?.text ?? m.subject} </Link>)}</div>}
    </div>
  )
}

function Appeal(props: { id: string }) {
  const { data } = useGet("/api/v1/appeals/{id}", { params: { path: { id: props.id } } })
  return <Link to={`/appeals/${props.id}`}>{data?.document.number?.text ?? "…"}</Link>
}
