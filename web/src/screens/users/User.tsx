import { Button, Form, Input, Modal, Select } from "antd"
import { useState } from "react"
import { Link, useNavigate, useParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { read, refresh, useGet } from "../../api/query"
import { useSession } from "../../app/session"
import { Async, Empty } from "../../parts/Async"
import { EntryPick } from "../../parts/EntryPick"
import { Page } from "../../parts/Page"
import { RecordForm } from "../../parts/RecordForm"
import { StateTag, useStateTitles } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { useSave } from "../../parts/useSave"
import { When } from "../../parts/When"
import { number, useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import { actionTitle, words as auditWords } from "../audit/texts"
import { words } from "./texts"

type User = Schema<"User">
type Input_ = Schema<"UserInput">

/** UserPage makes a user, or changes one and shows what he did. */
export default function UserPage() {
  const { id = "new" } = useParams()
  return id === "new" ? <New /> : <Known key={id} id={id} />
}

function New() {
  const t = useTexts(words)
  const navigate = useNavigate()
  const [made, setMade] = useState<Schema<"NewUser"> | null>(null)
  const save = async (values: Input_) => {
    setMade(await call(api.POST("/api/v1/users", { body: values })))
    void refresh("/api/v1/users", "/api/v1/people")
  }
  return (
    <Page title={t.add}>
      <section className="u-panel"><RecordForm<Input_> title={t.add} initial={{ roles: ["operator"] }} save={save} cancel={() => void navigate("/users")}><Fields /></RecordForm></section>
      {made && <Password password={made.password} close={() => void navigate(`/users/${made.user.id}`)} />}
    </Page>
  )
}

function Known(props: { id: string }) {
  const user = useGet("/api/v1/users/{id}", { params: { path: { id: props.id } } })
  return (
    <Page title={user.data?.name ?? "…"} extra={user.data && <StateTag kind="user" state={user.data.state} />} actions={user.data && <Actions user={user.data} />}>
      <Async query={user}>{(u) => <div className="u-admin u-user"><section className="u-panel"><Edit key={u.version} user={u} /></section><Did id={u.id} /></div>}</Async>
    </Page>
  )
}

const edits = (u: User): Input_ => ({ login: u.login, name: u.name, email: u.email, roles: u.roles, extension: u.extension, organizations: u.organizations, lines: u.lines, state: u.state, state_reason: u.state_reason })

function Edit(props: { user: User }) {
  const t = useTexts(words)
  const { user } = props
  const params = { path: { id: user.id } }
  const saving = useSave<User, Input_>({
    base: user, edits, titles: t.fields, reread: () => read("/api/v1/users/{id}", { params }),
    write: (values, over) => call(api.PUT("/api/v1/users/{id}", { params: { ...params, header: ifMatch(over) }, body: { ...edits(over), ...values } })),
    saved: () => { toast.done(t.saved); void refresh("/api/v1/users", "/api/v1/users/{id}", "/api/v1/people") },
  })
  return <>{saving.conflict}<RecordForm<Input_> title={user.name} initial={edits(user)} save={saving.save}><Fields known /></RecordForm></>
}

function Fields(props: { known?: boolean }) {
  const t = useTexts(words)
  const states = useStateTitles("user")
  return (
    <div className="u-fields">
      <Form.Item name="name" label={t.fields.name} required><Input autoComplete="off" /></Form.Item>
      <Form.Item name="login" label={t.fields.login} required extra={t.help.login}><Input autoComplete="off" /></Form.Item>
      <Form.Item name="roles" label={t.fields.roles} required><Select mode="multiple" options={Object.entries(t.roles).map(([value, label]) => ({ value, label }))} /></Form.Item>
      <Form.Item name="email" label={t.fields.email}><Input /></Form.Item>
      <Form.Item name="extension" label={t.fields.extension} extra={t.help.extension}><Input /></Form.Item>
      <Form.Item name="organizations" label={t.fields.organizations} extra={t.help.organizations}><EntryPick multiple directory="organizations" /></Form.Item>
      <Form.Item name="lines" label={t.fields.lines} extra={t.help.lines}><EntryPick multiple directory="support_lines" /></Form.Item>
      {props.known && <Form.Item name="state" label={t.fields.state}><Select options={states.map(([value, label]) => ({ value, label }))} /></Form.Item>}
      {props.known && <Form.Item noStyle dependencies={["state"]}>{(form) => form.getFieldValue("state") !== "active" && <Form.Item name="state_reason" label={t.fields.state_reason} required><Input /></Form.Item>}</Form.Item>}
    </div>
  )
}

function Actions(props: { user: User }) {
  const t = useTexts(words)
  const { user: me, operations } = useSession()
  const navigate = useNavigate()
  const { user } = props
  const params = { path: { id: user.id } }
  const [given, setGiven] = useState("")
  const password = async () => {
    if (await confirm({ title: t.passwordAsk(user.name), text: t.passwordText, yes: t.password })) await call(api.POST("/api/v1/users/{id}/password", { params })).then((p) => setGiven(p.password), toast.error)
  }
  const enterAs = async () => {
    if (await confirm({ title: t.enterAsk(user.name), text: t.enterText, yes: t.enter })) await call(api.POST("/api/v1/users/{id}/enter", { params })).then(() => location.assign("/"), toast.error)
  }
  const remove = async () => {
    if (!await confirm({ title: t.removeAsk(user.name), text: t.removeText, yes: t.remove, danger: true })) return
    await call(api.DELETE("/api/v1/users/{id}", { params: { ...params, header: ifMatch(user) } })).then(() => { toast.done(t.removed); void refresh("/api/v1/users", "/api/v1/people"); return navigate("/users") }, toast.error)
  }
  if (user.id === me.id) return null
  return (
    <>
      <Button onClick={password}>{t.password}</Button>
      {operations.includes("users.enter") && user.state === "active" && !user.roles.includes("administrator") && <Button onClick={enterAs}>{t.enter}</Button>}
      <Button danger onClick={remove}>{t.remove}</Button>
      {given && <Password password={given} close={() => setGiven("")} />}
    </>
  )
}

function Password(props: { password: string; close: () => void }) {
  const t = useTexts(words)
  const copy = () => void navigator.clipboard?.writeText(props.password).then(() => toast.done(t.copied))
  return (
    <Modal open title={t.oneTime} closable={false} footer={[<Button key="copy" onClick={copy}>{t.copy}</Button>, <Button key="ready" type="primary" onClick={props.close}>{t.ready}</Button>]}>
      <p>{t.oneTimeText}</p>
      <p className="u-onetime"><code>{props.password}</code></p>
    </Modal>
  )
}

function Did(props: { id: string }) {
  const t = useTexts(words)
  const titles = useTexts(auditWords)
  const did = useGet("/api/v1/users/{id}/actions", { params: { path: { id: props.id } } })
  return (
    <section className="u-panel">
      <h2>{t.actions}<span className="u-gap" /><Link to={`/audit?actor=${props.id}`}>{t.toAudit}</Link></h2>
      <Async query={did}>
        {(d) => (
          <>
            {d.sign_in_at && <p className="u-quiet u-lead">{t.lastSignIn}: <When at={d.sign_in_at} full /></p>}
            {d.actions.length === 0 ? <Empty text={t.noActions} /> : (
              <table className="u-table" aria-label={t.actions}>
                <thead><tr><th scope="col">{t.actionColumns.operation}</th><th scope="col">{t.actionColumns.times}</th><th scope="col">{t.actionColumns.last}</th></tr></thead>
                <tbody>{d.actions.map((a) => <tr key={a.operation + a.outcome}><td title={a.operation}>{actionTitle(a.operation, titles)}{a.outcome !== "ok" && <span className="u-fault" title={a.outcome}> · {a.outcome === "begun" ? t.outcomes.begun : t.outcomes.refused}</span>}</td><td>{number(a.times)}</td><td><When at={a.last_at} /></td></tr>)}</tbody>
              </table>
            )}
          </>
        )}
      </Async>
    </section>
  )
}
