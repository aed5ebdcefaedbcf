import { Form, Input } from "antd"
import { api, call, type Schema } from "../../api/client"
import { refresh } from "../../api/query"
import { RecordForm } from "../../parts/RecordForm"
import { toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { Part } from "./Part"
import { words } from "./texts"

type Values = Schema<"PasswordChange"> & { again: string }

/** Password changes one's own; all other sessions end by it. */
export function Password() {
  const t = useTexts(words)
  const [form] = Form.useForm<Values>()
  const required = { required: true, message: t.required }
  const save = async ({ old_password, new_password }: Values) => {
    await call(api.POST("/api/v1/session/password", { body: { old_password, new_password } }))
    form.resetFields()
    void refresh("/api/v1/sessions")
    toast.done(t.changed)
  }
  return (
    <Part title={t.password}>
      <RecordForm<Values> form={form} title={t.password} save={save} saveTitle={t.change}>
        <Form.Item name="old_password" label={t.old} rules={[required]}><Input.Password autoComplete="current-password" /></Form.Item>
        <Form.Item name="new_password" label={t.fresh} rules={[required, { min: 10, message: t.short }]}><Input.Password autoComplete="new-password" /></Form.Item>
        <Form.Item
          name="again" label={t.again} dependencies={["new_password"]}
          rules={[required, ({ getFieldValue }) => ({ validator: (_, v) => (!v || v === getFieldValue("new_password") ? Promise.resolve() : Promise.reject(new Error(t.differ))) })]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </RecordForm>
    </Part>
  )
}
