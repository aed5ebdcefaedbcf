import { DeleteOutlined, PlusOutlined } from "@ant-design/icons"
import { Alert, Button, Form, Input, InputNumber, Select, Switch } from "antd"
import { createContext, type ReactNode, useContext, useId } from "react"
import type { Fault } from "../api/errors"
import { texts, useTexts } from "../texts/i18n"
import { faultAt, faultWithin, fieldsOf, isShown, type JsonSchema, parseDuration, set, strayFaults, type Values } from "./schema/schema"
import { clearable } from "./clearable"

export { type JsonSchema, missing, strayFaults, type Values, withDefaults } from "./schema/schema"

const words = texts({
  ru: {
    example: (s: string) => `например, ${s}`, kept: "Задан. Введите новый, чтобы заменить", generated: "Узел создаст сам", add: "Добавить", remove: "Удалить",
    seconds: "сек", minutes: "мин", hours: "ч", listHint: "Введите значение и нажмите Enter", key: "Название", value: "Значение", row: (n: number) => `Строка ${n}`,
    required: "Заполните это поле", stray: "Проверьте данные", yes: "Да", no: "Нет",
  },
  en: {
    example: (s: string) => `for example ${s}`, kept: "Set. Type a new one to replace it", generated: "The hub makes it", add: "Add", remove: "Remove",
    seconds: "s", minutes: "min", hours: "h", listHint: "Type a value and press Enter", key: "Name", value: "Value", row: (n: number) => `Row ${n}`,
    required: "Fill this in", stray: "Check the data", yes: "Yes", no: "No",
  },
})

type Surroundings = { root: Values; schema: JsonSchema; faults: readonly Fault[]; secrets: readonly string[]; disabled?: boolean; sectionExtra?: (name: string) => ReactNode }
const Form_ = createContext<Surroundings>({ root: {}, schema: {}, faults: [], secrets: [] })

/**
 * SchemaForm is a form drawn from JSON Schema, as connectors give it for settings and operations.
 * The values are the caller's: start a new thing with `withDefaults(schema)`, look for what is
 * missing with `missing(…)`, and hand the faults of the REST in as they come. `secrets` are paths
 * whose values the hub keeps and does not show; `sectionExtra` stands at the head of a group.
 */
export function SchemaForm(props: {
  schema: JsonSchema
  value: Values
  onChange: (value: Values) => void
  faults?: readonly Fault[]
  secrets?: readonly string[]
  disabled?: boolean
  sectionExtra?: (name: string) => ReactNode
}) {
  const t = useTexts(words)
  const faults = props.faults ?? []
  const stray = strayFaults(props.schema, faults, props.value)
  return (
    <Form_ value={{ root: props.value, schema: props.schema, faults, secrets: props.secrets ?? [], disabled: props.disabled, sectionExtra: props.sectionExtra }}>
      <Form component="div" layout="vertical" className="u-schema" disabled={props.disabled}>
        {stray.length > 0 && <Alert type="error" role="alert" title={t.stray} description={<ul>{stray.map((text) => <li key={text}>{text}</li>)}</ul>} />}
        <Fields schema={props.schema} value={props.value} onChange={props.onChange} prefix="" />
      </Form>
    </Form_>
  )
}

function Fields(props: { schema: JsonSchema; value: Values; onChange: (value: Values) => void; prefix: string }) {
  const { root, schema } = useContext(Form_)
  const shown = fieldsOf(props.schema).filter(([, field]) => isShown(field, props.value, props.schema, root, schema))
  const needed = new Set([...(props.schema.required ?? []), ...(props.schema.allOf ?? []).flatMap((c) => c.then?.required ?? [])])
  const draw = ([name, field]: [string, JsonSchema]) => (
    <Field
      key={name} name={name} path={props.prefix + name} schema={field} required={needed.has(name)} value={props.value[name]}
      onChange={(v) => props.onChange(set(props.value, name, v))}
    />
  )
  // Plain fields first, side by side; groups and tables below them.
  const [plain, large] = [shown.filter(([, f]) => !isGroup(f)), shown.filter(([, f]) => isGroup(f))]
  return (
    <>
      {plain.length > 0 && <div className="u-fields">{plain.map(draw)}</div>}
      {large.map(draw)}
    </>
  )
}

const isGroup = (s: JsonSchema) => s.type === "object" || !!s.items?.properties

type FieldProps = { name: string; path: string; schema: JsonSchema; required: boolean; value: unknown; onChange: (value: unknown) => void }

function Field(props: FieldProps) {
  const { schema: s } = props
  if (s.properties) return <Group {...props} />
  if (s.items?.properties) return <TableField {...props} />
  if (s.type === "object") return <MapField {...props} />
  return <Plain {...props} />
}

function Group(props: FieldProps) {
  const { sectionExtra, faults } = useContext(Form_)
  const fault = faultAt(faults, props.path)
  return (
    <fieldset className="u-section">
      <legend>{props.schema.title ?? props.name}</legend>
      {sectionExtra && !props.path.includes(".") && <div className="u-section-extra">{sectionExtra(props.path)}</div>}
      {props.schema.description && <p className="u-quiet">{props.schema.description}</p>}
      {fault && <p className="u-fault" role="alert">{fault}</p>}
      <Fields schema={props.schema} value={(props.value as Values | undefined) ?? {}} onChange={props.onChange} prefix={`${props.path}.`} />
    </fieldset>
  )
}

function Plain(props: FieldProps) {
  const t = useTexts(words)
  const { faults, secrets } = useContext(Form_)
  const id = useId()
  const { schema: s } = props
  const fault = faultWithin(faults, props.path)
  const wide = s["x-multiline"] || s.type === "array"
  const kept = secrets.includes(props.path)
  return (
    <Form.Item
      className={wide ? "u-wide-field" : undefined} label={s.title ?? props.name} htmlFor={id} required={props.required && !kept && s.default === undefined}
      help={fault} validateStatus={fault ? "error" : undefined} extra={s.description}
    >
      <Control {...props} id={id} kept={kept} t={t} />
    </Form.Item>
  )
}

type ControlProps = FieldProps & { id: string; kept: boolean; t: (typeof words)["ru"] }

function Control(props: ControlProps) {
  const { schema: s, id, t, onChange } = props
  const text = (props.value ?? "") as string
  if (s["x-generated"]) return <Input id={id} readOnly value={text} placeholder={t.generated} />
  if (s.enum) return <Choice {...props} />
  if (s.type === "boolean") return <Switch id={id} checked={(props.value ?? s.default ?? false) as boolean} onChange={onChange} checkedChildren={t.yes} unCheckedChildren={t.no} />
  if (s.type === "integer" || s.type === "number") return <NumberField {...props} />
  if (s.type === "array") return <ListField {...props} />
  if (s["x-secret"] || s.writeOnly) {
    return <Input.Password id={id} autoComplete="new-password" value={text} placeholder={props.kept ? t.kept : hint(s, t)} onChange={(e) => onChange(e.target.value || undefined)} />
  }
  if (s["x-type"] === "duration") return <DurationField {...props} />
  if (s["x-multiline"]) return <Input.TextArea id={id} autoSize={{ minRows: 2, maxRows: 12 }} value={text} placeholder={hint(s, t)} onChange={(e) => onChange(e.target.value || undefined)} />
  return <Input id={id} type={s.format === "date" ? "date" : "text"} value={text} placeholder={hint(s, t)} maxLength={s.maxLength} onChange={(e) => onChange(e.target.value || undefined)} />
}

function hint(s: JsonSchema, t: (typeof words)["ru"]): string | undefined {
  if (s.default !== undefined && typeof s.default !== "object") return String(s.default)
  return s.examples?.length ? t.example(String(s.examples[0])) : undefined
}

function options(s: JsonSchema) {
  return (s.enum ?? []).map((value, i) => ({ value: String(value), label: s["x-enum-titles"]?.[i] || String(value), raw: value }))
}

function Choice(props: ControlProps) {
  const { schema: s } = props
  const list = options(s)
  const value = props.value ?? s.default
  return (
    <Select
      id={props.id} allowClear={!props.required && s.default === undefined && clearable()} value={value === undefined ? undefined : String(value)} options={list}
      onChange={(v?: string) => props.onChange(list.find((o) => o.value === v)?.raw)}
    />
  )
}

function NumberField(props: ControlProps) {
  const { schema: s } = props
  return (
    <InputNumber
      controls={false}
      id={props.id} style={{ width: "100%" }} min={s.minimum} max={s.maximum} precision={s.type === "integer" ? 0 : undefined} placeholder={hint(s, props.t)}
      value={props.value as number | undefined} onChange={(v) => props.onChange(v ?? undefined)}
    />
  )
}

function ListField(props: ControlProps) {
  const { schema: s } = props
  const list = s.items?.enum ? options(s.items) : undefined
  const number = s.items?.type === "integer" || s.items?.type === "number"
  return (
    <Select
      id={props.id} mode={list ? "multiple" : "tags"} open={list ? undefined : false} suffixIcon={list ? undefined : null} placeholder={list ? undefined : props.t.listHint}
      tokenSeparators={list ? undefined : [",", ";", "\n"]} options={list} value={((props.value ?? []) as unknown[]).map(String)}
      onChange={(v: string[]) => props.onChange(number ? v.map(Number) : v)}
    />
  )
}

function DurationField(props: ControlProps) {
  const { schema: s, t } = props
  const shown = parseDuration((props.value ?? s.default ?? "") as string)
  if (!shown && props.value) return <Input id={props.id} value={props.value as string} onChange={(e) => props.onChange(e.target.value || undefined)} />
  const unit = shown?.unit ?? "m"
  const say = (amount: number | null, of: string) => props.onChange(amount === null ? undefined : `${amount}${of}`)
  return (
    <div className="u-duration">
      <InputNumber controls={false} id={props.id} min={0} value={shown?.amount} onChange={(n) => say(n, unit)} />
      <Select
        aria-label={s.title} value={unit} onChange={(u) => say(shown?.amount ?? null, u)}
        options={[{ value: "s", label: t.seconds }, { value: "m", label: t.minutes }, { value: "h", label: t.hours }]}
      />
    </div>
  )
}

function TableField(props: FieldProps) {
  const t = useTexts(words)
  const { faults, disabled } = useContext(Form_)
  const rows = (props.value ?? []) as Values[]
  const item = props.schema.items!
  const change = (i: number, row?: Values) => props.onChange(row ? rows.with(i, row) : rows.toSpliced(i, 1))
  const fault = faultAt(faults, props.path)
  return (
    <fieldset className="u-section">
      <legend>{props.schema.title ?? props.name}</legend>
      {props.schema.description && <p className="u-quiet">{props.schema.description}</p>}
      {fault && <p className="u-fault" role="alert">{fault}</p>}
      {rows.map((row, i) => (
        <div className="u-row" role="group" aria-label={t.row(i + 1)} key={i}>
          <div><Fields schema={item} value={row} onChange={(v) => change(i, v)} prefix={`${props.path}.${i}.`} /></div>
          <Button type="text" icon={<DeleteOutlined />} aria-label={`${t.remove}: ${t.row(i + 1)}`} disabled={disabled} onClick={() => change(i)} />
          <RowFault fault={faultAt(faults, `${props.path}.${i}`)} />
        </div>
      ))}
      <Button icon={<PlusOutlined />} disabled={disabled || rows.length >= (props.schema.maxItems ?? Infinity)} onClick={() => props.onChange([...rows, withItemDefaults(item)])}>{t.add}</Button>
    </fieldset>
  )
}

function RowFault({ fault }: { fault?: string }) {
  return fault && <p className="u-fault" role="alert">{fault}</p>
}

function withItemDefaults(item: JsonSchema): Values {
  return Object.fromEntries(fieldsOf(item).filter(([, f]) => f.default !== undefined).map(([name, f]) => [name, f.default]))
}

/** MapField is an object whose names people choose; a row without a name is not kept. */
function MapField(props: FieldProps) {
  const t = useTexts(words)
  const fault = faultWithin(useContext(Form_).faults, props.path)
  const rows = Object.entries((props.value ?? {}) as Record<string, string>)
  const change = (next: [string, string][]) => props.onChange(Object.fromEntries(next))
  return (
    <fieldset className="u-section">
      <legend>{props.schema.title ?? props.name}</legend>
      {props.schema.description && <p className="u-quiet">{props.schema.description}</p>}
      {fault && <p className="u-fault" role="alert">{fault}</p>}
      {rows.map(([key, value], i) => (
        <div className="u-row" key={i}>
          <Input aria-label={t.key} value={key} onChange={(e) => change(rows.with(i, [e.target.value, value]))} />
          <Input aria-label={t.value} value={value} onChange={(e) => change(rows.with(i, [key, e.target.value]))} />
          <Button type="text" icon={<DeleteOutlined />} aria-label={`${t.remove}: ${key}`} onClick={() => change(rows.toSpliced(i, 1))} />
        </div>
      ))}
      <Button icon={<PlusOutlined />} disabled={rows.some(([key]) => key === "")} onClick={() => change([...rows, ["", ""]])}>{t.add}</Button>
    </fieldset>
  )
}
