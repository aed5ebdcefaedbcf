import { CloseOutlined } from "@ant-design/icons"
import { Button, Form, Input, Select } from "antd"
import { useState } from "react"
import { Link } from "react-router"
import { api, call, ifMatch } from "../../../api/client"
import { useOnce } from "../../../api/once"
import { useGet } from "../../../api/query"
import { useCan } from "../../../app/session"
import { RecordForm } from "../../../parts/RecordForm"
import { StateTag } from "../../../parts/StateTag"
import { toast } from "../../../parts/toast"
import { UserName, UserPick } from "../../../parts/UserPick"
import { Due, When } from "../../../parts/When"
import { useTexts } from "../../../texts/i18n"
import { name } from "../columns"
import { ChannelName, forwards, useChannels } from "../names"
import { useAct } from "./act"
import { Articles } from "./Articles"
import { Box } from "./Box"
import { type Card, type Doc, reread } from "./model"
import { Panels } from "./Panels"
import { words } from "./texts"

/** Side is what stands beside the correspondence: accounts, panels of connectors, other systems, tasks, related appeals. */
export function Side(props: { card: Card; doc: Doc }) {
  return (
    <div className="a-column">
      <Accounts {...props} />
      <Panels doc={props.doc} />
      <Forwarding {...props} />
      <Tasks doc={props.doc} />
      <Related {...props} />
      <Articles reason={props.doc.appeal.reason} />
    </div>
  )
}

function Accounts(props: { doc: Doc }) {
  const t = useTexts(words)
  const { doc } = props
  const can = useCan()
  const [adding, setAdding] = useState(false)
  const accounts = doc.appeal.accounts ?? []
  const write = (next: typeof accounts) => call(api.PATCH("/api/v1/appeals/{id}", { params: { path: { id: doc.id }, header: ifMatch(doc) }, body: { accounts: next.length > 0 ? next : null } })).then(reread)
  return (
    <Box title={t.accounts} extra={can("appeals.write") && <Button size="small" type="link" aria-expanded={adding} onClick={() => setAdding(!adding)}>{t.add}</Button>}>
      {accounts.length === 0 && !adding && <p className="u-quiet">{t.noAccounts}</p>}
      <ul className="a-list">
        {accounts.map((a, i) => (
          <li key={a.number}>
            <div className="a-line"><b>{a.number}</b>{can("appeals.write") && <Button size="small" type="text" icon={<CloseOutlined />} aria-label={t.remove(a.number)} onClick={() => void write(accounts.toSpliced(i, 1)).catch(toast.error)} />}</div>
            <span className="u-quiet">{[a.provider, a.address].filter(Boolean).join(", ")}</span>
          </li>
        ))}
      </ul>
      {adding && (
        <RecordForm<{ number: string; provider?: string }> save={(v) => write([...accounts, v]).then(() => setAdding(false))} cancel={() => setAdding(false)} title={t.accounts}>
          <Form.Item name="number" label={t.account} rules={[{ required: true, message: t.account }]}><Input autoFocus /></Form.Item>
          <Form.Item name="provider" label={t.provider}><Input /></Form.Item>
        </RecordForm>
      )}
    </Box>
  )
}

function Forwarding(props: { card: Card; doc: Doc }) {
  const t = useTexts(words)
  const { card, doc } = props
  const can = useCan()
  const act = useAct(doc)
  const [to, setTo] = useState<string[]>([])
  const sent = card.deliveries.filter((d) => d.purpose === "forward")
  const channels = useChannels().filter((c) => forwards(c) && c.id !== doc.channel)
  const open = !["answered", "closed", "rejected"].includes(doc.appeal.state)
  const change = (id: string, what: "retry" | "cancel") => call(api.POST(`/api/v1/deliveries/{id}/${what}`, { params: { path: { id } } } as never) as never).then(reread, toast.error)
  return (
    <Box title={t.forwarding}>
      {sent.length === 0 && <p className="u-quiet">{t.notForwarded}</p>}
      <ul className="a-list">
        {sent.map((d) => (
          <li key={d.id}>
            <div className="a-line"><b><ChannelName id={d.channel} /></b> <StateTag kind="delivery" state={d.state} /> <When at={d.sent_at ?? d.created_at} /></div>
            {d.external_id && <div>{t.outside}: {d.external_id}</div>}
            {(d.outside_text || d.last_error) && <div className={d.last_error ? "u-fault" : "u-quiet"}>{d.outside_text || d.last_error}</div>}
            {can("deliveries.write") && (
              <div className="a-line">
                {["rejected", "unknown", "cancelled"].includes(d.state) && <Button size="small" onClick={() => void change(d.id, "retry")}>{t.retry}</Button>}
                {["queued", "sending", "unknown"].includes(d.state) && <Button size="small" onClick={() => void change(d.id, "cancel")}>{t.decline}</Button>}
              </div>
            )}
            <details><summary>{t.data}</summary><Sent doc={doc} /></details>
          </li>
        ))}
      </ul>
      {can("appeals.write") && open && channels.length > 0 && (
        <div className="a-reply-row">
          <Select aria-label={t.to} placeholder={t.to} mode="multiple" value={to} onChange={setTo} options={channels.map((c) => ({ value: c.id, label: c.title }))} />
          <Button disabled={to.length === 0} loading={act.busy} onClick={() => void act.run("forward", { to }, t.done.forward).then(() => setTo([]))}>{t.forward}</Button>
        </div>
      )}
    </Box>
  )
}

/** Sent is what an outside system gets of the appeal. */
function Sent(props: { doc: Doc }) {
  const t = useTexts(words)
  const { doc } = props
  const { applicant, premises, accounts, description } = doc.appeal
  const facts = {
    applicant: [name(applicant), ...(applicant.addresses ?? []).map((a) => a.value)].join(", "), address: premises?.text, accounts: accounts?.map((a) => a.number).join(", "),
    text: [doc.subject, description || doc.text].filter(Boolean).join("\n\n"), files: doc.files?.filter((f) => f.role === "attachment").map((f) => f.name).join(", "),
  }
  return <dl className="a-facts">{(Object.keys(facts) as (keyof typeof facts)[]).filter((k) => facts[k]).map((k) => <div key={k}><dt>{t.sent[k]}</dt><dd className="a-text">{facts[k]}</dd></div>)}</dl>
}

function Tasks(props: { doc: Doc }) {
  const t = useTexts(words)
  const { doc } = props
  const can = useCan()
  const [adding, setAdding] = useState(false)
  const once = useOnce()
  const tasks = useGet("/api/v1/tasks", { params: { query: { document: doc.id, limit: 50 } } }, { enabled: can("tasks.read") }).data?.items ?? []
  const add = (v: { title: string; performer: string; due_at?: string }) =>
    once((header) => call(api.POST("/api/v1/tasks", { params: { header }, body: { kind: "assignment", title: v.title, performer: v.performer, document: doc.id, due_at: v.due_at ? new Date(`${v.due_at}T18:00`).toISOString() : undefined } })))
      .then(() => { setAdding(false); return reread() })
  return (
    <Box title={t.tasks} extra={can("tasks.write") && <Button size="small" type="link" aria-expanded={adding} onClick={() => setAdding(!adding)}>{t.newTask}</Button>}>
      {tasks.length === 0 && !adding && <p className="u-quiet">{t.noTasks}</p>}
      <ul className="a-list">
        {tasks.map((k) => (
          <li key={k.id}>
            <Link to={`/tasks/${k.id}`}>{k.title}</Link>
            <div className="a-line"><StateTag kind="task" state={k.state} /> <UserName id={k.performer} /> {k.deadline && <span className="a-until"><span className="u-quiet">{t.until}</span> <Due at={k.deadline.due_at} done={!!k.ended_at} /></span>}</div>
          </li>
        ))}
      </ul>
      {adding && (
        <RecordForm<{ title: string; performer: string; due_at?: string }> save={add} cancel={() => setAdding(false)} saveTitle={t.newTask} title={t.newTask} initial={{ title: doc.subject }}>
          <Form.Item name="title" label={t.taskTitle} rules={[{ required: true, message: t.taskTitle }]}><Input.TextArea autoFocus autoSize /></Form.Item>
          <Form.Item name="performer" label={t.performer} rules={[{ required: true, message: t.performer }]}><UserPick /></Form.Item>
          <Form.Item name="due_at" label={t.term}><Input type="date" /></Form.Item>
        </RecordForm>
      )}
    </Box>
  )
}

function Related(props: { card: Card }) {
  const t = useTexts(words)
  const { related } = props.card
  return (
    <Box title={t.related}>
      {related.length === 0 && <p className="u-quiet">{t.noRelated}</p>}
      <ul className="a-list">{related.map((r) => <li key={r.id}><div className="a-line"><Link to={`/appeals/${r.id}`}>{r.number?.text}</Link> <StateTag kind="appeal" state={r.appeal.state} /></div><span>{r.subject}</span></li>)}</ul>
    </Box>
  )
}
