import { EditOutlined } from "@ant-design/icons"
import { Button, DatePicker, Form, Input, Modal } from "antd"
import dayjs, { type Dayjs } from "dayjs"
import { type ReactNode, useState } from "react"
import { Link } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { read, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { EntryName } from "../../parts/EntryPick"
import { RecordForm } from "../../parts/RecordForm"
import { toast } from "../../parts/toast"
import { useSave } from "../../parts/useSave"
import { Due, When } from "../../parts/When"
import { date } from "../../texts/dates"
import { useTexts } from "../../texts/i18n"
import { peopleOf, reread } from "./common"
import { DocumentLink } from "./DocumentLink"
import { words } from "./texts"

type Document = Schema<"Document">

/** Requisites are the facts of a document, with a form to change those that may change. */
export function Requisites({ document: d }: { document: Document }) {
  const t = useTexts(words)
  const can = useCan()
  const [editing, setEditing] = useState(false)
  const channels = useGet("/api/v1/channels", {}, { enabled: can("channels.read"), staleTime: 60_000 }).data?.items ?? []
  const named = (c: Schema<"Correspondent">) => (c.party ? <Link to={`/parties/${c.party}`}>{peopleOf([c])}</Link> : peopleOf([c]))
  const facts: [string, ReactNode][] = [
    [t.number, d.number?.text], [t.date, d.number && date(d.number.date)], [t.kind, t.kinds[d.kind]], [t.from, named(d.sender)], [t.to, d.recipients?.map((r, i) => <div key={i}>{named(r)}</div>)],
    [t.due, d.due_at && <Due at={d.due_at} done={["answered", "sent", "closed"].includes(d.state)} />], [t.organization, d.organization && <EntryName directory="organizations" id={d.organization} />],
    [t.channel, d.channel && (channels.find((c) => c.id === d.channel)?.title ?? d.channel)], [t.outside, d.external_id && <span translate="no">{d.external_id}</span>],
    [t.answers, d.in_reply_to && <DocumentLink id={d.in_reply_to} />], [t.registered, <When key="r" at={d.created_at} full />],
    ...Object.entries(d.fields ?? {}).map(([name, value]): [string, ReactNode] => [t.fields[name] ?? name, value]),
  ]
  return (
    <section className="u-panel" aria-label={t.requisites}>
      <h2>{t.requisites}{can("documents.write") && <Button size="small" type="text" icon={<EditOutlined />} aria-label={t.edit} onClick={() => setEditing(true)} />}</h2>
      <dl className="u-doc-facts">{facts.filter(([, v]) => v && !(Array.isArray(v) && v.length === 0)).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      {d.appeal && <p><br /><Link to={`/appeals/${d.id}`}>{t.appeal}: {t.toAppeal}</Link></p>}
      {d.deadline && can("calendars.read") && <Explained id={d.id} />}
      {editing && <Edit document={d} close={() => setEditing(false)} />}
    </section>
  )
}

function Explained(props: { id: string }) {
  const t = useTexts(words)
  const { data } = useGet("/api/v1/documents/{id}/deadline", { params: { path: { id: props.id } } })
  if (!data?.explanation.length) return null
  return <details><summary>{t.explain}</summary>{data.explanation.map((line) => <p key={line}>{line}</p>)}</details>
}

type Field = { name: string; value: string }
type Values = { subject: string; due: string; fields: Field[] }

function valuesOf(d: Document): Values {
  return { subject: d.subject, due: d.due_at ?? "", fields: Object.entries(d.fields ?? {}).map(([name, value]) => ({ name, value })) }
}

/** What is no longer among the fields is removed by null. */
function fieldsPatch(values: Values, over: Document): Record<string, string | null> {
  const now = Object.fromEntries(values.fields.filter((f) => f.name).map((f) => [f.name, f.value]))
  const gone = Object.keys(over.fields ?? {}).filter((name) => !(name in now)).map((name) => [name, null])
  return { ...Object.fromEntries(gone), ...now }
}

/** atField finds a requisite by its name: for the REST they are no list. */
function atField(field: string, v: Values): string {
  if (field === "due_at") return "due"
  const row = v.fields.findIndex((f) => field === `fields.${f.name}`)
  return row >= 0 ? `fields.${row}.value` : field
}

function Edit({ document: d, close }: { document: Document; close: () => void }) {
  const t = useTexts(words)
  const path = { id: d.id }
  const { save, conflict } = useSave<Document, Values>({
    base: d, edits: valuesOf,
    write: (v, over) => call(api.PATCH("/api/v1/documents/{id}", { params: { path, header: ifMatch(over) }, body: { subject: v.subject, due_at: v.due || null, fields: fieldsPatch(v, over) } })),
    reread: async () => (await read("/api/v1/documents/{id}", { params: { path } })).document,
    saved: () => { toast.done(t.saved); void reread(); close() },
    titles: { subject: t.subject, due: t.due, fields: t.requisites },
    show: (field, value) => (field === "fields" ? (value as Field[]).map((f) => `${t.fields[f.name] ?? f.name}: ${f.value}`).join("; ") : undefined),
  })
  return (
    <Modal open title={t.edit} footer={null} onCancel={close} width={640}>
      <RecordForm<Values> initial={valuesOf(d)} save={save} cancel={close} at={atField}>
        <Form.Item name="subject" label={t.subject} rules={[{ required: true, message: t.reg.required }]}><Input maxLength={1000} /></Form.Item>
        <Form.Item name="due" label={t.due} getValueProps={(v?: string) => ({ value: v ? dayjs(v) : null })} normalize={(v: Dayjs | null) => v?.toISOString() ?? ""}><DatePicker format="DD.MM.YYYY HH:mm" showTime style={{ width: "100%" }} /></Form.Item>
        <Form.List name="fields">
          {(rows, { add, remove }, { errors }) => (
            <>
              {rows.map((row) => (
                <div className="u-doc-fields" key={row.key}>
                  <Form.Item name={[row.name, "name"]}><Input aria-label={t.field} placeholder={t.field} /></Form.Item>
                  <Form.Item name={[row.name, "value"]}><Input aria-label={t.fieldValue} placeholder={t.fieldValue} /></Form.Item>
                  <Button type="text" aria-label={t.removeField} onClick={() => remove(row.name)}>×</Button>
                </div>
              ))}
              <Button onClick={() => add({ name: "", value: "" })} style={{ marginBottom: 16 }}>{t.addField}</Button>
              <Form.ErrorList errors={errors} />
            </>
          )}
        </Form.List>
      </RecordForm>
      {conflict}
    </Modal>
  )
}
