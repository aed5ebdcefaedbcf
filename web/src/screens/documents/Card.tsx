import { MoreOutlined } from "@ant-design/icons"
import { Button, Dropdown } from "antd"
import { useState } from "react"
import { useNavigate, useParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { useEvents } from "../../api/events"
import { useGet } from "../../api/query"
import { useKeys } from "../../app/keys"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { Files, fileUrl } from "../../parts/Files"
import { History } from "../../parts/History"
import { Page } from "../../parts/Page"
import { SafeHtml } from "../../parts/SafeHtml"
import { StateTag, Tag } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { peopleOf, reread } from "./common"
import "./documents.css"
import { Reply } from "./Reply"
import { Requisites } from "./Requisites"
import { Signatures } from "./Signatures"
import { words } from "./texts"
import { Drafts, Matter, Tasks } from "./Related"
import { Timeline } from "./Timeline"

type DocumentCard = Schema<"DocumentCard">

/** Card is one document: its text and files, its course, its requisites and what hangs on it. */
export default function Card() {
  const { id = "" } = useParams()
  const query = useGet("/api/v1/documents/{id}", { params: { path: { id } } })
  useEvents(["document.updated", "delivery.updated", "signature.updated", "task.updated", "draft.updated"], (e) => {
    if (!e.topic.startsWith("document.") || JSON.stringify(e).includes(id)) void reread()
  })
  return <Async query={query}>{(card) => <Shown key={id} card={card} />}</Async>
}

function Shown({ card }: { card: DocumentCard }) {
  const t = useTexts(words)
  const { document: d } = card
  const [replying, setReplying] = useState(false)
  const titles = { subject: t.subject, state: t.state, due_at: t.due, done_at: null, text: t.reg.text, number: t.number, fields: t.requisites, thread: null, message: null, appeal: null, deadline: null, html: null, kind: t.kind, in_reply_to: null, perhaps_belongs_to: null, known_as: null, external_id: t.outside, organization: t.organization, marks: t.mark, channel: t.channel, recipients: t.to, sender: t.from, files: t.files }
  return (
    <Page
      title={`${t.one[d.direction]} ${d.number?.text ?? ""}`} extra={<><StateTag kind="document" state={d.state} />{d.marks?.map((m) => <Tag key={m.kind} tone="warn">{t.marks[m.kind]}</Tag>)}</>}
      actions={<><Actions card={card} reply={() => setReplying(true)} /><History of="/api/v1/documents/{id}/history" params={{ id: d.id }} titles={titles} show={past} /></>}
    >
      <div className="u-doc">
        <div>
          <Letter document={d} />
          {replying && <Reply document={d} close={() => setReplying(false)} />}
          <section className="u-panel" aria-label={t.timeline}><h2>{t.timeline}</h2><Timeline card={card} /></section>
          {(card.signatures.length > 0 || d.direction !== "incoming") && (
            <Signatures signatures={card.signatures} archive={`/api/v1/documents/${d.id}/signed`} sign={d.direction === "incoming" ? undefined : { path: "documents", id: d.id, organization: d.organization, files: d.files ?? [] }} />
          )}
        </div>
        <div>
          <Requisites document={d} />
          <Tasks document={d} />
          {d.direction === "incoming" && <Drafts document={d} />}
          <Matter card={card} />
        </div>
      </div>
    </Page>
  )
}

/** past shows what a field of a document held. */
function past(field: string, value: unknown) {
  return field === "state" && value ? <StateTag kind="document" state={String(value)} /> : undefined
}

function Letter(props: { document: Schema<"Document"> }) {
  const t = useTexts(words)
  const { document: d } = props
  const files = (d.files ?? []).filter((f) => f.role !== "original" && f.role !== "html")
  const inline = (cid: string) => {
    const file = d.files?.find((f) => f.content_id === cid)
    return file && `${fileUrl(d.id, file)}&inline=true`
  }
  const people = [peopleOf([d.sender]), peopleOf(d.recipients ?? [])].filter(Boolean).join(" → ")
  return (
    <section className="u-panel" aria-label={d.subject}>
      <h2>{d.subject}</h2>
      {people && <p className="u-quiet u-doc-people">{people}</p>}
      {d.html ? <SafeHtml document={d.id} html={d.html} image={inline} title={d.subject} /> : <div className="u-doc-text">{d.text || <span className="u-quiet">{t.noText}</span>}</div>}
      {files.length > 0 && <Files files={files} url={(f) => fileUrl(d.id, f)} />}
    </section>
  )
}

type Deed = { key: string; title: string; run: () => void }

/** So many deeds stand open, the rest in a menu; every one has a key. */
const OPEN = 2

function Actions(props: { card: DocumentCard; reply: () => void }) {
  const t = useTexts(words)
  const deeds = useDeeds(props.card, props.reply)
  const open = deeds.slice(0, deeds.length <= OPEN + 1 ? deeds.length : OPEN)
  const rest = deeds.slice(open.length)
  return (
    <>
      {open.map((o, i) => <Button key={o.key} type={i === 0 ? "primary" : "default"} onClick={o.run}>{o.title}</Button>)}
      {rest.length > 0 && (
        <Dropdown trigger={["click"]} menu={{ items: rest.map((o) => ({ key: o.key, label: o.title, onClick: o.run })) }}>
          <Button icon={<MoreOutlined />}>{t.more}</Button>
        </Dropdown>
      )}
    </>
  )
}

/** useDeeds are what the person may do with the document, the likeliest first, with their keys. */
function useDeeds({ document: d, thread }: DocumentCard, reply: () => void): Deed[] {
  const t = useTexts(words)
  const can = useCan()
  const navigate = useNavigate()
  const state = (to: Schema<"DocumentState">) => () =>
    void call(api.PATCH("/api/v1/documents/{id}", { params: { path: { id: d.id }, header: ifMatch(d) }, body: { state: to } })).then(() => { toast.done(t.saved); return reread() }, toast.error)
  const once = useOnce()
  const prepare = () =>
    void once((header) => call(api.POST("/api/v1/drafts", { params: { header }, body: { in_reply_to: d.id, text: { subject: `Re: ${d.subject}`, text: "" } } })))
      .then((made) => { toast.done(t.prepared); return navigate(`/documents/drafts/${made.draft.id}`) }, toast.error)
  const detach = async () => {
    if (await confirm({ title: t.detachAsk })) await call(api.POST("/api/v1/documents/{id}/detach", { params: { path: { id: d.id }, header: ifMatch(d) } })).then(() => { toast.done(t.detached); return reread() }, toast.error)
  }
  const incoming = d.direction === "incoming"
  const writes = can("documents.write")
  const all: (Deed & { may: boolean })[] = [
    { key: "R", title: t.reply, run: reply, may: incoming && writes },
    { key: "W", title: t.take, run: state("in_work"), may: writes && d.state === "registered" && d.direction !== "outgoing" },
    { key: "P", title: t.prepare, run: prepare, may: incoming && can("drafts.write") },
    { key: "T", title: t.newTask, run: () => void navigate(`/tasks/new?document=${d.id}`), may: can("tasks.write") },
    { key: "A", title: t.archive, run: state("closed"), may: writes && d.state !== "closed" && d.state !== "draft" },
    { key: "D", title: t.detach, run: () => void detach(), may: writes && thread.length > 0 },
  ]
  const deeds = all.filter((o) => o.may)
  useKeys(Object.fromEntries(deeds.map((o) => [o.key, { title: o.title.toLowerCase(), run: o.run }])))
  return deeds
}
