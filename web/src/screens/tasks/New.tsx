import { Checkbox, DatePicker, Form, Input, Select } from "antd"
import dayjs, { type Dayjs } from "dayjs"
import { useNavigate, useSearchParams } from "react-router"
import { api, call, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { refresh } from "../../api/query"
import { Page } from "../../parts/Page"
import { RecordForm } from "../../parts/RecordForm"
import { toast } from "../../parts/toast"
import { UserPick } from "../../parts/UserPick"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Values = { kind: "assignment" | "task" | "control"; title: string; text?: string; performer?: string; co_performers?: string[]; controller?: string; due?: Dayjs; draft?: boolean }

/** New hands out a task; `?document=` and `?parent=` say what it is about. */
export default function New() {
  const t = useTexts(words)
  const navigate = useNavigate()
  const [search] = useSearchParams()
  const once = useOnce()
  const [form] = Form.useForm<Values>()
  const draft = Form.useWatch("draft", form)
  const save = async ({ due, ...v }: Values) => {
    const body: Schema<"TaskInput"> = { ...v, due_at: due?.toISOString(), document: search.get("document") ?? undefined, parent: search.get("parent") ?? undefined }
    const made = await once((header) => call(api.POST("/api/v1/tasks", { params: { header }, body })))
    toast.done(t.saved)
    void refresh("/api/v1/tasks")
    await navigate(`/tasks/${made.id}`, { replace: true })
  }
  const needs = [{ required: true, message: t.required }]
  return (
    <Page title={t.create}>
      <div className="u-panel" style={{ maxWidth: 820 }}>
        <RecordForm<Values> form={form} initial={{ kind: "assignment" }} save={save} cancel={() => void navigate(-1)} title={t.create} saveTitle={draft ? t.keep : t.handOut} at={(field) => (field === "due_at" ? "due" : field)}>
          <Form.Item name="title" label={t.name} rules={needs}><Input autoFocus maxLength={1000} /></Form.Item>
          <Form.Item name="text" label={t.text}><Input.TextArea autoSize={{ minRows: 4 }} /></Form.Item>
          <div className="u-fields">
            <Form.Item name="kind" label={t.kind}><Select options={(["assignment", "task", "control"] as const).map((k) => ({ value: k, label: t.kinds[k] }))} /></Form.Item>
            <Form.Item name="performer" label={t.performer} rules={draft ? [] : needs}><UserPick /></Form.Item>
            <Form.Item name="due" label={t.due}><DatePicker format="DD.MM.YYYY HH:mm" showTime={{ defaultValue: dayjs().hour(18).minute(0) }} style={{ width: "100%" }} /></Form.Item>
            <Form.Item name="controller" label={t.controller}><UserPick /></Form.Item>
            <Form.Item name="co_performers" label={t.co}><UserPick multiple /></Form.Item>
          </div>
          <Form.Item name="draft" valuePropName="checked"><Checkbox>{t.asDraft}</Checkbox></Form.Item>
        </RecordForm>
      </div>
    </Page>
  )
}
