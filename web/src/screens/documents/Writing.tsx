import { Alert, Form, Input } from "antd"
import { useEffect, useState } from "react"
import { ifMatch, type Schema } from "../../api/client"
import { sendForm } from "../../api/upload"
import { FileDrop, Files, type HubFile } from "../../parts/Files"
import { RecordForm } from "../../parts/RecordForm"
import { toast } from "../../parts/toast"
import { useDraft } from "../../parts/useDraft"
import { useTexts } from "../../texts/i18n"
import { reread } from "./common"
import { Recipients } from "./Recipients"
import { words } from "./texts"

type Card = Schema<"DraftCard">
type Values = { subject: string; text: string; note?: string; to?: Schema<"Correspondent">[] }

/** What has been typed over a version of a draft's text. */
type Typed = { over: number; values: Values }

/** Writing is the text of a draft while it is typed: what is not saved yet, and how it becomes a version. */
export type Writing = ReturnType<typeof useWriting>

/** useWriting keeps what is typed over a reload; `settle` saves it before anything is done with the text. */
export function useWriting(card: Card) {
  const t = useTexts(words)
  const [typed, setTyped, gone] = useDraft<Typed | null>(`text.${card.draft.id}`, null)
  const [files, setFiles] = useState<File[]>([])
  const unsaved = typed !== null || files.length > 0
  const save = async (v: Values): Promise<Card["draft"]> => {
    const data = { ...v, to: v.to ?? card.text.to, keep_files: card.text.files?.map((f) => f.hash) ?? [] }
    const made = await sendForm<Card>(`/api/v1/drafts/${card.draft.id}/versions`, { data, files, headers: ifMatch(card.draft) })
    gone()
    setFiles([])
    toast.done(t.draft.saved)
    await reread()
    return made.draft
  }
  const settle = () => (unsaved ? save(typed?.values ?? valuesOf(card)) : Promise.resolve(card.draft))
  return { typed, type: (values: Values) => setTyped({ over: card.text.number, values }), files, setFiles, unsaved, save, settle }
}

function valuesOf(card: Card): Values {
  return { subject: card.text.subject, text: card.text.text, to: card.text.to, note: undefined }
}

/** urlOf is where a file of the draft's present text is. */
export const urlOf = (card: Card) => (f: HubFile) => `/api/v1/drafts/${card.draft.id}/versions/${card.text.number}/files/${f.hash}?name=${encodeURIComponent(f.name)}`

/** WritingForm is the text as a form. */
export function WritingForm({ card, writing }: { card: Card; writing: Writing }) {
  const t = useTexts(words)
  const [form] = Form.useForm<Values>()
  const { typed } = writing
  const kept = card.text.files ?? []
  const shown = typed === null ? card.text.number : undefined
  // A version that has come, one's own or a colleague's, fills the form as long as nothing is being typed in it. The card
  // itself is not waited for: it is read anew all the time, and its text is another only where its number is.
  useEffect(() => {
    if (shown !== undefined) form.setFieldsValue(valuesOf(card))
  }, [shown, form])
  return (
    <RecordForm<Values> form={form} initial={typed?.values ?? valuesOf(card)} save={writing.save} saveTitle={t.draft.save} onValues={writing.type} extra={writing.unsaved && <span className="u-quiet" role="status">{t.draft.unsaved}</span>}>
      {typed && typed.over < card.text.number && <Alert type="warning" role="alert" title={t.draft.overtaken(card.text.number)} />}
      {!card.draft.in_reply_to && <Form.Item name="to" label={t.draft.to}><Recipients /></Form.Item>}
      <Form.Item name="subject" label={t.draft.subject}><Input maxLength={1000} /></Form.Item>
      <Form.Item name="text" label={t.draft.text}><Input.TextArea autoSize={{ minRows: 10, maxRows: 30 }} /></Form.Item>
      <Form.Item name="note" label={t.draft.note}><Input maxLength={500} /></Form.Item>
      {kept.length > 0 && <Files files={kept} url={urlOf(card)} />}
      <Form.Item><FileDrop value={writing.files} onChange={writing.setFiles} small /></Form.Item>
    </RecordForm>
  )
}
