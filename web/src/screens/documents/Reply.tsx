import { Button, Checkbox, Input, Select } from "antd"
import { useEffect, useId, useState } from "react"
import type { Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { useGet } from "../../api/query"
import { sendForm } from "../../api/upload"
import { useKeys } from "../../app/keys"
import { clearable } from "../../parts/clearable"
import { FileDrop } from "../../parts/Files"
import { explain, toast } from "../../parts/toast"
import { useDraft } from "../../parts/useDraft"
import { useTexts } from "../../texts/i18n"
import { reread } from "./common"
import { words } from "./texts"

/** Reply answers an incoming document at once; the text survives a reload. */
export function Reply({ document: d, close }: { document: Schema<"Document">; close: () => void }) {
  const t = useTexts(words)
  const [text, setText, gone] = useDraft(`reply.${d.id}`, "")
  const [subject, setSubject] = useState(`Re: ${d.subject}`)
  const [channel, setChannel] = useState<string | undefined>(undefined)
  const [keepOpen, setKeepOpen] = useState(false)
  const [files, setFiles] = useState<File[]>([])
  const [share, setShare] = useState<number | undefined>(undefined)
  const [fault, setFault] = useState("")
  const once = useOnce()
  const ids = useId()
  const channels = useGet("/api/v1/channels", {}, { staleTime: 60_000 }).data?.items ?? []
  useEffect(() => document.getElementById(`${ids}text`)?.focus(), [ids])
  const send = async () => {
    setFault("")
    setShare(0)
    try {
      await once((headers) => sendForm(`/api/v1/documents/${d.id}/reply`, { data: { subject, text, channel, keep_open: keepOpen }, files, headers }, setShare))
      gone()
      toast.done(t.sent)
      close()
      await reread()
    } catch (error) {
      setFault(explain(error))
    } finally {
      setShare(undefined)
    }
  }
  useKeys({ "mod+Enter": { title: t.send, run: () => void send() } })
  return (
    <section className="u-panel" aria-label={t.replyTitle}>
      <h2>{t.replyTitle}</h2>
      {!d.channel && <p className="u-quiet">{t.replyNoChannel}</p>}
      <label className="u-label" htmlFor={`${ids}subject`}>{t.replySubject}</label>
      <Input id={`${ids}subject`} value={subject} onChange={(e) => setSubject(e.target.value)} />
      <br /><br />
      <label className="u-label" htmlFor={`${ids}text`}>{t.replyText}</label>
      <Input.TextArea id={`${ids}text`} value={text} autoSize={{ minRows: 6, maxRows: 24 }} onChange={(e) => setText(e.target.value)} />
      <p className="u-quiet">{t.keepDraft}</p>
      <FileDrop value={files} onChange={setFiles} share={files.length > 0 ? share : undefined} small />
      <br />
      <label className="u-label" htmlFor={`${ids}channel`}>{t.replyChannel}</label>
      <Select id={`${ids}channel`} allowClear={clearable()} value={channel} onChange={setChannel} placeholder={d.channel ? t.sameChannel : undefined} options={channels.map((c) => ({ value: c.id, label: c.title }))} style={{ width: 320, maxWidth: "100%" }} />
      <p style={{ margin: "10px 0" }}><Checkbox checked={keepOpen} onChange={(e) => setKeepOpen(e.target.checked)}>{t.keepOpen}</Checkbox></p>
      {fault && <p className="u-fault" role="alert">{fault}</p>}
      <div className="u-form-do"><Button type="primary" loading={share !== undefined} onClick={() => void send()}>{t.send}</Button><Button onClick={close}>{t.cancelReply}</Button></div>
    </section>
  )
}
