import { SendOutlined } from "@ant-design/icons"
import { Alert, Button, Checkbox, Input, Select } from "antd"
import type { TextAreaRef } from "antd/es/input/TextArea"
import { useRef, useState } from "react"
import type { Schema } from "../../../api/client"
import { useOnce } from "../../../api/once"
import { sendForm } from "../../../api/upload"
import { useKeys } from "../../../app/keys"
import { useCan, useSession } from "../../../app/session"
import { labelOf, useEntries } from "../../../parts/EntryPick"
import { FileDrop } from "../../../parts/Files"
import { explain, toast } from "../../../parts/toast"
import { useDraft } from "../../../parts/useDraft"
import { useTexts } from "../../../texts/i18n"
import { dateTime } from "../../../texts/dates"
import { useChannels } from "../names"
import { answers, bounds, hurdles } from "./limits"
import { type Doc, fill, known, reread } from "./model"
import { words } from "./texts"

/** Reply is the box an answer is written in; what is typed survives a reload. */
export function Reply(props: { doc: Doc }) {
  const t = useTexts(words)
  const { doc } = props
  const can = useCan()
  const [text, setText, sent] = useDraft(`reply.${doc.id}`, "")
  const [channel, setChannel] = useState<string | undefined>(doc.channel)
  const [files, setFiles] = useState<File[]>([])
  const [open, setOpen] = useState(false)
  const [share, setShare] = useState<number | undefined>(undefined)
  const [problem, setProblem] = useState("")
  const box = useRef<TextAreaRef>(null)
  const once = useOnce()
  const carrier = useChannels().find((c) => c.id === channel)
  const against = carrier ? hurdles(t.limits, carrier, { text, files }, channel === doc.channel) : []
  const send = async () => {
    if (against.length > 0) return toast.warn(`${t.cannot} ${against.join("; ")}`)
    if (!text.trim()) return toast.warn(t.replyEmpty)
    if (share !== undefined) return
    setShare(0)
    setProblem("")
    try {
      await once((headers) => sendForm(`/api/v1/appeals/${doc.id}/reply`, { data: { text, channel, keep_open: open || undefined }, files, headers }, setShare))
      toast.done(t.done.reply)
      sent()
      setFiles([])
    } catch (error) {
      setProblem(explain(error))
    } finally {
      setShare(undefined)
      await reread()
    }
  }
  const writes = can("appeals.write")
  useKeys({ R: { title: t.keys.reply, run: () => box.current?.focus() } })
  if (!writes) return null
  return (
    <form
      className="a-reply" aria-label={t.write} onSubmit={(e) => { e.preventDefault(); void send() }}
      onKeyDown={(e) => {
        if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey)) return
        e.preventDefault()
        void send()
      }}
    >
      <Input.TextArea
        ref={box} aria-label={t.write} placeholder={t.write} autoSize={{ minRows: 3, maxRows: 14 }} value={text} onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => e.key === "Escape" && box.current?.blur()}
      />
      <FileDrop small value={files} onChange={setFiles} share={share} largest={carrier?.carries?.limits.file_bytes} />
      <div className="a-reply-row">
        <Templates doc={doc} insert={(more) => setText(text ? `${text}\n${more}` : more)} />
        <Carrier value={channel} onChange={setChannel} />
        <Checkbox checked={open} onChange={(e) => setOpen(e.target.checked)}>{t.keepOpen}</Checkbox>
        <Button type="primary" htmlType="submit" icon={<SendOutlined />} loading={share !== undefined} title="Ctrl+Enter">{t.send}</Button>
      </div>
      {problem && <Alert type="error" role="alert" title={problem} closable={{ onClose: () => setProblem("") }} />}
      <Obstacles channel={carrier} against={against} />
    </form>
  )
}

function Templates(props: { doc: Doc; insert: (text: string) => void }) {
  const t = useTexts(words)
  const { user } = useSession()
  const { doc } = props
  const reasons = useEntries("reasons")
  const templates = useEntries("message_templates").filter((e) => !e.values.reason || e.values.reason === doc.appeal.reason)
  const reason = reasons.find((e) => e.id === doc.appeal.reason)
  const insert = (id: string) => {
    const text = String(templates.find((e) => e.id === id)?.values.text ?? "")
    props.insert(fill(text, known(doc, { operator: user.name, reason: reason && labelOf(reason), due: doc.due_at && dateTime(doc.due_at), date: dateTime(new Date()) })))
  }
  if (templates.length === 0) return null
  return <Select<string> aria-label={t.pickTemplate} placeholder={t.pickTemplate} showSearch={{ optionFilterProp: "label" }} value={null as never} onChange={insert} options={templates.map((e) => ({ value: e.id, label: labelOf(e) }))} />
}

function Carrier(props: { value?: string; onChange: (id: string | undefined) => void }) {
  const t = useTexts(words)
  const channels = useChannels().filter((c) => (c.enabled && answers(c)) || c.id === props.value)
  return <Select aria-label={t.via} placeholder={t.via} value={props.value} onChange={props.onChange} options={channels.map((c) => ({ value: c.id, label: c.title }))} />
}

/** Obstacles say what the channel can carry, and why it cannot carry this answer. */
function Obstacles(props: { channel?: Schema<"Channel">; against: string[] }) {
  const t = useTexts(words)
  const { channel, against } = props
  if (!channel) return null
  const down = channel.paused_out || !["running", "degraded"].includes(channel.status?.state ?? "")
  return (
    <>
      {against.length > 0 && <Alert type="error" role="alert" title={`${t.cannot} ${against.join("; ")}`} />}
      {channel.carries && <div className="u-quiet">{t.carries}: {bounds(t.limits, channel).join("; ")}</div>}
      {down && <div className="u-quiet" role="status">{channel.title}: {t.paused}</div>}
    </>
  )
}
