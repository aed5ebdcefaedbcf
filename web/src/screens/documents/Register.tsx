import { DatePicker, Form, Input, Segmented, Select } from "antd"
import dayjs, { type Dayjs } from "dayjs"
import { useState } from "react"
import { useNavigate, useSearchParams } from "react-router"
import type { Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { refresh, useGet } from "../../api/query"
import { sendForm } from "../../api/upload"
import { clearable } from "../../parts/clearable"
import { FileDrop } from "../../parts/Files"
import { Page } from "../../parts/Page"
import { PartyPick } from "../../parts/PartyPick"
import { RecordForm } from "../../parts/RecordForm"
import { toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { addressKind } from "./common"
import "./documents.css"
import { words } from "./texts"

type Direction = Schema<"Direction">
type Values = { subject: string; text?: string; journal?: string; date?: Dayjs; due?: Dayjs; party?: string; kind: Schema<"PartyKind">; name?: string; address?: string; delivery?: string }

/** What the form calls otherwise than the REST. */
const renamed: Record<string, string> = { due_at: "due", "fields.delivery_type": "delivery", "sender.addresses": "address", "sender.addresses.0.value": "address", "recipients.0.addresses.0.value": "address", "recipients.0.name": "name" }

/** Register takes a paper into the books by hand and shows the number it will get. */
export default function Register() {
  const t = useTexts(words)
  const [search, setSearch] = useSearchParams()
  const direction = (["outgoing", "internal"].find((d) => d === search.get("direction")) ?? "incoming") as Direction
  const change = (d: Direction) => setSearch({ direction: d }, { replace: true })
  const extra = <Segmented<Direction> aria-label={t.direction} value={direction} onChange={change} options={(["incoming", "outgoing", "internal"] as const).map((d) => ({ value: d, label: t.one[d] }))} />
  return <Page title={t.reg.title} extra={extra}><Paper key={direction} direction={direction} /></Page>
}

function Paper({ direction }: { direction: Direction }) {
  const t = useTexts(words)
  const navigate = useNavigate()
  const [form] = Form.useForm<Values>()
  const [files, setFiles] = useState<File[]>([])
  const [share, setShare] = useState<number | undefined>(undefined)
  const once = useOnce()
  const journals = (useGet("/api/v1/journals").data?.items ?? []).filter((j) => j.direction === direction)
  const chosen = Form.useWatch("journal", form)
  const party = Form.useWatch("party", form)
  const journal = journals.find((j) => j.id === chosen) ?? journals.find((j) => j.id === direction) ?? journals[0]
  const save = async (v: Values) => {
    const data = { direction, subject: v.subject, text: v.text, journal: v.journal, date: v.date?.format("YYYY-MM-DD"), due_at: v.due?.toISOString(), ...correspondent(v, direction), ...(v.delivery && { fields: { delivery_type: v.delivery } }) }
    try {
      const made = await once((headers) => sendForm<Schema<"Document">>("/api/v1/documents", { data, files, headers }, setShare))
      toast.done(t.reg.done(made.number?.text ?? ""))
      void refresh("/api/v1/documents", "/api/v1/journals")
      await navigate(`/documents/${made.id}`, { replace: true })
    } finally {
      setShare(undefined)
    }
  }
  const required = [{ required: true, message: t.reg.required }]
  return (
    <div className="u-panel u-paper">
      <div className="u-doc-number" role="status"><span>{t.reg.preview}</span><b>{journal?.next ?? t.reg.noNumber}</b><span className="u-quiet">{t.reg.previewNote}</span></div>
      <RecordForm<Values> form={form} initial={{ kind: "person" }} save={save} saveTitle={t.reg.save} cancel={() => void navigate(-1)} title={t.reg.title} at={(field) => renamed[field] ?? field}>
        <div>
          <Form.Item name="subject" label={t.reg.subject} rules={required}><Input maxLength={1000} autoFocus /></Form.Item>
          <div className="u-fields u-pairs">
            <Form.Item name="journal" label={t.reg.journal}><Select allowClear={clearable()} placeholder={t.reg.byDefault} options={journals.map((j) => ({ value: j.id, label: j.title }))} /></Form.Item>
            <Form.Item name="date" label={t.reg.date}><DatePicker format="DD.MM.YYYY" maxDate={dayjs()} placeholder={dayjs().format("DD.MM.YYYY")} style={{ width: "100%" }} /></Form.Item>
            <Form.Item name="delivery" label={t.reg.delivery}><Input /></Form.Item>
            <Form.Item name="due" label={t.reg.due}><DatePicker format="DD.MM.YYYY HH:mm" showTime={{ defaultValue: dayjs().hour(18).minute(0) }} style={{ width: "100%" }} /></Form.Item>
          </div>
        </div>
        {direction !== "internal" && (
          <fieldset className="u-section">
            <legend>{direction === "incoming" ? t.reg.sender : t.reg.receiver}</legend>
            <Form.Item name="party" label={t.reg.known}><PartyPick onChange={(_, p) => form.setFieldsValue(p ? { kind: p.kind, name: p.name } : {})} /></Form.Item>
            {!party && (
              <div className="u-fields u-pairs">
                <Form.Item name="kind" label={direction === "incoming" ? t.reg.senderKind : t.reg.receiverKind}><Select options={(["person", "organization"] as const).map((k) => ({ value: k, label: t.reg.kinds[k] }))} /></Form.Item>
                <Form.Item name="name" label={t.reg.name}><Input maxLength={500} /></Form.Item>
                <Form.Item name="address" label={t.reg.address} className="u-wide-field"><Input maxLength={500} /></Form.Item>
              </div>
            )}
          </fieldset>
        )}
        <div className="u-paper-text">
          <Form.Item name="text" label={t.reg.text}><Input.TextArea autoSize={{ minRows: 9, maxRows: 24 }} /></Form.Item>
          <Form.Item label={t.reg.files}><FileDrop value={files} onChange={setFiles} share={files.length > 0 ? share : undefined} /></Form.Item>
        </div>
      </RecordForm>
    </div>
  )
}

function correspondent(v: Values, direction: Direction) {
  if (direction === "internal" || (!v.party && !v.name && !v.address)) return {}
  const who = { party: v.party, kind: v.kind, name: v.name, ...(v.address && { addresses: [{ kind: addressKind(v.address), value: v.address }] }) }
  return direction === "incoming" ? { sender: who } : { recipients: [who] }
}
