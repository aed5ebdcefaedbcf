import { Button, Form, Input, Modal, Progress, Select } from "antd"
import { useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { useEvents } from "../../api/events"
import { refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import type { BulkAction } from "../../parts/DataList"
import { EntryPick, labelOf, useEntries } from "../../parts/EntryPick"
import { RecordForm } from "../../parts/RecordForm"
import { toast } from "../../parts/toast"
import { UserPick } from "../../parts/UserPick"
import { useTexts } from "../../texts/i18n"
import type { Row } from "./columns"
import { forwards, useChannels } from "./names"
import { words } from "./texts"
import { clearable } from "../../parts/clearable"

type Operation = Schema<"MassOperation">["name"]
type Chosen = { operation: Operation; rows: Row[]; done: () => void }

/** useBulk is one operation over many appeals: its form, then how far it has come, then what can be put back. */
export function useBulk() {
  const t = useTexts(words)
  const can = useCan()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [run, setRun] = useState<string | null>(null)
  const action = (operation: Operation, title: string): BulkAction<Row> => ({ key: operation, title, run: (rows, done) => setChosen({ operation, rows, done }) })
  const actions = [action("take", t.take), action("assign", t.hand), action("tag", t.tag_), action("forward", t.forward), action("close", t.close)]
  const dialog = (
    <>
      {chosen && <Ask chosen={chosen} close={() => setChosen(null)} begun={(id) => { chosen.done(); setChosen(null); setRun(id) }} titles={Object.fromEntries(actions.map((a) => [a.key, a.title]))} />}
      {run && <Run id={run} close={() => setRun(null)} />}
    </>
  )
  return { actions: can("mass.run") && can("appeals.write") ? actions : undefined, dialog }
}

function Ask(props: { chosen: Chosen; close: () => void; begun: (id: string) => void; titles: Record<string, string> }) {
  const t = useTexts(words)
  const { operation, rows } = props.chosen
  const final = useGet("/api/v1/mass-operations").data?.items.find((o) => o.name === operation)?.final
  const once = useOnce()
  const begin = async (args: object) => {
    const made = await once((header) => call(api.POST("/api/v1/mass-runs", { params: { header }, body: { operation, args: args as never, documents: rows.map((r) => r.id) } })))
    props.begun(made.id)
  }
  return (
    <Modal open title={props.titles[operation]} footer={null} onCancel={props.close} width={520}>
      <RecordForm<object> save={begin} cancel={props.close} saveTitle={t.run} title={props.titles[operation]} initial={operation === "close" ? { notify: "" } : {}}>
        <p><b>{t.bulk(rows.length)}</b></p>
        {final && <p className="u-quiet">{t.final}: {final}</p>}
        <Fields operation={operation} />
      </RecordForm>
    </Modal>
  )
}

function Fields(props: { operation: Operation }) {
  const t = useTexts(words)
  const channels = useChannels().filter(forwards)
  const templates = useEntries("result_templates")
  switch (props.operation) {
    case "assign":
      return (
        <>
          <Form.Item name="line" label={t.line}><EntryPick directory="support_lines" /></Form.Item>
          <Form.Item name="operator" label={t.operator}><UserPick /></Form.Item>
        </>
      )
    case "tag":
      return (
        <>
          <Form.Item name="add" label={t.addTags}><EntryPick directory="tags" multiple /></Form.Item>
          <Form.Item name="remove" label={t.removeTags}><EntryPick directory="tags" multiple /></Form.Item>
        </>
      )
    case "forward":
      return <Form.Item name="to" label={t.toSystems}><Select mode="multiple" options={channels.map((c) => ({ value: c.id, label: c.title }))} /></Form.Item>
    case "close":
      return (
        <>
          <Form.Item name="template" label={t.resultFrom}><Select allowClear={clearable()} options={templates.map((e) => ({ value: e.id, label: labelOf(e) }))} /></Form.Item>
          <Form.Item name="text" label={t.result}><Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} /></Form.Item>
        </>
      )
    default:
      return null
  }
}

/** Run shows how far a mass operation has come, and what it could not do. */
function Run(props: { id: string; close: () => void }) {
  const t = useTexts(words)
  const path = { id: props.id }
  const query = useGet("/api/v1/mass-runs/{id}", { params: { path } }, { refetchInterval: (q) => (["running", "undoing"].includes(q.state.data?.state ?? "running") ? 1000 : false) })
  const run = query.data
  useEvents(["mass.updated"], () => void refresh("/api/v1/mass-runs/{id}", "/api/v1/mass-runs/{id}/items"))
  const failed = useGet("/api/v1/mass-runs/{id}/items", { params: { path, query: { outcome: "failed", limit: 50 } } }, { enabled: !!run?.failed }).data?.items ?? []
  const over = run && !["running", "undoing"].includes(run.state)
  const say = (what: "cancel" | "undo") => call(api.POST(`/api/v1/mass-runs/{id}/${what}`, { params: { path } } as never) as never).then(() => refresh("/api/v1/mass-runs/{id}"), toast.error)
  const close = () => {
    void refresh("/api/v1/appeals")
    props.close()
  }
  const foot = (
    <div className="u-form-do">
      {over && run.undoable && run.state === "done" && run.done > 0 && <Button onClick={() => void say("undo")}>{t.undo}</Button>}
      {!over && <Button onClick={() => void say("cancel")}>{t.stop}</Button>}
      <Button type="primary" onClick={close}>{t.done}</Button>
    </div>
  )
  return (
    <Modal open title={run?.title ?? ""} footer={foot} onCancel={close}>
      {run && (
        <div className="a-form" role="status">
          <Progress percent={run.total ? Math.round(((run.state === "undoing" || run.state === "undone" ? run.undone : run.done + run.failed) / run.total) * 100) : 0} status={over ? (run.failed ? "exception" : "success") : "active"} />
          <div>{t.bulkDone(run.state === "undone" ? run.undone : run.done, run.total)}</div>
          {failed.length > 0 && <><b>{t.failed}: {run.failed}</b><ul className="a-list">{failed.map((f) => <li key={f.document}>{f.text}</li>)}</ul></>}
        </div>
      )}
    </Modal>
  )
}
