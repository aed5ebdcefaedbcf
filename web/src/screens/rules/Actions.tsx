import { CloseOutlined, PlusOutlined } from "@ant-design/icons"
import { Button, Input, InputNumber, Select } from "antd"
import type { ReactNode } from "react"
import type { Fault } from "../../api/errors"
import { useGet } from "../../api/query"
import { EntryPick } from "../../parts/EntryPick"
import { termUnits } from "../../parts/terms"
import { UserPick } from "../../parts/UserPick"
import { useTexts } from "../../texts/i18n"
import { Wrong } from "./Builder"
import { type Action, asks } from "./model"
import { words } from "./texts"

/** Actions edits what a rule does, in its order. */
export function Actions(props: { value: Action[]; onChange: (value: Action[]) => void; faults: readonly Fault[] }) {
  const t = useTexts(words)
  const { value, onChange } = props
  return (
    <div className="u-view">
      {value.map((a, i) => (
        <One
          key={i} value={a} onChange={(to) => onChange(value.with(i, to))} remove={value.length > 1 ? () => onChange(value.toSpliced(i, 1)) : undefined}
          faults={props.faults} path={`then.${i}`}
        />
      ))}
      <div><Button size="small" icon={<PlusOutlined aria-hidden />} onClick={() => onChange([...value, { do: "set_line" }])}>{t.addAction}</Button></div>
      <Wrong faults={props.faults.filter((f) => f.field === "then")} at="then" />
    </div>
  )
}

function One(props: { value: Action; onChange: (value: Action) => void; remove?: () => void; faults: readonly Fault[]; path: string }) {
  const t = useTexts(words)
  const { value: a } = props
  return (
    <div className="u-action">
      <Select
        aria-label={t.actionOf} value={a.do} popupMatchSelectWidth={false} options={(Object.keys(asks) as Action["do"][]).map((value) => ({ value, label: t.does[value] }))}
        onChange={(to) => props.onChange({ do: to, ...(to === "set_operator" && { choice: "load" }), ...(to === "set_term" && { term: { kind: "working_days", amount: 10 } }) })}
      />
      <div className="u-action-asks">{asks[a.do].map((name) => <Ask key={name} name={name} value={a} onChange={props.onChange} />)}</div>
      {props.remove && <Button type="text" icon={<CloseOutlined />} aria-label={t.removeAction} onClick={props.remove} />}
      <Wrong faults={props.faults} at={props.path} names={{ title: a.do === "reply" ? t.subject : t.taskTitle }} />
    </div>
  )
}

function Ask(props: { name: keyof Action; value: Action; onChange: (value: Action) => void }): ReactNode {
  const t = useTexts(words)
  const { value: a } = props
  const set = (change: Partial<Action>) => props.onChange({ ...a, ...change })
  switch (props.name) {
    case "line":
      return <EntryPick directory="support_lines" placeholder={t.line} value={a.line} onChange={(line?: string) => set({ line })} />
    case "choice":
      return <Select aria-label={t.choice} value={a.choice} popupMatchSelectWidth={false} onChange={(choice) => set({ choice })} options={(["load", "turn", "fixed"] as const).map((value) => ({ value, label: t.choices[value] }))} />
    case "users":
      return <UserPick multiple placeholder={t.users} value={a.users ?? []} onChange={(users: string[]) => set({ users })} />
    case "reason_group":
      return <EntryPick directory="reason_groups" placeholder={t.reasonGroup} value={a.reason_group} onChange={(reason_group?: string) => set({ reason_group })} />
    case "reason":
      return <EntryPick directory="reasons" placeholder={t.reason} value={a.reason} onChange={(reason?: string) => set({ reason })} />
    case "tags":
      return <EntryPick multiple directory="tags" placeholder={t.tags} value={a.tags ?? []} onChange={(tags: string[]) => set({ tags })} />
    case "term":
      return <TermFields value={a.term} onChange={(term) => set({ term })} clear={a.do !== "set_term"} />
    case "performer":
      return <UserPick placeholder={t.performer} value={a.performer} onChange={(performer?: string) => set({ performer })} />
    case "controller":
      return <UserPick placeholder={t.controller} value={a.controller} onChange={(controller?: string) => set({ controller })} />
    case "channels":
      return <Channels value={a.channels ?? []} onChange={(channels) => set({ channels })} />
    case "template":
      return <EntryPick directory="message_templates" placeholder={t.template} value={a.template} onChange={(template?: string) => set({ template })} />
    case "title":
      return <Input aria-label={a.do === "reply" ? t.subject : t.taskTitle} placeholder={a.do === "reply" ? t.subject : t.taskTitle} value={a.title} onChange={(e) => set({ title: e.target.value || undefined })} />
    case "text":
      return <Input.TextArea aria-label={t.text} placeholder={a.do === "reply" ? `${t.text}. ${t.textHint}` : t.text} autoSize={{ minRows: 1, maxRows: 8 }} value={a.text} onChange={(e) => set({ text: e.target.value || undefined })} />
  }
  return null
}

function TermFields(props: { value?: Action["term"]; onChange: (term: Action["term"]) => void; clear: boolean }) {
  const t = useTexts(words)
  const { value: v } = props
  const units = useTexts(termUnits)
  const kinds = (Object.keys(units) as (keyof typeof units)[]).map((value) => ({ value: value as NonNullable<Action["term"]>["kind"], label: units[value](v?.amount ?? 0) }))
  return (
    <div className="u-term">
      <InputNumber controls={false} aria-label={`${t.term}: ${t.amount}`} placeholder={t.term} min={1} max={10_000} value={v?.amount} onChange={(amount) => props.onChange(amount === null && props.clear ? undefined : { kind: v?.kind ?? "working_days", amount: amount ?? 1 })} />
      <Select aria-label={t.term} value={v?.kind ?? "working_days"} popupMatchSelectWidth={false} options={kinds} onChange={(kind) => props.onChange({ kind, amount: v?.amount ?? 1 })} />
    </div>
  )
}

function Channels(props: { value: string[]; onChange: (value: string[]) => void }) {
  const t = useTexts(words)
  const channels = useGet("/api/v1/channels", {}, { staleTime: 60_000 }).data?.items ?? []
  return <Select mode="multiple" aria-label={t.channels} placeholder={t.channels} value={props.value} onChange={props.onChange} options={channels.map((c) => ({ value: c.id, label: c.title }))} />
}
