import { PlusOutlined } from "@ant-design/icons"
import { Button, Form, Input, Modal } from "antd"
import { useState } from "react"
import { Link, useParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { useEvents } from "../../api/events"
import { refresh, useGet } from "../../api/query"
import { sendForm } from "../../api/upload"
import { useCan, useSession } from "../../app/session"
import { Async } from "../../parts/Async"
import { FileDrop, Files, fileUrl } from "../../parts/Files"
import { History } from "../../parts/History"
import { Page } from "../../parts/Page"
import { RecordForm } from "../../parts/RecordForm"
import { StateTag, Tag } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { useDraft } from "../../parts/useDraft"
import { UserName, UserPick } from "../../parts/UserPick"
import { Due, When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { type Move, movesOf } from "./moves"
import "./tasks.css"
import { words } from "./texts"

type Card = Schema<"TaskCard">
type Task = Schema<"Task">

const reread = () => refresh("/api/v1/tasks/{id}", "/api/v1/tasks")

/** TaskPage is one task: what to do, by whom and when, the result, and the talk about it. */
export default function TaskPage() {
  const { id = "" } = useParams()
  const query = useGet("/api/v1/tasks/{id}", { params: { path: { id } } })
  useEvents(["task.updated", "task.assigned"], () => void reread())
  return <Async query={query}>{(card) => <Shown key={id} card={card} />}</Async>
}

function Shown({ card }: { card: Card }) {
  const t = useTexts(words)
  const { task: k } = card
  return (
    <Page
      title={k.title} extra={<><StateTag kind="task" state={k.state} />{card.overdue && <Tag tone="bad">{t.overdueTag}</Tag>}</>}
      actions={<><Moves task={k} /><History of="/api/v1/tasks/{id}/history" params={{ id: k.id }} titles={{ title: t.name, text: t.text, state: t.state, performer: t.performer, deadline: t.due, controller: t.controller, co_performers: t.co, author: t.author, kind: t.kind, document: t.document }} show={(f, v) => (typeof v === "string" && ["performer", "controller", "author"].includes(f) ? <UserName id={v} /> : undefined)} /></>}
    >
      <div className="u-two">
        <div>
          <section className="u-panel" aria-label={t.text}><h2>{t.text}</h2><div className="u-plain">{k.text || <span className="u-quiet">{t.noText}</span>}</div></section>
          {k.result && (
            <section className="u-panel" aria-label={t.result}>
              <h2>{t.result}</h2>
              <p className="u-quiet"><UserName id={k.result.by} /> <When at={k.result.at} full /></p>
              <div className="u-plain">{k.result.text}</div>
              {k.result.files && <><br /><Files files={k.result.files} url={(f) => fileUrl(k.id, f, "tasks")} /></>}
            </section>
          )}
          <Talk card={card} />
        </div>
        <div><Facts card={card} /></div>
      </div>
    </Page>
  )
}

function Facts({ card }: { card: Card }) {
  const t = useTexts(words)
  const can = useCan()
  const { task: k } = card
  return (
    <section className="u-panel" aria-label={t.kinds[k.kind]}>
      <h2>{t.kinds[k.kind]}</h2>
      <dl className="u-task-facts">
        <div><dt>{t.performer}</dt><dd><UserName id={k.performer} /></dd></div>
        {k.co_performers?.length ? <div><dt>{t.co}</dt><dd>{k.co_performers.map((u) => <div key={u}><UserName id={u} /></div>)}</dd></div> : null}
        <div><dt>{t.author}</dt><dd><UserName id={k.author} /></dd></div>
        {k.controller && <div><dt>{t.controller}</dt><dd><UserName id={k.controller} /></dd></div>}
        <div><dt>{t.due}</dt><dd>{k.deadline ? <Due at={k.deadline.due_at} done={!!k.ended_at || !!k.done_at} /> : t.noDue}</dd></div>
        {k.document && <div><dt>{t.document}</dt><dd><Paper id={k.document} /></dd></div>}
        {k.draft && <div><dt>{t.draft}</dt><dd><Link to={`/documents/drafts/${k.draft}`}>{t.openDraft}</Link></dd></div>}
        {card.parent && <div><dt>{t.parent}</dt><dd><Link to={`/tasks/${card.parent.id}`}>{card.parent.title}</Link></dd></div>}
        {k.returned ? <div><dt>{t.state}</dt><dd>{t.returned(k.returned)}</dd></div> : null}
        {k.delegations?.map((d) => <div key={d.at}><dt>{t.delegations}</dt><dd><UserName id={d.from} /> → <UserName id={d.to} /> {d.reason}</dd></div>)}
      </dl>
      {card.subtasks.length > 0 && <><br /><h3>{t.subtasks}</h3><ul>{card.subtasks.map((s) => <li key={s.id}><Link to={`/tasks/${s.id}`}>{s.title}</Link> <StateTag kind="task" state={s.state} /></li>)}</ul></>}
      {can("tasks.write") && !k.ended_at && k.kind !== "approval" && <p><br /><Link to={`/tasks/new?parent=${k.id}`}><Button icon={<PlusOutlined />} tabIndex={-1}>{t.subtask}</Button></Link></p>}
    </section>
  )
}

/** Paper is the document a task is about, by its number and subject. */
function Paper({ id }: { id: string }) {
  const t = useTexts(words)
  const { data } = useGet("/api/v1/documents/{id}", { params: { path: { id } } }, { staleTime: 60_000 })
  const d = data?.document
  return <Link to={`/documents/${id}`}>{d ? [d.number?.text, d.subject || t.noSubject].filter(Boolean).join(" · ") : t.document}</Link>
}

function Moves({ task }: { task: Task }) {
  const t = useTexts(words)
  const can = useCan()
  const { user } = useSession()
  const [asked, setAsked] = useState<Move | null>(null)
  if (!can("tasks.write")) return null
  const at = { params: { path: { id: task.id }, header: ifMatch(task) } }
  const plain = (move: "accept" | "start") => call(api.POST(`/api/v1/tasks/{id}/${move}` as "/api/v1/tasks/{id}/accept", at)).then(() => { toast.done(t.done); return reread() }, toast.error)
  const run = (move: Move) => (move === "accept" || move === "start" ? void plain(move) : setAsked(move))
  return (
    <>
      {movesOf(task, user.id, can("tasks.supervise")).map((move, i) => <Button key={move} type={i === 0 ? "primary" : "default"} danger={move === "cancel"} onClick={() => run(move)}>{t[move === "done" ? "report" : move]}</Button>)}
      {asked && <Ask task={task} move={asked} close={() => setAsked(null)} />}
    </>
  )
}

type Values = { reason?: string; performer?: string; text?: string }

/** Ask asks what a move needs: a reason, a performer, or the result with its files. */
function Ask({ task, move, close }: { task: Task; move: Move; close: () => void }) {
  const t = useTexts(words)
  const [files, setFiles] = useState<File[]>([])
  const save = async (v: Values) => {
    const path = `/api/v1/tasks/${task.id}/${move}`
    if (move === "done") await sendForm(path, { data: { text: v.text }, files, headers: ifMatch(task) })
    else await call(api.POST(`/api/v1/tasks/{id}/${move}` as "/api/v1/tasks/{id}/assign", { params: { path: { id: task.id }, header: ifMatch(task) }, body: v }))
    toast.done(t.done)
    await reread()
    close()
  }
  const title = t[move === "done" ? "report" : move]
  const needs = [{ required: true, message: t.required }]
  return (
    <Modal open title={title} footer={null} onCancel={close}>
      <RecordForm<Values> save={save} saveTitle={title} danger={move === "cancel"} cancel={close}>
        {(move === "assign" || move === "delegate") && <Form.Item name="performer" label={t.whom} rules={needs}><UserPick autoFocus /></Form.Item>}
        {move === "done"
          ? <><Form.Item name="text" label={t.resultText} rules={needs}><Input.TextArea autoFocus autoSize={{ minRows: 4 }} /></Form.Item><div style={{ marginBottom: 16 }}><FileDrop value={files} onChange={setFiles} small /></div></>
          : <Form.Item name="reason" label={t.reason} rules={["decline", "return", "reopen"].includes(move) ? needs : []}><Input.TextArea autoSize={{ minRows: 2 }} /></Form.Item>}
      </RecordForm>
    </Modal>
  )
}

function Talk({ card }: { card: Card }) {
  const t = useTexts(words)
  const can = useCan()
  const [text, setText, sent] = useDraft(`task.${card.task.id}`, "")
  const once = useOnce()
  const say = () =>
    once((header) => call(api.POST("/api/v1/tasks/{id}/comments", { params: { path: { id: card.task.id }, header }, body: { text } }))).then(() => { sent(); return reread() }, toast.error)
  return (
    <section className="u-panel" aria-label={t.comments}>
      <h2>{t.comments}</h2>
      {card.comments.length === 0 && <p className="u-quiet">{t.noComments}</p>}
      <ul className="u-talk">{card.comments.map((c) => <li key={c.id}><b><UserName id={c.by} /></b> {t.acts[c.act]} <span className="u-quiet"><When at={c.created_at} /></span><div className="u-plain">{c.text}</div></li>)}</ul>
      {can("tasks.write") && (
        <>
          <br />
          <Input.TextArea aria-label={t.commentText} placeholder={t.commentText} value={text} onChange={(e) => setText(e.target.value)} autoSize={{ minRows: 2 }} />
          <br /><br /><Button disabled={!text.trim()} onClick={() => void say()}>{t.comment}</Button>
        </>
      )}
    </section>
  )
}
