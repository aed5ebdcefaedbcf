import { Button, Form, Input, Modal, Radio } from "antd"
import { type ReactNode, useState } from "react"
import { Link, useNavigate, useParams } from "react-router"
import { useQuery } from "@tanstack/react-query"
import { api, call, door, ifMatch, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { History, Who } from "../../parts/History"
import { Page } from "../../parts/Page"
import { PartyName, PartyPick } from "../../parts/PartyPick"
import { RecordForm } from "../../parts/RecordForm"
import { StateTag, Tag } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { contact } from "./contact"
import "./parties.css"
import { PartyForm } from "./PartyForm"
import { words } from "./texts"

type Party = Schema<"Party">
const reread = () => refresh("/api/v1/parties", "/api/v1/parties/{id}")

/** PartyPage is one applicant: contacts, consent, his papers, who else he may be, and the end of it all. */
export default function PartyPage() {
  const { id = "" } = useParams()
  const query = useGet("/api/v1/parties/{id}", { params: { path: { id } } })
  return <Async query={query}>{(party) => <Shown key={id} party={party} />}</Async>
}

function Shown({ party: p }: { party: Party }) {
  const t = useTexts(words)
  const can = useCan()
  const [open, setOpen] = useState<"edit" | "erase" | null>(null)
  const alive = !p.erasure
  return (
    <Page
      title={p.name || (p.erasure ? t.erased : "—")} extra={<Tag>{t.kinds[p.kind]}</Tag>}
      actions={<>
        {alive && can("parties.write") && <Button type="primary" onClick={() => setOpen("edit")}>{t.edit}</Button>}
        {alive && can("parties.export") && <ExportAll party={p} />}
        {alive && can("parties.erase") && <Button danger onClick={() => setOpen("erase")}>{t.erase}</Button>}
        <History of="/api/v1/parties/{id}/history" params={{ id: p.id }} titles={{ name: t.name, kind: t.kind, addresses: t.contacts, accounts: t.accounts, notes: t.notes, consents: t.consent, merged_into: t.mergedInto }} />
      </>}
    >
      {p.erasure && <section className="u-panel"><b>{t.erased}</b> <Link to={`/erasures/${p.erasure}`}>{t.actLink}</Link></section>}
      <div className="u-who">
        <div><Papers id={p.id} /></div>
        <div><Contacts party={p} /><Consent party={p} /><Similar party={p} /></div>
      </div>
      {open === "edit" && <PartyForm party={p} title={t.editTitle} close={() => setOpen(null)} saved={() => {}} />}
      {open === "erase" && <Erase party={p} close={() => setOpen(null)} />}
    </Page>
  )
}

function Panel(props: { title: string; children: ReactNode }) {
  return <section className="u-panel" aria-label={props.title}><h2>{props.title}</h2>{props.children}</section>
}

function Papers({ id }: { id: string }) {
  const t = useTexts(words)
  const query = useGet("/api/v1/documents", { params: { query: { party: id, limit: 50 } } })
  return (
    <Panel title={t.documents}>
      <Async query={query} empty={(d) => d.items.length === 0} nothing={<p className="u-quiet">{t.noDocuments}</p>}>
        {(d) => <ul className="u-party-lines u-party-papers">{d.items.map((o) => <li key={o.id}><Link to={o.is_appeal ? `/appeals/${o.id}` : `/documents/${o.id}`}>{o.subject || t.noSubject}</Link><span className="u-quiet">{o.number?.text}</span><StateTag kind="document" state={o.state} /><span className="u-quiet"><When at={o.created_at} /></span></li>)}</ul>}
      </Async>
    </Panel>
  )
}

function Contacts({ party: p }: { party: Party }) {
  const t = useTexts(words)
  const can = useCan()
  const [decided, setDecided] = useState<Schema<"Contact"> | null>(null)
  return (
    <Panel title={t.contacts}>
      <ul className="u-party-lines">
        {p.addresses.map((a) => (
          <li key={a.kind + a.value}>
            <div><span className="u-quiet">{t.addressKinds[a.kind]}</span><b>{contact(a)}</b>{a.mark && <Tag tone={a.mark === "unconfirmed" ? "warn" : "calm"}>{t.marks[a.mark]}</Tag>}{can("parties.write") && a.mark === "unconfirmed" && <Button size="small" onClick={() => setDecided(a)}>{t.decide}</Button>}</div>
            {a.comment && <div className="u-quiet">{a.comment}</div>}
          </li>
        ))}
        {p.accounts?.map((a) => <li key={a.number}><div><span className="u-quiet">{t.addressKinds.account}</span><b>{a.number}</b></div><div className="u-quiet">{[a.provider, a.address].filter(Boolean).join(", ")}</div></li>)}
      </ul>
      {p.notes && <p>{p.notes}</p>}
      {decided && <Decide contact={decided} close={() => setDecided(null)} />}
    </Panel>
  )
}

function Decide({ contact: c, close }: { contact: Schema<"Contact">; close: () => void }) {
  const t = useTexts(words)
  const save = async (v: { mark: "personal" | "public"; comment: string }) => {
    const { parties } = (await call(api.POST("/api/v1/parties/contacts", { body: { kind: c.kind, value: c.value, channel: c.channel, ...v } }))) as { parties?: number }
    toast.done(t.decided(parties ?? 1))
    close()
    await reread()
  }
  return (
    <Modal open title={`${t.decideTitle}: ${contact(c)}`} footer={null} onCancel={close}>
      <RecordForm save={save} cancel={close} initial={{ mark: "personal" as "personal" | "public" }}>
        <Form.Item name="mark"><Radio.Group options={[{ value: "personal", label: t.decidePersonal }, { value: "public", label: t.decidePublic }]} /></Form.Item>
        <Form.Item name="comment" label={t.comment} rules={[{ required: true, message: t.required }]}><Input maxLength={1000} /></Form.Item>
      </RecordForm>
    </Modal>
  )
}

function Consent({ party: p }: { party: Party }) {
  const t = useTexts(words)
  const can = useCan()
  const [asked, setAsked] = useState<"given" | "withdrawn" | null>(null)
  const once = useOnce()
  const all = (p.consents ?? []).toSorted((a, b) => b.at.localeCompare(a.at))
  const now = all[0]?.state
  const save = async (v: { way: string; text_version?: string; comment?: string }) => {
    await once((header) => call(api.POST("/api/v1/parties/{id}/consents", { params: { path: { id: p.id }, header }, body: { state: asked!, at: new Date().toISOString(), ...v } })))
    toast.done(t.saved)
    setAsked(null)
    await reread()
  }
  return (
    <Panel title={t.consent}>
      <p>{now ? <Tag tone={now === "given" ? "good" : "bad"}>{t[now]}</Tag> : <span className="u-quiet">{t.noConsent}</span>}</p>
      <ul className="u-party-lines">{all.map((c) => <li key={c.recorded_at}><div><Tag tone={c.state === "given" ? "good" : "bad"}>{t[c.state]}</Tag><span>{c.way}</span>{c.text_version && <span className="u-quiet">{c.text_version}</span>}</div><div className="u-quiet"><When at={c.at} full />, {t.recorded} <Who actor={c.recorded_by} /></div>{c.comment && <div>{c.comment}</div>}</li>)}</ul>
      {can("parties.write") && !p.erasure && <p><br /><Button onClick={() => setAsked(now === "given" ? "withdrawn" : "given")}>{now === "given" ? t.withdraw : t.give}</Button></p>}
      {asked && (
        <Modal open title={asked === "given" ? t.give : t.withdraw} footer={null} onCancel={() => setAsked(null)}>
          <RecordForm save={save} cancel={() => setAsked(null)}>
            <Form.Item name="way" label={t.way} rules={[{ required: true, message: t.required }]}><Input placeholder={t.wayHint} maxLength={200} autoFocus /></Form.Item>
            <Form.Item name="text_version" label={t.textVersion}><Input maxLength={200} /></Form.Item>
            <Form.Item name="comment" label={t.note}><Input maxLength={1000} /></Form.Item>
          </RecordForm>
        </Modal>
      )}
    </Panel>
  )
}

function Similar({ party: p }: { party: Party }) {
  const t = useTexts(words)
  const can = useCan()
  const body = { kind: p.kind, name: p.name, addresses: p.addresses.map(({ kind, value, channel }) => ({ kind, value, channel })), organization: p.organization }
  const { data } = useQuery({ queryKey: ["/api/v1/parties/match", p.id, p.version], queryFn: () => call(api.POST("/api/v1/parties/match", { body })), enabled: p.addresses.length > 0 })
  const others = (data?.items ?? []).filter((c) => c.party.id !== p.id && c.party.merged_into !== p.id)
  const link = async (into: Party) => {
    if (!(await confirm({ title: t.mergeAsk(into.name), text: t.mergeText }))) return
    await call(api.POST("/api/v1/parties/{id}/merge", { params: { path: { id: p.id }, header: ifMatch(p) }, body: { into: into.id } })).then(() => { toast.done(t.merged); return reread() }, toast.error)
  }
  const undo = () => call(api.POST("/api/v1/parties/{id}/unmerge", { params: { path: { id: p.id }, header: ifMatch(p) } })).then(() => { toast.done(t.unmerged); return reread() }, toast.error)
  if (p.merged_into) return <Panel title={t.mergedInto}><div className="u-form-do"><Link to={`/parties/${p.merged_into}`}><PartyName id={p.merged_into} /></Link>{can("parties.write") && <Button onClick={() => void undo()}>{t.unmerge}</Button>}</div></Panel>
  if (p.erasure) return null
  return (
    <Panel title={t.similar}>
      {others.length === 0 && <p className="u-quiet">{t.none}</p>}
      <ul className="u-party-lines">
        {others.map((c) => (
          <li key={c.party.id}>
            <div><Link to={`/parties/${c.party.id}`}>{c.party.name}</Link>{c.sure && <Tag tone="good">{t.sure}</Tag>}<span className="u-gap" />{can("parties.write") && <Button size="small" onClick={() => void link(c.party)}>{t.merge}</Button>}</div>
            <div className="u-quiet">{t.proofs}: {c.proofs.map((x) => x.value).join(", ")}{c.against?.length ? `. ${t.against}: ${c.against.map((x) => t.contradictions[x]).join(", ")}` : ""}</div>
          </li>
        ))}
      </ul>
      {can("parties.write") && <><br /><label className="u-label" htmlFor="merge-into">{t.byHand}</label><PartyPick id="merge-into" onChange={(_, other) => other && other.id !== p.id && void link(other)} /></>}
    </Panel>
  )
}

/** ExportAll saves the archive; the hub writes it while it is read. */
function ExportAll({ party: p }: { party: Party }) {
  const t = useTexts(words)
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    try {
      const answer = await fetch(`/api/v1/parties/${p.id}/export`, { method: "POST", headers: { "X-CSRF-Token": door.csrf } })
      if (!answer.ok) throw new Error(String(answer.status))
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download: `${p.id}.zip` })
      link.click()
      URL.revokeObjectURL(link.href)
    } catch (error) {
      toast.error(error)
    } finally {
      setBusy(false)
    }
  }
  return <Button loading={busy} onClick={() => void run()}>{t.export}</Button>
}

function Erase({ party: p, close }: { party: Party; close: () => void }) {
  const t = useTexts(words)
  const navigate = useNavigate()
  const once = useOnce()
  const save = async (v: { ground: string }) => {
    const act = await once((key) => call(api.POST("/api/v1/parties/{id}/erasure", { params: { path: { id: p.id }, header: { ...ifMatch(p), ...key } }, body: { ground: v.ground } })))
    void reread()
    await navigate(`/erasures/${act.id}`)
  }
  return (
    <Modal open title={t.eraseTitle} footer={null} onCancel={close}>
      <p>{t.eraseText}</p><br />
      <RecordForm save={save} saveTitle={t.eraseDo} danger cancel={close}>
        <Form.Item name="ground" label={t.ground} rules={[{ required: true, message: t.required }]}><Input placeholder={t.groundHint} maxLength={1000} /></Form.Item>
        <Form.Item name="again" label={t.eraseName(p.name)} rules={[{ required: true, message: t.required }, { validator: (_, v) => (!v || v === p.name ? Promise.resolve() : Promise.reject(new Error(t.wrongName))) }]}><Input autoComplete="off" /></Form.Item>
      </RecordForm>
    </Modal>
  )
}
