import { useEffect } from "react"
import { useNavigate, useParams } from "react-router"
import { useEvents } from "../../../api/events"
import { useGet } from "../../../api/query"
import { useKeys } from "../../../app/keys"
import { useCan } from "../../../app/session"
import { Async } from "../../../parts/Async"
import { History } from "../../../parts/History"
import { Page } from "../../../parts/Page"
import { StateTag } from "../../../parts/StateTag"
import { useTexts } from "../../../texts/i18n"
import "../appeals.css"
import { Actions } from "./Actions"
import { Applicant } from "./Applicant"
import { CardFiles, DropZone, useUpload } from "./CardFiles"
import { type Card, type Doc, reread } from "./model"
import { Notes } from "./Notes"
import { Requisites } from "./Requisites"
import { Side } from "./Side"
import { Standing } from "./Standing"
import { words } from "./texts"
import { Thread } from "./Thread"
import { Value } from "./Value"

/** AppealCard is all about one appeal on one page. */
export default function AppealCard() {
  const t = useTexts(words)
  const id = useParams().id ?? ""
  const query = useGet("/api/v1/appeals/{id}", { params: { path: { id } } })
  const mine = (e: { object?: string }) => e.object === id
  useEvents(["appeal.updated", "document.updated"], (e) => mine(e as never) && void reread())
  useEvents(["document.registered", "delivery.updated", "delivery.requested", "task.assigned", "task.updated"], () => void reread())
  if (!query.data) return <Page title={t.title}><Async query={query}>{() => null}</Async></Page>
  return <Shown key={id} card={query.data} />
}

function Shown(props: { card: Card }) {
  const t = useTexts(words)
  const { card } = props
  const doc = card.document as Doc
  const navigate = useNavigate()
  const can = useCan()
  const upload = useUpload(doc)
  useKeys({ "alt+ArrowUp": { title: t.keys.list, run: () => void navigate("/appeals") }, "alt+ArrowDown": { title: t.keys.next, run: nextPart } })
  useEffect(() => document.querySelector<HTMLElement>(".a-card")?.focus({ preventScroll: true }), [])
  return (
    <Page
      title={[doc.number?.text, doc.subject].filter(Boolean).join(" · ")} extra={<StateTag kind="appeal" state={doc.appeal.state} />}
      actions={<><Actions card={card} doc={doc} /><History of="/api/v1/appeals/{id}/history" params={{ id: doc.id }} titles={titles(t)} apart={["appeal"]} show={(field, value) => <Value field={field.replace(/^appeal\./, "")} value={value} />} /></>}
    >
      <Notes card={card} doc={doc} />
      <Standing doc={doc} spent={card.spent_seconds} />
      <DropZone drop={can("appeals.write") ? (files) => void upload.add(files) : undefined}>
        <div className="a-column">
          <Applicant doc={doc} />
          <Requisites doc={doc} />
          <CardFiles doc={doc} share={upload.share} add={(files) => void upload.add(files)} />
        </div>
        <Thread card={card} doc={doc} />
        <Side card={card} doc={doc} />
      </DropZone>
    </Page>
  )
}

/** nextPart moves to the first control of the part below the focus. */
function nextPart() {
  const parts = [...document.querySelectorAll<HTMLElement>(".a-box, .a-reply")]
  const at = parts.findIndex((p) => p.contains(document.activeElement))
  const control = "input:not([type=hidden]), textarea, select, button, a[href], [tabindex='0']"
  for (let step = 1; step <= parts.length; step++) {
    const found = parts[(at + step + parts.length) % parts.length]?.querySelector<HTMLElement>(control)
    if (found) return found.focus()
  }
}

/** What the hub keeps for itself or tells elsewhere on the card. */
const hidden = ["state", "deadline", "message", "thread", "html", "kind", "known_as", "external_id", "perhaps_belongs_to", "in_reply_to", "appeal.related", "appeal.origin", "appeal.duties", "appeal.taken_at", "appeal.answered_at", "appeal.ended_at", "appeal.reopened", "appeal.transfers", "appeal.spent_seconds"]

/** titles are what people call the fields of an appeal and of its document. */
function titles(t: (typeof words)["ru"]): Record<string, string | null> {
  return { ...Object.fromEntries(Object.entries(t.fields).flatMap(([k, v]) => [[k, v], [`appeal.${k}`, v]])), ...Object.fromEntries(hidden.map((field) => [field, null])) }
}
