import { DatePicker, Input, InputNumber, Select, Switch } from "antd"
import dayjs from "dayjs"
import type { ReactNode } from "react"
import { useLanguage } from "../../app/language"
import { EntryPick, labelOf, useDirectory, useEntries } from "../../parts/EntryPick"
import { FileDrop, Files } from "../../parts/Files"
import { pick, useTexts } from "../../texts/i18n"
import "./directories.css"
import { words } from "./texts"
import type { Entry, Field, TermValue } from "./values"
import { clearable } from "../../parts/clearable"
import { termUnits } from "../../parts/terms"

type Props = { field: Field; entry?: Entry; files: File[]; setFiles: (files: File[]) => void; id?: string; value?: unknown; checked?: boolean; onChange?: (value: unknown) => void }

/** FieldInput is the control of one field by its type; Form.Item hands it the value. */
export function FieldInput(props: Props): ReactNode {
  const t = useTexts(words)
  const lang = useLanguage()
  const { field: f, id, value, onChange = () => {} } = props
  switch (f.type) {
    case "longtext":
      return <Input.TextArea id={id} value={value as string} autoSize={{ minRows: 4, maxRows: 24 }} onChange={(e) => onChange(e.target.value)} />
    case "number":
      return <InputNumber controls={false} id={id} value={value as number} min={f.min} max={f.max} style={{ width: "100%" }} onChange={onChange} />
    case "bool":
      return <Switch id={id} checked={props.checked} onChange={onChange} />
    case "date":
      return <DatePicker id={id} value={value ? dayjs(value as string) : null} format="DD.MM.YYYY" style={{ width: "100%" }} onChange={(d) => onChange(d?.format("YYYY-MM-DD"))} />
    case "choice":
      return <Select id={id} value={value} allowClear={!f.required && clearable()} options={(f.options ?? []).map((o) => ({ value: o.value, label: pick(o.title, lang) }))} onChange={onChange} />
    case "ref":
      return <EntryPick id={id} directory={f.ref ?? ""} value={value as string} onChange={onChange} />
    case "refs":
      return <EntryPick id={id} multiple directory={f.ref ?? ""} value={value as string[]} onChange={onChange} />
    case "texts":
      return <Select id={id} mode="tags" open={false} suffixIcon={null} placeholder={t.listHint} value={(value as string[]) ?? []} onChange={onChange} />
    case "file":
    case "files":
      return <FilesField {...props} />
    case "term":
      return <TermField {...props} />
    case "hours":
      return <HoursField {...props} />
    default:
      return <Input id={id} value={value as string} onChange={(e) => onChange(e.target.value)} />
  }
}

/** The value holds names; the bytes of new ones go along with the form. */
function FilesField({ field: f, entry, files, setFiles, value, onChange }: Props) {
  const many = f.type === "files"
  const names = many ? ((value as string[]) ?? []) : value ? [value as string] : []
  const kept = (entry?.files ?? []).filter((file) => names.includes(file.name) && !files.some((n) => n.name === file.name))
  const own = files.filter((file) => names.includes(file.name))
  const change = (next: File[]) => {
    const now = many ? next : next.slice(-1)
    setFiles([...files.filter((file) => !own.includes(file)), ...now])
    const all = [...kept.map((k) => k.name), ...now.map((n) => n.name)]
    onChange?.(many ? all : (now[0]?.name ?? kept[0]?.name))
  }
  return (
    <>
      {kept.length > 0 && entry && <Files files={kept} url={(file) => `/api/v1/directories/${entry.directory}/entries/${entry.id}/files/${file.hash}?name=${encodeURIComponent(file.name)}`} />}
      <FileDrop value={own} onChange={change} small />
    </>
  )
}

const units = ["calendar_days", "working_days", "working_hours", "hours", "outside"] as const

function TermField({ id, value, onChange }: Props) {
  const t = useTexts(words)
  const unit = useTexts(termUnits)
  const term = value as TermValue | undefined
  return (
    <div className="u-term">
      {term?.kind !== "outside" && <InputNumber controls={false} id={id} min={1} value={term?.amount} onChange={(n) => onChange?.(n ? { kind: term?.kind ?? "working_days", amount: n } : undefined)} />}
      <Select aria-label={t.termKind} value={term?.kind ?? "working_days"} onChange={(kind) => onChange?.(kind === "outside" ? { kind } : { kind, amount: term?.amount ?? 1 })} options={units.map((u) => ({ value: u, label: u === "outside" ? t.outside : unit[u](term?.amount ?? 0) }))} style={{ minWidth: 220 }} />
    </div>
  )
}

function HoursField({ field: f, value, onChange }: Props) {
  const book = useDirectory(f.ref ?? "")
  const entries = useEntries(f.ref ?? "")
  const hours = (value ?? {}) as Record<string, number>
  const set = (id: string, n: number | null) => onChange?.(Object.fromEntries([...Object.entries(hours).filter(([k]) => k !== id), ...(n === null ? [] : [[id, n]])]))
  return <div className="u-hours">{entries.map((e) => <label key={e.id} style={{ display: "contents" }}><span>{labelOf(e, book)}</span><InputNumber controls={false} min={1} value={hours[e.id]} onChange={(n) => set(e.id, n)} /></label>)}</div>
}
