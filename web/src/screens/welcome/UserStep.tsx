import { Button, Form, Input, Select } from "antd"
import { useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { useCan } from "../../app/session"
import { RecordForm } from "../../parts/RecordForm"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Role = keyof (typeof words)["ru"]["roles"]
type Values = { name: string; login: string; role: Role }

/** UserStep makes the first colleague and shows his one-time password. */
export function UserStep(props: { next: () => void }) {
  const t = useTexts(words)
  const may = useCan()("users.manage")
  const [made, setMade] = useState<Schema<"NewUser">>()
  const required = [{ required: true, message: t.required }]
  const save = async ({ name, login, role }: Values) => setMade(await call(api.POST("/api/v1/users", { body: { name, login, roles: [role] } })))
  if (made) {
    return (
      <>
        <p><b>{t.userDone(made.user.name)}</b></p>
        <p>{t.userPassword}</p>
        <p className="u-password"><code>{made.password}</code></p>
        <Button type="primary" onClick={props.next}>{t.next}</Button>
      </>
    )
  }
  return (
    <>
      <p>{t.userText}</p>
      <RecordForm<Values> title={t.steps.user} initial={{ role: "operator" }} save={save} saveTitle={t.next} disabled={!may} extra={<Button type="link" disabled={false} onClick={props.next}>{t.skip}</Button>}>
        <Form.Item name="name" label={t.name} rules={required}><Input autoFocus autoComplete="off" /></Form.Item>
        <div className="u-fields">
          <Form.Item name="login" label={t.login} extra={t.loginHelp} rules={required}><Input autoComplete="off" autoCapitalize="none" /></Form.Item>
          <Form.Item name="role" label={t.role} rules={required}><Select options={(Object.keys(t.roles) as Role[]).map((value) => ({ value, label: t.roles[value] }))} /></Form.Item>
        </div>
      </RecordForm>
    </>
  )
}
