import { Button, Checkbox, Form, Input, Modal, Select } from "antd"
import { useState } from "react"
import { useParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useEvents } from "../../api/events"
import { useGet } from "../../api/query"
import { useCan, useSession } from "../../app/session"
import { Async } from "../../parts/Async"
import { clearable } from "../../parts/clearable"
import { Files } from "../../parts/Files"
import { History } from "../../parts/History"
import { Page } from "../../parts/Page"
import { RecordForm } from "../../parts/RecordForm"
import { StateTag, Tag } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { UserName, UserPick } from "../../parts/UserPick"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { peopleOf, reread } from "./common"
import "./documents.css"
import { DocumentLink } from "./DocumentLink"
import { Signatures } from "./Signatures"
import { words } from "./texts"
import { Visa } from "./Visa"
import { urlOf, useWriting, type Writing, WritingForm } from "./Writing"

type Card = Schema<"DraftCard">
type Move = "submit" | "withdraw" | "send" | "cancel"

/** DraftCard is an outgoing paper before it has a number: text, versions, approvals, the way out. */
export default function DraftPage() {
  const { id = "" } = useParams()
  const query = useGet("/api/v1/drafts/{id}", { params: { path: { id } } })
  useEvents(["draft.updated", "signature.updated"], () => void reread())
  return <Async query={query}>{(card) => <Shown key={id} card={card} />}</Async>
}

/** past shows what a field of a draft held. */
function past(field: string, value: unknown) {
  return field === "state" && value ? <StateTag kind="draft" state={String(value)} /> : undefined
}

function Shown({ card }: { card: Card }) {
  const t = useTexts(words)
  const can = useCan()
  const { user } = useSession()
  const { draft: d } = card
  const writing = useWriting(card)
  const mayEdit = can("drafts.write") && (d.state === "editing" || d.state === "remarks")
  const asked = d.state === "approval" && d.steps?.some((s) => s.user === user.id && s.state === "asked")
  return (
    <Page title={d.in_reply_to ? t.draft.title : t.draft.own} extra={<StateTag kind="draft" state={d.state} />} actions={<><Moves card={card} writing={writing} signing={card.signatures.some((s) => s.state === "signing" && s.draft_version === card.text.number)} /><History of="/api/v1/drafts/{id}/history" params={{ id: d.id }} titles={{ state: t.state, subject: t.subject, steps: null, visas: null, route: null, round: null, versions: t.draft.versions, channel: null, journal: null, signed_as: t.draft.signedAs, keep_open: t.keepOpen, sent_at: t.wayAt, document: null, delivery: null, problem: t.draft.problem }} show={past} /></>}>
      <div className="u-doc">
        <div>
          {d.problem && <div className="u-panel u-fault" role="alert">{t.draft.problem}: {d.problem}</div>}
          <section className="u-panel" aria-label={t.draft.text}>
            <h2>{card.text.subject || t.draft.text} <span className="u-quiet">{t.draft.version(card.text.number)}</span></h2>
            {mayEdit ? <WritingForm card={card} writing={writing} /> : <Written card={card} />}
          </section>
          {asked && can("drafts.write") && <Visa card={card} />}
          <Signatures signatures={card.signatures} before={mayEdit ? writing.settle : undefined} sign={["sent", "cancelled"].includes(d.state) ? undefined : { path: "drafts", id: d.id, version: card.text.number, organization: d.organization, files: card.text.files ?? [] }} />
          <Versions card={card} />
        </div>
        <div>
          <Way card={card} editable={mayEdit} />
          {(d.steps?.length ?? 0) > 0 && <Sheet card={card} />}
        </div>
      </div>
    </Page>
  )
}

/** Moves are what can be done with the draft; what has been typed is saved before it goes anywhere. */
function Moves({ card, writing, signing }: { card: Card; writing: Writing; signing: boolean }) {
  const t = useTexts(words)
  const can = useCan()
  const { draft: d } = card
  if (!can("drafts.write")) return null
  const move = (to: Move, done: string) => async () => {
    try {
      const last = to === "submit" || to === "send" ? await writing.settle() : d
      await call(api.POST(`/api/v1/drafts/{id}/${to}` as "/api/v1/drafts/{id}/submit", { params: { path: { id: d.id }, header: ifMatch(last) } }))
      toast.done(done)
    } catch (error) {
      toast.error(error)
    }
    await reread()
  }
  const giveUp = async () => {
    if (await confirm({ title: t.draft.cancel, text: t.draft.cancelAsk, danger: true })) await move("cancel", t.saved)()
  }
  const open = d.state === "editing" || d.state === "remarks"
  const routed = (d.route?.approvers.length ?? 0) > 0
  return (
    <>
      {open && routed && <Button type="primary" onClick={() => void move("submit", t.saved)()}>{t.draft.submit}</Button>}
      {((open && !routed) || d.state === "agreed") && <Button type="primary" disabled={signing} title={signing ? t.draft.signing : undefined} onClick={() => void move("send", t.draft.sentNow)()}>{t.draft.send}</Button>}
      {d.state === "approval" && <Button onClick={() => void move("withdraw", t.saved)()}>{t.draft.withdraw}</Button>}
      {!["sent", "cancelled"].includes(d.state) && <Button danger onClick={() => void giveUp()}>{t.draft.cancel}</Button>}
    </>
  )
}

function Written({ card }: { card: Card }) {
  const t = useTexts(words)
  return (
    <>
      {card.text.to && card.text.to.length > 0 && <p className="u-quiet">{t.draft.to}: {peopleOf(card.text.to)}</p>}
      <div className="u-doc-text">{card.text.text || <span className="u-quiet">{t.noText}</span>}</div>
      {card.text.files && <Files files={card.text.files} url={urlOf(card)} />}
    </>
  )
}

const tones = { waiting: "calm", asked: "info", agreed: "good", refused: "warn" } as const

function Sheet({ card }: { card: Card }) {
  const t = useTexts(words)
  const { draft: d } = card
  return (
    <section className="u-panel" aria-label={t.draft.sheet}>
      <h2>{t.draft.sheet} <span className="u-quiet">{t.draft.round(d.round)}</span></h2>
      <ul className="u-doc-lines">
        {d.steps?.map((s) => <li key={s.user}><div><UserName id={s.user} />{s.signed && <span className="u-quiet">{t.draft.withSignature}</span>}<span className="u-gap" /><Tag tone={tones[s.state]}>{t.draft.steps[s.state]}</Tag></div></li>)}
        {d.visas?.map((v, i) => <li key={i}><div><Tag tone={v.agreed ? "good" : "warn"}>{v.agreed ? t.event.agreed : t.event.refused}</Tag><UserName id={v.by} /><span className="u-quiet">{t.draft.version(v.version)}</span><span className="u-gap" /><When at={v.at} /></div>{v.remarks && <div>{v.remarks}</div>}</li>)}
      </ul>
    </section>
  )
}

function Versions({ card }: { card: Card }) {
  const t = useTexts(words)
  const { draft: d } = card
  const texts = useGet("/api/v1/drafts/{id}/versions", { params: { path: { id: d.id } } }).data?.items ?? []
  const [shown, setShown] = useState<number | null>(null)
  if (texts.length < 2) return null
  return (
    <section className="u-panel" aria-label={t.draft.versions}>
      <h2>{t.draft.versions}</h2>
      <ul className="u-doc-lines">
        {texts.toReversed().map((v) => (
          <li key={v.number}>
            <div><b>{t.draft.version(v.number)}</b><UserName id={v.by} />{v.note && <span>{v.note}</span>}<span className="u-gap" /><When at={v.created_at} />{v.number > 1 && <Button size="small" type="text" aria-expanded={shown === v.number} onClick={() => setShown(shown === v.number ? null : v.number)}>{t.draft.compare}</Button>}</div>
            {shown === v.number && <Difference draft={d.id} version={v.number} />}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Difference(props: { draft: string; version: number }) {
  const { data } = useGet("/api/v1/drafts/{id}/versions/{version}/compare", { params: { path: { id: props.draft, version: String(props.version) } } })
  return <div className="u-doc-diff">{data?.lines.map((l, i) => (l.op === "added" ? <ins key={i}>{l.text || " "}</ins> : l.op === "removed" ? <del key={i}>{l.text || " "}</del> : <span key={i}>{l.text || " "}</span>))}</div>
}

type WayValues = { channel?: string; signed_as?: string; keep_open?: boolean; order: "sequence" | "parallel"; approvers: string[]; signed: string[] }

function Way({ card, editable }: { card: Card; editable: boolean }) {
  const t = useTexts(words)
  const [editing, setEditing] = useState(false)
  const { draft: d } = card
  const channels = useGet("/api/v1/channels", {}, { staleTime: 60_000 }).data?.items ?? []
  const save = async (v: WayValues) => {
    const { restart = "all", due_at, term } = d.route ?? {}
    const approvers = v.approvers.map((user) => ({ user, signed: v.signed.includes(user) }))
    const route = approvers.length > 0 ? { order: v.order, restart, due_at, term: term as never, approvers } : null
    await call(api.PUT("/api/v1/drafts/{id}", { params: { path: { id: d.id }, header: ifMatch(d) }, body: { channel: v.channel, journal: d.journal, signed_as: v.signed_as, keep_open: v.keep_open, route } }))
    toast.done(t.saved)
    await reread()
    setEditing(false)
  }
  const asked = d.state === "approval" // the sheet beside tells who is
  const initial: WayValues = { channel: d.channel, signed_as: d.signed_as, keep_open: d.keep_open, order: d.route?.order ?? "sequence", approvers: d.route?.approvers.map((a) => a.user) ?? [], signed: d.route?.approvers.filter((a) => a.signed).map((a) => a.user) ?? [] }
  return (
    <section className="u-panel" aria-label={t.draft.way}>
      <h2>{t.draft.way}{editable && <Button size="small" type="text" onClick={() => setEditing(true)}>{t.draft.wayEdit}</Button>}</h2>
      <dl className="u-doc-facts">
        {d.in_reply_to && <div><dt>{t.answers}</dt><dd><DocumentLink id={d.in_reply_to} /></dd></div>}
        {d.document && <div><dt>{t.draft.became}</dt><dd><DocumentLink id={d.document} /></dd></div>}
        <div><dt>{t.author}</dt><dd><UserName id={d.author} /></dd></div>
        {d.channel && <div><dt>{t.draft.channel}</dt><dd>{channels.find((c) => c.id === d.channel)?.title ?? d.channel}</dd></div>}
        {d.signed_as && <div><dt>{t.draft.signedAs}</dt><dd>{d.signed_as}</dd></div>}
        <div><dt>{asked ? t.draft.order : t.draft.route}</dt><dd>{d.route?.approvers.length ? <>{!asked && d.route.approvers.map((a) => <div key={a.user}><UserName id={a.user} />{a.signed && <span className="u-quiet"> {t.draft.withSignature}</span>}</div>)}<span className="u-quiet">{t.draft.orders[d.route.order]}</span></> : t.draft.noRoute}</dd></div>
      </dl>
      {editing && (
        <Modal open title={t.draft.way} footer={null} onCancel={() => setEditing(false)}>
          <RecordForm<WayValues> initial={initial} save={save} cancel={() => setEditing(false)}>
            <Form.Item name="channel" label={t.draft.channel}><Select allowClear={clearable()} placeholder={t.sameChannel} options={channels.map((c) => ({ value: c.id, label: c.title }))} /></Form.Item>
            <Form.Item name="signed_as" label={t.draft.signedAs}><Input maxLength={200} /></Form.Item>
            <Form.Item name="approvers" label={t.draft.route}><UserPick multiple /></Form.Item>
            <Form.Item name="signed" label={t.draft.signedRoute}><UserPick multiple /></Form.Item>
            <Form.Item name="order" label={t.draft.order}><Select options={(["sequence", "parallel"] as const).map((o) => ({ value: o, label: t.draft.orders[o] }))} /></Form.Item>
            <Form.Item name="keep_open" valuePropName="checked"><Checkbox>{t.keepOpen}</Checkbox></Form.Item>
          </RecordForm>
        </Modal>
      )}
    </section>
  )
}
