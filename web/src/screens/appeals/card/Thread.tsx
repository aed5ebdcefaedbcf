import { Button } from "antd"
import type { Schema } from "../../../api/client"
import { useGet } from "../../../api/query"
import { fileUrl, Files } from "../../../parts/Files"
import { SafeHtml } from "../../../parts/SafeHtml"
import { StateTag } from "../../../parts/StateTag"
import { When } from "../../../parts/When"
import { useState } from "react"
import { useTexts } from "../../../texts/i18n"
import { name } from "../columns"
import { ChannelName } from "../names"
import { Adopt } from "./CardFiles"
import { Reply } from "./Reply"
import type { Card, Doc } from "./model"
import { words } from "./texts"

/** How many of the newest messages are open at first. */
const OPEN = 12

/** Thread is the correspondence of all channels as one, the appeal itself among it, with the reply box below. */
export function Thread(props: { card: Card; doc: Doc }) {
  const t = useTexts(words)
  const { card, doc } = props
  const all = [doc, ...card.thread.filter((d) => d.id !== doc.id)].sort((a, b) => a.created_at.localeCompare(b.created_at))
  return (
    <section className="a-column" aria-label={t.thread}>
      <div className="a-thread">
        {all.map((d, i) => <Message key={d.id} row={d} appeal={doc} whole={d.id === doc.id ? doc : undefined} open={i >= all.length - OPEN} />)}
      </div>
      <Reply doc={doc} />
    </section>
  )
}

type Row = Pick<Schema<"DocumentRow">, "id" | "direction" | "sender" | "created_at" | "channel" | "number" | "subject">

function Message(props: { row: Row; appeal: Doc; whole?: Doc; open: boolean }) {
  const t = useTexts(words)
  const { row } = props
  const [open, setOpen] = useState(props.open)
  const out = row.direction === "outgoing"
  const sent = useGet("/api/v1/documents/{id}", { params: { path: { id: row.id } } }, { enabled: out && open })
  const deliveries = sent.data?.deliveries ?? []
  return (
    <article className="a-message" data-out={out || undefined}>
      <header>
        <b>{out ? t.me : name(row.sender)}</b> <When at={row.created_at} /> <span className="u-quiet"><ChannelName id={row.channel} /></span>
        <span className="u-gap" />
        {out && deliveries.map((d) => <StateTag key={d.id} kind="delivery" state={d.state} />)}
        <span className="u-quiet">{row.number?.text}</span>
      </header>
      {open ? <Body id={row.id} appeal={props.appeal} whole={props.whole} /> : <Button type="link" onClick={() => setOpen(true)}>{row.subject}</Button>}
      {deliveries.filter((d) => d.last_error && d.state !== "delivered").map((d) => <div className="u-fault" key={d.id}>{d.outside_text || d.last_error}</div>)}
    </article>
  )
}

function Body(props: { id: string; appeal: Doc; whole?: Doc }) {
  const query = useGet("/api/v1/documents/{id}", { params: { path: { id: props.id } } }, { enabled: !props.whole })
  const doc = props.whole ?? query.data?.document
  if (!doc) return null
  const files = doc.files?.filter((f) => f.role === "attachment") ?? []
  const inline = (id: string) => {
    const file = doc.files?.find((f) => f.content_id === id)
    return file && `${fileUrl(doc.id, file)}&inline=true`
  }
  return (
    <>
      {doc.html ? <SafeHtml document={doc.id} html={doc.html} image={inline} title={doc.subject} /> : <div className="a-text">{doc.text}</div>}
      {files.length > 0 && <Files files={files} url={(f) => fileUrl(doc.id, f)} action={props.whole ? undefined : (f) => <Adopt doc={props.appeal} from={doc.id} file={f} />} />}
    </>
  )
}
