import { Button, Checkbox, Form, type FormInstance, Input, Select } from "antd"
import { useState } from "react"
import { useNavigate, useSearchParams } from "react-router"
import { api, call, type Schema } from "../../../api/client"
import { type OnceKey, useOnce } from "../../../api/once"
import { refresh } from "../../../api/query"
import { sendForm } from "../../../api/upload"
import { useCan } from "../../../app/session"
import { EntryPick, useEntries } from "../../../parts/EntryPick"
import { FileDrop } from "../../../parts/Files"
import { Page } from "../../../parts/Page"
import { RecordForm } from "../../../parts/RecordForm"
import { toast } from "../../../parts/toast"
import { useDraft } from "../../../parts/useDraft"
import { useTexts } from "../../../texts/i18n"
import "../appeals.css"
import { Articles } from "../card/Articles"
import { ReasonFields, ways } from "../card/Requisites"
import { words as cardWords } from "../card/texts"
import { Accounts } from "./Accounts"
import { words } from "./texts"
import { applicantOf, fieldOf, inputOf, named, type Values } from "./values"
import { KnownBeside, Who } from "./Who"

/** NewAppeal registers what somebody has said on the phone or at the desk; what is typed survives a reload. */
export default function NewAppeal() {
  const t = useTexts(words)
  const [search] = useSearchParams()
  const source = search.get("source") ?? undefined
  const [draft, setDraft, registered] = useDraft<Partial<Values> | null>("appeal.new", null)
  const [anew, setAnew] = useState(0)
  const [begun] = useState(draft)
  const start = () => {
    registered()
    setAnew(anew + 1)
  }
  const empty: Partial<Values> = { kind: "person", notify: "", take: true, keep: true, source }
  return (
    <Page title={t.title}>
      {begun && anew === 0 && <div className="a-notes"><div className="a-note" role="status">{t.kept} <Button size="small" onClick={start}>{t.drop}</Button></div></div>}
      <Filled key={anew} initial={{ ...empty, ...(anew === 0 && begun), ...(source && { source }) }} keep={setDraft} registered={registered} />
    </Page>
  )
}

function Filled(props: { initial: Partial<Values>; keep: (values: Values) => void; registered: () => void }) {
  const t = useTexts(words)
  const navigate = useNavigate()
  const [form] = Form.useForm<Values>()
  const { files, setFiles, share, register } = useRegister(form, props.registered)
  const reason = Form.useWatch("reason", form)
  return (
    <div className="a-new">
      <div className="u-panel">
        <RecordForm<Values> form={form} initial={props.initial} save={register} cancel={() => void navigate(-1)} saveTitle={t.create} title={t.title} at={fieldOf} onValues={props.keep} extra={<Form.Item name="take" valuePropName="checked" noStyle><Checkbox>{t.createTake}</Checkbox></Form.Item>}>
          <Who />
          <About />
          <Accounts />
          <How />
          <fieldset className="u-section a-new-files">
            <legend>{t.files}</legend>
            <Form.Item><FileDrop value={files} onChange={setFiles} share={files.length > 0 ? share : undefined} /></Form.Item>
          </fieldset>
        </RecordForm>
      </div>
      <div className="a-column">
        <KnownBeside form={form} />
        <Articles reason={reason} />
      </div>
    </div>
  )
}

/** useRegister makes the applicant known, if that is wanted, registers the appeal and opens its card. */
function useRegister(form: FormInstance<Values>, registered: () => void) {
  const t = useTexts(words)
  const can = useCan()
  const navigate = useNavigate()
  const sources = useEntries("sources")
  const [files, setFiles] = useState<File[]>([])
  const [share, setShare] = useState<number | undefined>(undefined)
  const once = useOnce()
  const onceParty = useOnce()
  const register = async (values: Values) => {
    const who = applicantOf(values)
    if (!named(who)) return toast.warn(t.needWho)
    try {
      const party = values.party ?? (values.keep && can("parties.write") && who.name ? await onceParty((header) => makeKnown(who, header)) : undefined)
      form.setFieldValue("party", party)
      const code = sources.find((s) => s.id === values.source)?.values.code
      const made = await once((headers) => sendForm<Schema<"Document">>("/api/v1/appeals", { data: inputOf({ ...values, party }, code === undefined ? undefined : String(code)), files, headers }, setShare))
      registered()
      toast.done(t.done(made.number?.text ?? ""))
      void refresh("/api/v1/appeals", "/api/v1/parties")
      await navigate(`/appeals/${made.id}`, { replace: true })
    } finally {
      setShare(undefined)
    }
  }
  return { files, setFiles, share, register }
}

async function makeKnown(who: Schema<"Correspondent">, header: OnceKey): Promise<string> {
  const body = { kind: who.kind ?? "person", name: who.name ?? "", addresses: who.addresses ?? [] }
  return (await call(api.POST("/api/v1/parties", { body, params: { header } }))).id
}

function About() {
  const t = useTexts(words)
  const c = useTexts(cardWords)
  return (
    <fieldset className="u-section a-new-about">
      <legend>{t.about}</legend>
      <Form.Item name="subject" label={t.subject} rules={[{ required: true, whitespace: true, message: t.needSubject }]}><Input maxLength={1000} /></Form.Item>
      <div className="u-fields">
        <Form.Item name="reason_group" label={c.fields.reason_group}><EntryPick directory="reason_groups" /></Form.Item>
        <ReasonFields />
      </div>
      <Form.Item name="description" label={t.description}><Input.TextArea autoSize={{ minRows: 4, maxRows: 16 }} /></Form.Item>
      <Form.Item name="comment" label={t.comment} extra={t.commentHint}><Input.TextArea autoSize={{ minRows: 1, maxRows: 8 }} /></Form.Item>
    </fieldset>
  )
}

function How() {
  const t = useTexts(words)
  const c = useTexts(cardWords)
  return (
    <fieldset className="u-section a-new-how">
      <legend>{t.how}</legend>
      <div className="u-fields">
        <Form.Item name="source" label={t.source}><EntryPick directory="sources" /></Form.Item>
        <Form.Item name="line" label={t.line}><EntryPick directory="support_lines" placeholder={t.byReason} /></Form.Item>
        <Form.Item name="tags" label={t.tags}><EntryPick directory="tags" multiple /></Form.Item>
        <Form.Item name="notify" label={t.notify}><Select options={ways(c)} /></Form.Item>
      </div>
    </fieldset>
  )
}
