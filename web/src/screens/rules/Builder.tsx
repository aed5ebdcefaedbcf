import { CloseOutlined, PlusOutlined } from "@ant-design/icons"
import { Button, Checkbox, Input, InputNumber, Segmented, Select } from "antd"
import type { Fault } from "../../api/errors"
import { useGet } from "../../api/query"
import { labelOf, useDirectory, useEntries } from "../../parts/EntryPick"
import { namePath } from "../../parts/save/faults"
import { labelled, spoken } from "../../parts/save/names"
import { useTexts } from "../../texts/i18n"
import { type Condition, conditionOf, groupOf, kindOf, relationsOf } from "./model"
import { words } from "./texts"

type Props = { value: Condition; onChange: (value: Condition) => void; path: string; faults: readonly Fault[]; remove?: () => void; depth?: number }

/** Builder edits a tree of conditions: groups joined by and/or, comparisons, expressions. */
export function Builder(props: Props) {
  if (groupOf(props.value)) return <GroupBox {...props} />
  return props.value.expr !== undefined ? <Expression {...props} /> : <Comparison {...props} />
}

function GroupBox(props: Props) {
  const t = useTexts(words)
  const group = groupOf(props.value)!
  const depth = props.depth ?? 0
  const set = (change: Partial<typeof group>) => props.onChange(conditionOf({ ...group, ...change }))
  const path = `${props.path}.${group.negated ? "not." : ""}${group.join}`
  const add = (c: Condition) => set({ items: [...group.items, c] })
  return (
    <div className="u-group" role="group" aria-label={t[group.join]} data-join={group.join} data-negated={group.negated || undefined}>
      <div className="u-group-head">
        <Segmented size="small" aria-label={t.groupOf} value={group.join} onChange={(join) => set({ join })} options={[{ value: "all" as const, label: t.all }, { value: "any" as const, label: t.any }]} />
        <Checkbox checked={group.negated} onChange={(e) => set({ negated: e.target.checked })}>{t.not}</Checkbox>
        <span className="u-gap" />
        {props.remove && <Button type="text" icon={<CloseOutlined />} aria-label={t.removeGroup} onClick={props.remove} />}
      </div>
      {group.items.length === 0 && depth === 0 && <p className="u-quiet">{t.whenNone}</p>}
      {group.items.map((item, i) => (
        <Builder
          key={i} value={item} path={`${path}.${i}`} faults={props.faults} depth={depth + 1}
          onChange={(c) => set({ items: group.items.with(i, c) })} remove={() => set({ items: group.items.toSpliced(i, 1) })}
        />
      ))}
      <div className="u-group-add">
        <Button size="small" icon={<PlusOutlined aria-hidden />} onClick={() => add({ field: "subject", is: "contains", values: [] })}>{t.addCondition}</Button>
        <Button size="small" icon={<PlusOutlined aria-hidden />} onClick={() => add({ [group.join === "all" ? "any" : "all"]: [] })}>{t.addGroup}</Button>
        <Button size="small" icon={<PlusOutlined aria-hidden />} onClick={() => add({ expr: "" })}>{t.addExpression}</Button>
      </div>
      <Wrong faults={props.faults.filter((f) => f.field === props.path || f.field === path)} at={path} />
    </div>
  )
}

function Comparison(props: Props) {
  const t = useTexts(words)
  const { value: c, onChange } = props
  const kind = kindOf(c.field ?? "subject")
  const choose = (field: NonNullable<Condition["field"]>) => {
    const to = kindOf(field)
    const is = to === kind && c.is ? c.is : relationsOf[to][to === "text" && listed.includes(field) ? 0 : to === "text" ? 1 : 0]!
    onChange({ field, is, ...(to === "text" && { values: [] }), ...(to === "number" && { number: 1 }), ...(field === "appeals" && { days: 30 }) })
  }
  return (
    <div className="u-condition">
      <Select aria-label={t.field} value={c.field} onChange={choose} showSearch={{ optionFilterProp: "label" }} popupMatchSelectWidth={false} options={Object.entries(t.fields).map(([value, label]) => ({ value: value as NonNullable<Condition["field"]>, label }))} />
      {c.field === "fields" && <Input aria-label={t.requisite} placeholder={t.requisite} value={c.name} onChange={(e) => onChange({ ...c, name: e.target.value })} />}
      <Select aria-label={t.is} value={c.is} popupMatchSelectWidth={false} onChange={(is) => onChange({ ...c, is, values: is === "present" ? undefined : c.values })} options={relationsOf[kind].map((value) => ({ value, label: t.relations[value] }))} />
      {kind === "text" && c.is !== "present" && <Values condition={c} onChange={(values) => onChange({ ...c, values })} />}
      {kind === "number" && <InputNumber controls={false} aria-label={t.number} min={0} value={c.number} onChange={(n) => onChange({ ...c, number: n ?? 0 })} />}
      {c.field === "appeals" && <><span className="u-quiet">{t.days}</span><InputNumber controls={false} aria-label={t.days} min={1} max={3650} value={c.days} onChange={(n) => onChange({ ...c, days: n ?? 1 })} /></>}
      <Button type="text" icon={<CloseOutlined />} aria-label={t.removeCondition} onClick={props.remove} />
      <Wrong faults={props.faults} at={props.path} />
    </div>
  )
}

/** Fields whose values are chosen from a list when they are compared whole. */
const directories: Record<string, string> = { organization: "organizations", source: "sources", reason_group: "reason_groups", reason: "reasons", line: "support_lines", tag: "tags" }
const listed = ["channel", "direction", "kind", "language", "mark", ...Object.keys(directories)]

function Values(props: { condition: Condition; onChange: (values: string[]) => void }) {
  const t = useTexts(words)
  const { condition: c } = props
  const options = useOptions(c.field ?? "")
  const chosen = options.length > 0 && c.is === "equals"
  return (
    <Select
      className="u-values" mode={chosen ? "multiple" : "tags"} open={chosen ? undefined : false} suffixIcon={chosen ? undefined : null} aria-label={t.values} placeholder={chosen ? t.values : t.valuesHint}
      showSearch={{ optionFilterProp: "label" }} tokenSeparators={chosen ? undefined : [";", "\n"]} value={c.values ?? []} onChange={props.onChange} options={chosen ? options : undefined}
    />
  )
}

function useOptions(field: string): { value: string; label: string }[] {
  const t = useTexts(words)
  const directory = directories[field]
  const declared = useDirectory(directory ?? "organizations")
  const entries = useEntries(directory ?? "organizations")
  const channels = useGet("/api/v1/channels", {}, { staleTime: 60_000 }).data?.items ?? []
  if (directory) return entries.map((e) => ({ value: e.id, label: labelOf(e, declared) }))
  if (field === "channel") return channels.map((c) => ({ value: c.id, label: c.title }))
  const fixed = { direction: t.directionTitles, kind: t.kinds, language: t.languages, mark: t.marks }[field] ?? {}
  return Object.entries(fixed).map(([value, label]) => ({ value, label }))
}

function Expression(props: Props) {
  const t = useTexts(words)
  return (
    <div className="u-condition">
      <Input.TextArea className="u-expression" translate="no" aria-label={t.expression} placeholder={t.expressionHint} autoSize={{ minRows: 1, maxRows: 6 }} value={props.value.expr} onChange={(e) => props.onChange({ expr: e.target.value })} />
      <Button type="text" icon={<CloseOutlined />} aria-label={t.removeCondition} onClick={props.remove} />
      <Wrong faults={props.faults} at={props.path} />
    </div>
  )
}

/** Wrong shows the faults of what has the path below it, those deeper with what they are about; `names` is what the page calls it. */
export function Wrong(props: { faults: readonly Fault[]; at: string; names?: Record<string, string> }) {
  const { at, names } = props
  const about = (field: string) => names?.[field] ?? spoken(namePath(field))
  const texts = props.faults.flatMap((f) => (f.field === at || at.startsWith(`${f.field}.`) ? [f.text] : f.field.startsWith(`${at}.`) ? [labelled(about(f.field.slice(at.length + 1)), f.text)] : []))
  return texts.length > 0 && <p className="u-fault" role="alert">{texts.join("; ")}</p>
}
