import { PlusOutlined } from "@ant-design/icons"
import { Button, DatePicker, Form, Input, Modal, Select } from "antd"
import type { Dayjs } from "dayjs"
import { useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { refresh, useGet } from "../../api/query"
import { useSession } from "../../app/session"
import { Async, Empty } from "../../parts/Async"
import { RecordForm } from "../../parts/RecordForm"
import { confirm, toast } from "../../parts/toast"
import { date } from "../../texts/dates"
import { useTexts } from "../../texts/i18n"
import { rights } from "../users/texts"
import { Part } from "./Part"
import { words } from "./texts"

type Token = Schema<"Token">
type Values = { title: string; scopes: Schema<"Operation">[]; until?: Dayjs }

/** Tokens let programs work in one's name; the secret of a new one is shown once. */
export function Tokens() {
  const t = useTexts(words)
  const query = useGet("/api/v1/tokens")
  const [creating, setCreating] = useState(false)
  const [secret, setSecret] = useState("")
  const made = (fresh: Schema<"NewToken">) => {
    setCreating(false)
    setSecret(fresh.secret)
    void refresh("/api/v1/tokens")
  }
  return (
    <Part title={t.tokens}>
      <p className="u-quiet">{t.tokensHint}</p>
      <Async query={query} empty={(list) => list.items.length === 0} nothing={<Empty text={t.tokenNone} />}>
        {(list) => <ul className="u-tokens">{list.items.map((token) => <Line key={token.id} token={token} />)}</ul>}
      </Async>
      <Button icon={<PlusOutlined />} onClick={() => setCreating(true)}>{t.create}</Button>
      <Modal open={creating} title={t.create} footer={null} onCancel={() => setCreating(false)} destroyOnHidden><NewToken made={made} /></Modal>
      <Modal open={!!secret} title={t.created} okText={t.close} cancelButtonProps={{ hidden: true }} closable={false} onOk={() => setSecret("")}>
        <p>{t.secret}</p>
        <div className="u-secret"><Input readOnly value={secret} aria-label={t.created} onFocus={(e) => e.target.select()} /><Button onClick={() => void copy(secret, t.copied)}>{t.copy}</Button></div>
      </Modal>
    </Part>
  )
}

async function copy(text: string, done: string) {
  // Without HTTPS browsers have no clipboard: the key stands in its field, selected by a click.
  await navigator.clipboard?.writeText(text).then(() => toast.done(done), toast.error)
}

function Line(props: { token: Token }) {
  const t = useTexts(words)
  const named = useTexts(rights)
  const { token } = props
  const revoke = async () => {
    if (!(await confirm({ title: t.revokeAsk(token.title), text: t.revokeText, yes: t.revoke, danger: true }))) return
    await call(api.DELETE("/api/v1/tokens/{id}", { params: { path: { id: token.id } } })).then(() => toast.done(t.revoked), toast.error)
    void refresh("/api/v1/tokens")
  }
  return (
    <li>
      <div><b>{token.title}</b><small className="u-quiet">{token.scopes.map((o) => named[o] ?? o).join(", ")} · {token.until ? `${t.tokenUntil} ${date(token.until)}` : t.forever}</small></div>
      <Button size="small" danger onClick={() => void revoke()}>{t.revoke}</Button>
    </li>
  )
}

function NewToken(props: { made: (token: Schema<"NewToken">) => void }) {
  const t = useTexts(words)
  const named = useTexts(rights)
  const { operations } = useSession()
  const required = { required: true, message: t.required }
  const save = async ({ title, scopes, until }: Values) => {
    const body = { title, scopes, ...(until && { until: until.endOf("day").toISOString() }) }
    props.made(await call(api.POST("/api/v1/tokens", { body })))
  }
  return (
    <RecordForm<Values> title={t.create} save={save} saveTitle={t.create}>
      <Form.Item name="title" label={t.tokenTitle} rules={[required]}><Input maxLength={200} autoFocus /></Form.Item>
      <Form.Item name="scopes" label={t.tokenScopes} rules={[required]}><Select mode="multiple" showSearch={{ optionFilterProp: "label" }} options={operations.map((o) => ({ value: o, label: named[o] ?? o }))} /></Form.Item>
      <Form.Item name="until" label={t.tokenUntil}><DatePicker format="DD.MM.YYYY" placeholder={t.forever} style={{ width: "100%" }} /></Form.Item>
    </RecordForm>
  )
}
