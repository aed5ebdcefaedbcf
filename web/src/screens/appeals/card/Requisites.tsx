import { Form, Input, InputNumber, Select } from "antd"
import { useEffect } from "react"
import { api, call, ifMatch, type Schema } from "../../../api/client"
import { read } from "../../../api/query"
import { useCan } from "../../../app/session"
import { useArrived } from "../../../parts/entries"
import { EntryPick } from "../../../parts/EntryPick"
import { RecordForm } from "../../../parts/RecordForm"
import { toast } from "../../../parts/toast"
import { useSave } from "../../../parts/useSave"
import { useTexts } from "../../../texts/i18n"
import { Box } from "./Box"
import { type Doc, reread } from "./model"
import { words } from "./texts"
import { Value } from "./Value"
import { clearable } from "../../../parts/clearable"

type Values = {
  subject: string; reason_group?: string; reason?: string; description?: string; comment?: string; source?: string
  tags?: string[]; notify?: string; address?: string; extra?: Record<string, unknown>
}

/** Requisites is the form of what people word of an appeal, with the extra fields of its reason. */
export function Requisites(props: { doc: Doc }) {
  const t = useTexts(words)
  const { doc } = props
  const can = useCan()
  const [form] = Form.useForm<Values>()
  const edits = (of: Doc): Values => valuesOf(of)
  const saving = useSave<Doc, Values>({
    base: doc, edits, titles: { ...t.fields, address: t.fields.premises },
    write: (values, over) => call(api.PATCH("/api/v1/appeals/{id}", { params: { path: { id: over.id }, header: ifMatch(over) }, body: patch(values, over) })) as Promise<Doc>,
    reread: async () => (await read("/api/v1/appeals/{id}", { params: { path: { id: doc.id } } })).document as Doc,
    saved: () => { toast.done(t.done.saved); void reread() },
    show: (field, value) => <Value field={field} value={value} />,
  })
  // What others have saved comes in as long as nothing is being typed here.
  useEffect(() => {
    if (!form.isFieldsTouched()) form.setFieldsValue(valuesOf(doc))
  }, [doc, form])
  const save = async (values: Values) => {
    await saving.save({ ...valuesOf(doc), ...values, extra: clean(values.extra) })
    form.resetFields()
    form.setFieldsValue(values)
  }
  return (
    <Box title={t.requisites}>
      <RecordForm<Values> form={form} initial={valuesOf(doc)} save={save} title={t.requisites} disabled={!can("appeals.write")}>
        <Form.Item name="subject" label={t.fields.subject}><Input /></Form.Item>
        <Form.Item name="reason_group" label={t.fields.reason_group}><EntryPick directory="reason_groups" /></Form.Item>
        <ReasonFields />
        <Form.Item name="description" label={t.fields.description}><Input.TextArea autoSize={{ minRows: 2, maxRows: 10 }} /></Form.Item>
        <Form.Item name="comment" label={t.fields.comment} extra={t.commentHint}><Input.TextArea autoSize={{ minRows: 1, maxRows: 8 }} /></Form.Item>
        <Form.Item name="address" label={t.fields.premises}><Input /></Form.Item>
        <Form.Item name="source" label={t.fields.source}><EntryPick directory="sources" /></Form.Item>
        <Form.Item name="tags" label={t.fields.tags}><EntryPick directory="tags" multiple /></Form.Item>
        <Form.Item name="notify" label={t.fields.notify}><Select options={ways(t)} /></Form.Item>
      </RecordForm>
      {saving.conflict}
    </Box>
  )
}

/** ways are the ways to tell the applicant, for a Select. */
export function ways(t: (typeof words)["ru"]) {
  return (["", "phone", "email", "sms", "chat"] as const).map((value) => ({ value, label: t.ways[value] }))
}

/** ReasonFields are the reasons of the chosen group and the extra fields of the chosen reason. */
export function ReasonFields() {
  const t = useTexts(words)
  const group = Form.useWatch<string | undefined>("reason_group")
  const reason = Form.useWatch<string | undefined>("reason")
  const declared = useArrived("extra_fields")
  const fields = declared?.filter((e) => reason && e.values.reason === reason) ?? []
  return (
    <>
      <Form.Item name="reason" label={t.fields.reason}><EntryPick directory="reasons" filter={group ? { group } : undefined} /></Form.Item>
      {/* What is known of them is not lost by saving before their fields have come. */}
      {!declared && <Form.Item name="extra" hidden><Input /></Form.Item>}
      {fields.map((f) => (
        <Form.Item key={f.id} name={["extra", String(f.values.name)]} label={String(f.values.title)} required={!!f.values.required}><Extra field={f} /></Form.Item>
      ))}
    </>
  )
}

function Extra(props: { field: Schema<"Entry">; id?: string; value?: string; onChange?: (value: string | undefined) => void }) {
  const { field, ...rest } = props
  const change = (v: unknown) => props.onChange?.(v === null || v === undefined || v === "" ? undefined : String(v))
  const options = (field.values.options as string[] | undefined)?.map((value) => ({ value, label: value }))
  switch (field.values.type) {
    case "choice":
      return <Select {...rest} allowClear={clearable()} options={options} onChange={change} />
    case "number":
      return <InputNumber controls={false} {...rest} style={{ width: "100%" }} onChange={change} />
    case "date":
      return <Input {...rest} type="date" onChange={(e) => change(e.target.value)} />
    default:
      return <Input {...rest} onChange={(e) => change(e.target.value)} />
  }
}

function clean(extra: Record<string, unknown> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(extra ?? {}).filter(([, v]) => v !== undefined && v !== "").map(([k, v]) => [k, String(v)]))
}

function valuesOf(doc: Doc): Values {
  const a = doc.appeal
  return {
    subject: doc.subject, reason_group: a.reason_group, reason: a.reason, description: a.description ?? "", comment: a.comment ?? "", source: a.source,
    tags: a.tags ?? [], notify: a.notify ?? "", address: a.premises?.text ?? "", extra: a.extra ?? {},
  }
}

/** patch holds what differs from what the appeal has; null empties a field. */
function patch(values: Values, over: Doc): Schema<"AppealPatch"> {
  const before = valuesOf(over)
  const { address, ...rest } = values
  const changed = Object.entries(rest).filter(([k, v]) => JSON.stringify(v) !== JSON.stringify(before[k as keyof Values]))
  const out: Schema<"AppealPatch"> = Object.fromEntries(changed.map(([k, v]) => [k, k === "notify" ? (v ?? "") : v === undefined || v === "" ? null : v]))
  if (address !== before.address) out.premises = address ? { ...over.appeal.premises, text: address } : null
  return out
}
