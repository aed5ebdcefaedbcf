import { DatePicker, Input, Select } from "antd"
import dayjs from "dayjs"
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react"
import { Button } from "antd"
import { useGet } from "../../api/query"
import { date } from "../../texts/dates"
import { useTexts } from "../../texts/i18n"
import { EntryName, EntryPick } from "../EntryPick"
import { PartyName, PartyPick } from "../PartyPick"
import { UserName, UserPick } from "../UserPick"
import type { Filter, FilterInput } from "./state"
import { words } from "./words"
import { clearable } from "../clearable"

type Values = Record<string, string>

/** FilterPanel asks for the filters, the focus in the first of them; nothing happens before «Найти». */
export function FilterPanel(props: { filters: readonly Filter[]; values: Values; apply: (values: Values) => void; clear: () => void }) {
  const t = useTexts(words)
  const [values, setValues] = useState(props.values)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => form.current?.querySelector("input")?.focus(), [])
  const applied = JSON.stringify(props.values)
  useEffect(() => setValues(JSON.parse(applied) as Values), [applied])
  const submit = (e: FormEvent) => {
    e.preventDefault()
    props.apply(values)
  }
  const set = (name: string) => (value: string | undefined) => setValues((old) => ({ ...old, [name]: value ?? "" }))
  return (
    <form ref={form} className="u-filters" onSubmit={submit}>
      {props.filters.map((f) => <Field key={f.name} filter={f} values={values} set={set} />)}
      <div className="u-filters-do">
        <Button type="primary" htmlType="submit">{t.find}</Button>
        <Button onClick={props.clear}>{t.reset}</Button>
      </div>
    </form>
  )
}

function Field(props: { filter: Filter; values: Values; set: (name: string) => (value: string | undefined) => void }) {
  const id = useId()
  const { filter: f } = props
  const field = { id, value: props.values[f.name] || undefined, onChange: props.set(f.name) }
  return (
    <div>
      <label className="u-label" htmlFor={id}>{f.title}</label>
      {f.kind === "dates" ? <Days {...field} to={props.values[f.to]} onTo={props.set(f.to)} /> : <Choice filter={f} {...field} />}
    </div>
  )
}

function Choice({ filter: f, ...field }: FilterInput & { filter: Exclude<Filter, { kind: "dates" }> }): ReactNode {
  const t = useTexts(words)
  switch (f.kind) {
    case "text":
      return <Input {...field} value={field.value ?? ""} placeholder={f.placeholder} allowClear onChange={(e) => field.onChange(e.target.value)} />
    case "select":
      return <Select {...field} allowClear={clearable()} showSearch={{ optionFilterProp: "label" }} options={f.options.map((o) => ({ value: o.value, label: o.title }))} />
    case "bool":
      return <Select {...field} allowClear={clearable()} options={[{ value: "true", label: t.yes }, { value: "false", label: t.no }]} />
    case "user":
      return <UserPick {...field} />
    case "party":
      return <PartyPick {...field} />
    case "channel":
      return <ChannelPick {...field} />
    case "entry":
      return <EntryPick {...field} directory={f.directory} />
    case "own":
      return f.input(field)
  }
}

function Days(props: FilterInput & { to?: string; onTo: (day: string | undefined) => void }) {
  const t = useTexts(words)
  const day = (text?: string) => (text ? dayjs(text) : null)
  return (
    <DatePicker.RangePicker
      id={props.id} allowEmpty placeholder={[t.from, t.until]} format="DD.MM.YYYY" value={[day(props.value), day(props.to)]}
      onChange={(days) => {
        props.onChange(days?.[0]?.format("YYYY-MM-DD"))
        props.onTo(days?.[1]?.format("YYYY-MM-DD"))
      }}
    />
  )
}

function useChannels() {
  return useGet("/api/v1/channels", {}, { staleTime: 60_000 }).data?.items ?? []
}

function ChannelPick(field: FilterInput) {
  const channels = useChannels()
  return <Select {...field} allowClear={clearable()} showSearch={{ optionFilterProp: "label" }} options={channels.map((c) => ({ value: c.id, label: c.title }))} />
}

function ChannelTitle(props: { id: string }) {
  return useChannels().find((c) => c.id === props.id)?.title ?? props.id
}

/** Chips show the filters that hold, each with a button that takes it away. */
export function Chips(props: { filters: readonly Filter[]; values: Values; apply: (values: Values) => void }) {
  const t = useTexts(words)
  const set = props.filters.filter((f) => props.values[f.name] || (f.kind === "dates" && props.values[f.to]))
  const without = (f: Filter) => {
    const rest = { ...props.values }
    delete rest[f.name]
    if (f.kind === "dates") delete rest[f.to]
    props.apply(rest)
  }
  return (
    <>
      {set.map((f) => (
        <span key={f.name} className="u-chip">
          <span>{f.title}: <b><Label filter={f} values={props.values} /></b></span>
          <button type="button" aria-label={t.removeFilter(f.title)} onClick={() => without(f)}>×</button>
        </span>
      ))}
    </>
  )
}

function Label(props: { filter: Filter; values: Values }): ReactNode {
  const t = useTexts(words)
  const { filter: f } = props
  const value = props.values[f.name] ?? ""
  switch (f.kind) {
    case "select":
      return f.options.find((o) => o.value === value)?.title ?? value
    case "bool":
      return value === "true" ? t.yes : t.no
    case "dates":
      return t.span(value && date(value), props.values[f.to] ? date(props.values[f.to]!) : "")
    case "user":
      return <UserName id={value} />
    case "party":
      return <PartyName id={value} />
    case "channel":
      return <ChannelTitle id={value} />
    case "entry":
      return <EntryName directory={f.directory} id={value} />
    case "own":
      return f.label(value)
    case "text":
      return value
  }
}
