import { Button, Form, Input, Modal, Select, Switch } from "antd"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { read, refresh } from "../../api/query"
import { History } from "../../parts/History"
import { RecordForm } from "../../parts/RecordForm"
import { confirm, toast } from "../../parts/toast"
import { useSave } from "../../parts/useSave"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Journal = Schema<"Journal">
type Values = Schema<"JournalInput">

/** JournalForm makes a journal, changes one or deletes it. */
export function JournalForm(props: { journal?: Journal; close: () => void }) {
  const t = useTexts(words)
  const { journal, close } = props
  const done = (text: string) => () => { toast.done(text); void refresh("/api/v1/journals", "/api/v1/journals/{id}"); close() }
  const titles = { id: t.code, title: t.name, direction: t.direction, template: t.template, index: t.index, yearly: t.yearly }
  const { save, conflict } = useSave<Journal, Values>({
    base: journal ?? ({} as Journal), edits, titles, saved: done(t.saved),
    write: (body, over) => call(api.PUT("/api/v1/journals/{id}", { params: { path: { id: over.id }, header: ifMatch(over) }, body: { ...body, id: over.id } })),
    reread: () => read("/api/v1/journals/{id}", { params: { path: { id: journal?.id ?? "" } } }),
    show: (field, value) => (field === "direction" ? t.directions[value as Journal["direction"]] : field === "yearly" ? (value ? t.yes : t.no) : undefined),
  })
  const create = (body: Values) => call(api.POST("/api/v1/journals", { body })).then(done(t.saved))
  const remove = async (j: Journal) => {
    if (!(await confirm({ title: t.removeAsk(j.title), text: t.removeText, yes: t.remove, danger: true }))) return
    await call(api.DELETE("/api/v1/journals/{id}", { params: { path: { id: j.id }, header: ifMatch(j) } })).then(done(t.removed), toast.error)
  }
  const extra = journal && <><span className="u-gap" /><History of="/api/v1/journals/{id}/history" params={{ id: journal.id }} titles={titles} /><Button danger onClick={() => void remove(journal)}>{t.remove}</Button></>
  return (
    <Modal open title={journal ? t.edit : t.add} footer={null} width={640} onCancel={close}>
      <RecordForm<Values> title={journal ? t.edit : t.add} initial={journal ? edits(journal) : { direction: "incoming", yearly: true, template: "{n:06}/{yyyy}" }} save={journal ? save : create} cancel={close} extra={extra}>
        <Form.Item name="title" label={t.name} required><Input autoFocus maxLength={200} /></Form.Item>
        {!journal && <Form.Item name="id" label={t.code} required extra={t.codeHint}><Input maxLength={40} autoCapitalize="none" /></Form.Item>}
        <Form.Item name="direction" label={t.direction}><Select options={(["incoming", "outgoing", "internal"] as const).map((value) => ({ value, label: t.directions[value] }))} /></Form.Item>
        <Form.Item name="template" label={t.template} required extra={t.templateHint}><Input translate="no" maxLength={100} /></Form.Item>
        <Form.Item name="index" label={t.index}><Input maxLength={100} /></Form.Item>
        <Form.Item name="yearly" label={t.yearly} valuePropName="checked"><Switch /></Form.Item>
      </RecordForm>
      {conflict}
    </Modal>
  )
}

function edits(j: Journal): Values {
  return { id: j.id, title: j.title, direction: j.direction, template: j.template, index: j.index, yearly: j.yearly }
}
