import { Form, Input, Modal, Rate, Select } from "antd"
import { type ReactNode, useRef } from "react"
import { useNavigate } from "react-router"
import { api, call, type Schema } from "../../../api/client"
import { useOnce } from "../../../api/once"
import { EntryPick, labelOf, useEntries } from "../../../parts/EntryPick"
import { RecordForm } from "../../../parts/RecordForm"
import { toast } from "../../../parts/toast"
import { UserPick } from "../../../parts/UserPick"
import { useTexts } from "../../../texts/i18n"
import { type Act, act } from "./act"
import { type Doc, reread } from "./model"
import { ways } from "./Requisites"
import { words } from "./texts"
import { clearable } from "../../../parts/clearable"

type Props = { doc: Doc; close: () => void }

/** Ask is a dialog with a form; Ctrl+Enter does it, Escape leaves. */
export function Ask<V extends object>(props: { title: string; yes: string; initial?: Partial<V>; run: (values: V) => Promise<unknown>; said: string; close: () => void; children: ReactNode }) {
  const save = async (values: V) => {
    await props.run(values)
    toast.done(props.said)
    await reread() // what is done next is done over the new version
    props.close()
  }
  return (
    <Modal open title={props.title} footer={null} onCancel={props.close} destroyOnHidden width={560}>
      <RecordForm<V> initial={props.initial} save={save} cancel={props.close} saveTitle={props.yes} title={props.title}>{props.children}</RecordForm>
    </Modal>
  )
}

type Hand = { line?: string; operator?: string; comment?: string; performers?: string[] }

/** HandDialog hands the appeal to a line or an operator; performers get a task with the comment. */
export function HandDialog(props: Props) {
  const t = useTexts(words)
  const { doc } = props
  const once = useOnce()
  // A task that was made stays as it is when the handing over fails and is tried again, whatever has been changed meanwhile:
  // its performers have been told already.
  const made = useRef(false)
  const run = async ({ line, operator, comment, performers }: Hand) => {
    if (performers?.length && !made.current) {
      await once((header) => call(api.POST("/api/v1/tasks", {
        params: { header },
        body: { kind: "assignment", title: (comment || doc.subject).slice(0, 900), text: comment, document: doc.id, performer: performers[0], co_performers: performers.slice(1) },
      })))
      made.current = true
    }
    const target = { line: line === doc.appeal.line ? undefined : line, operator }
    if (target.line || target.operator) await act(doc, "transfer", target)
  }
  return (
    <Ask<Hand> title={t.handTitle} yes={t.hand} initial={{ line: doc.appeal.line }} run={run} said={t.done.hand} close={props.close}>
      <Form.Item name="line" label={t.fields.line}><EntryPick directory="support_lines" /></Form.Item>
      <Operator />
      <Form.Item name="performers" label={t.performers}><UserPick multiple /></Form.Item>
      <Form.Item name="comment" label={t.handComment} extra={t.handNote}><Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} /></Form.Item>
    </Ask>
  )
}

function Operator() {
  const t = useTexts(words)
  const line = Form.useWatch<string | undefined>("line")
  return <Form.Item name="operator" label={t.fields.operator}><UserPick line={line} /></Form.Item>
}

type Result = Schema<"ResultInput">

/** CloseDialog closes the appeal with the works done and tells the applicant. */
export function CloseDialog(props: Props) {
  const t = useTexts(words)
  const { doc } = props
  return (
    <Ask<Result> title={t.closeTitle} yes={t.close} initial={{ notify: doc.appeal.notify ?? "", text: doc.appeal.result?.text }} run={(r) => act(doc, "close", cleaned(r))} said={t.done.close} close={props.close}>
      <ResultFields />
    </Ask>
  )
}

const cleaned = (r: Result): Result => ({ template: r.template, text: r.text || undefined, works: r.works?.length ? r.works : undefined, notify: r.notify ?? "" })

function ResultFields(props: { under?: string }) {
  const t = useTexts(words)
  const form = Form.useFormInstance()
  const under = (name: string) => (props.under ? [props.under, name] : name)
  const templates = useEntries("result_templates")
  const choose = (id: string | undefined) => {
    const chosen = templates.find((e) => e.id === id)
    if (!chosen) return
    form.setFieldValue(under("works"), (chosen.values.works as string[] | undefined) ?? [])
    form.setFieldValue(under("text"), "")
  }
  const works = templates.flatMap((e) => (e.values.works as string[] | undefined) ?? [])
  const chosen = Form.useWatch<string | undefined>(under("template"))
  const template = templates.find((e) => e.id === chosen)
  return (
    <>
      <Form.Item name={under("template")} label={t.template}><Select allowClear={clearable()} showSearch={{ optionFilterProp: "label" }} options={templates.map((e) => ({ value: e.id, label: labelOf(e) }))} onChange={choose} /></Form.Item>
      <Form.Item name={under("works")} label={t.works}><Select mode="tags" placeholder={t.worksHint} options={[...new Set(works)].map((value) => ({ value, label: value }))} /></Form.Item>
      <Form.Item name={under("text")} label={t.resultText}><Input.TextArea autoFocus autoSize={{ minRows: 3, maxRows: 10 }} placeholder={template && String(template.values.text)} /></Form.Item>
      <Form.Item name={under("notify")} label={t.notify}><Select options={ways(t)} /></Form.Item>
    </>
  )
}

/** RejectDialog rejects the appeal with a reason. */
export function RejectDialog(props: Props) {
  const t = useTexts(words)
  const { doc } = props
  return (
    <Ask<Schema<"RejectInput">> title={t.reject} yes={t.reject} initial={{ notify: doc.appeal.notify ?? "" }} run={(v) => act(doc, "reject", v)} said={t.done.reject} close={props.close}>
      <Form.Item name="reason" label={t.rejectReason}><Input.TextArea autoFocus autoSize={{ minRows: 3, maxRows: 8 }} /></Form.Item>
      <Form.Item name="notify" label={t.notify}><Select options={ways(t)} /></Form.Item>
    </Ask>
  )
}

/** PlanDialog lets the appeal wait until a moment. */
export function PlanDialog(props: Props) {
  const t = useTexts(words)
  const run = ({ planned_at }: { planned_at?: string }) => act(props.doc, "plan", { planned_at: planned_at ? new Date(planned_at).toISOString() : "" })
  return (
    <Ask<{ planned_at?: string }> title={t.plan} yes={t.plan} run={run} said={t.done.plan} close={props.close}>
      <Form.Item name="planned_at" label={t.planAt} rules={[{ required: true, message: t.planAt }]}><Input autoFocus type="datetime-local" /></Form.Item>
    </Ask>
  )
}

/** RateDialog takes down what the applicant said about the work. */
export function RateDialog(props: Props) {
  const t = useTexts(words)
  return (
    <Ask<Schema<"RatingInput">> title={t.rate} yes={t.save} initial={props.doc.appeal.rating} run={({ score, comment }) => act(props.doc, "rating", { score, comment })} said={t.done.rate} close={props.close}>
      <Form.Item name="score" label={t.score} rules={[{ required: true, message: t.score }]}><Rate /></Form.Item>
      <Form.Item name="comment" label={t.scoreComment}><Input.TextArea autoSize={{ minRows: 2, maxRows: 6 }} /></Form.Item>
    </Ask>
  )
}

type Other = { result?: Result; question: Schema<"QuestionInput"> }

/** OtherDialog opens another appeal of the same applicant: after this one is closed, or beside it. */
export function OtherDialog(props: Props & { act: Extract<Act, "other" | "split"> }) {
  const t = useTexts(words)
  const { doc } = props
  const navigate = useNavigate()
  const other = props.act === "other"
  const once = useOnce()
  const run = async ({ result, question }: Other) => {
    const body = other ? { result: cleaned(result ?? {}), question } : question
    const pair = await once((key) => act<Schema<"AppealPair">>(doc, props.act, body, key))
    void navigate(`/appeals/${pair.next.id}`)
  }
  return (
    <Ask<Other> title={other ? t.otherTitle : t.split} yes={other ? t.other : t.split} initial={{ result: { notify: doc.appeal.notify ?? "" } }} run={run} said={t.done.saved} close={props.close}>
      <p className="u-quiet">{other ? t.otherNote : t.splitNote}</p>
      {other && <ResultFields under="result" />}
      <Form.Item name={["question", "subject"]} label={`${t.question}: ${t.fields.subject.toLowerCase()}`} rules={[{ required: true, message: t.fields.subject }]}><Input /></Form.Item>
      <Form.Item name={["question", "reason_group"]} label={t.fields.reason_group}><EntryPick directory="reason_groups" /></Form.Item>
      <Form.Item name={["question", "reason"]} label={t.fields.reason}><EntryPick directory="reasons" /></Form.Item>
      <Form.Item name={["question", "description"]} label={t.fields.description}><Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} /></Form.Item>
    </Ask>
  )
}
