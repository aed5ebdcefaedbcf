import { DownloadOutlined, FilterOutlined, InfoCircleOutlined } from "@ant-design/icons"
import { Button, Popover, Segmented, Select } from "antd"
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react"
import { useLocation, useNavigate, useSearchParams } from "react-router"
import { type Topic, useEvents } from "../api/events"
import { type GetPath, type Got, refresh, useGet } from "../api/query"
import { useKeys } from "../app/keys"
import type { Tone } from "../app/theme"
import { useTexts } from "../texts/i18n"
import { Empty, Failed } from "./Async"
import { ColumnGear, useColumns } from "./list/columns"
import { Chips, FilterPanel } from "./list/Filters"
import { type Filter, fromAddress, type ListState, names, sizes, toAddress } from "./list/state"
import { type Column, Table } from "./list/Table"
import { words } from "./list/words"
import { Tag } from "./StateTag"

export type { Column } from "./list/Table"
export type { Filter, FilterInput } from "./list/state"

type Paged = { items: unknown[]; next?: string }
/** A path of the contract that lists things. */
export type ListPath = { [P in GetPath]: Got<P> extends { items: unknown[] } ? P : never }[GetPath]
/** One thing of the list. */
export type RowOf<P extends ListPath> = Got<P> extends { items: (infer R)[] } ? R : never

/** What can be done with the rows that are selected. */
export type BulkAction<Row> = { key: string; title: string; danger?: boolean; run: (rows: Row[], done: () => void) => void }

export type DataListProps<P extends ListPath> = {
  /** The REST list; `pathParams` fill its braces, `query` is sent always. */
  path: P
  pathParams?: Record<string, string>
  query?: Record<string, string | number | boolean | undefined>
  /** Names the list where a person's columns are kept; unique among screens. */
  name: string
  /** What screen readers call the table. */
  label: string
  columns: readonly Column<RowOf<P>>[]
  filters?: readonly Filter[]
  /** Views of the list beside the filters: a parameter and its values, "" for the first one. */
  tabs?: { name: string; options: readonly { value: string; title: string }[] }
  /** More ways to narrow the list, beside its tabs. */
  tabsExtra?: ReactNode
  /** Where a row leads to, or what it does. */
  open?: (row: RowOf<P>) => string | (() => void)
  bulk?: readonly BulkAction<RowOf<P>>[]
  /** Offers all that was found as a file, by the filters and in the order that hold; an object says more to the file's route. For lists that have one. */
  file?: `${P}/export` extends GetPath ? true | Record<string, string> : never
  /** Files of lists whose own lie elsewhere: href gets the filters and the order. */
  exports?: readonly { title: string; href: (query: URLSearchParams) => string }[]
  /** Marks a row at its edge; `legend` explains the marks. */
  tone?: (row: RowOf<P>) => Tone | undefined
  legend?: readonly { tone: Tone; title: string }[]
  /** After these events the page is read again. */
  events?: readonly Topic[]
  /** The parameter the REST sorts by; without it no column can be sorted. */
  orderParam?: string
  size?: (typeof sizes)[number]
  /** false for short lists the REST gives whole, without `limit`. */
  paged?: boolean
  empty?: ReactNode
  /** More controls at the right of the toolbar. */
  extra?: ReactNode
}

/**
 * DataList is a list of the hub as a table: filters, sorting, page and size stand in the address,
 * so that a link shows the same list; columns are kept for the person. It pages by cursor and
 * does not slow down with the number of rows.
 */
export function DataList<P extends ListPath>(props: DataListProps<P>) {
  const { columns, filters = [] } = props
  const list = useListState(props)
  const { state, known } = list
  const asked = { ...props.query, ...state.values, ...(props.paged === false ? {} : { limit: state.size, after: state.after }), ...(props.orderParam ? { [props.orderParam]: state.order } : {}) }
  const got = useGet(props.path as GetPath, { params: { path: props.pathParams ?? {}, query: asked } } as never, { placeholderData: (before: unknown) => before as never })
  const page = got.data as Paged | undefined
  const rows = (page?.items ?? []) as RowOf<P>[]
  const cols = useColumns(props.name, useHeld(columns, got.isPlaceholderData))
  const files = useFiles(props.path, props.pathParams, props.file)
  const selection = useSelection<RowOf<P>>(list.address)
  const [panel, setPanel] = useState(false)
  useLive(props.path, props.events ?? [])
  useListKeys(filters.length > 0 ? () => setPanel((open) => !open) : undefined, !!props.open, !!props.bulk)
  const filtered = known.some((n) => state.values[n] && n !== props.tabs?.name)
  return (
    <section className="u-list">
      {props.tabs && <div className="u-tabs"><Tabs {...props.tabs} value={state.values[props.tabs.name] ?? ""} set={(v) => list.filter({ ...state.values, [props.tabs!.name]: v })} label={props.label} />{props.tabsExtra}</div>}
      <Toolbar
        panel={panel} setPanel={setPanel} filters={filters} list={list} legend={props.legend} exports={props.exports ?? files} query={{ ...props.query, ...(props.orderParam && { [props.orderParam]: state.order }) }} extra={props.extra}
        gear={<ColumnGear columns={columns} {...cols} />}
      />
      {panel && <FilterPanel filters={filters} values={state.values} apply={list.filter} clear={() => list.filter(only(state.values, props.tabs?.name))} />}
      {props.bulk && selection.size > 0 && <BulkBar bulk={props.bulk} rows={[...selection.chosen.values()]} clear={selection.clear} />}
      {got.error && !got.isFetching ? <Failed error={got.error} retry={() => void got.refetch()} /> : (
        <>
          <Table
            name={props.name} label={props.label} columns={cols.shown} rows={rows} id={rowId} open={props.open} tone={props.tone} order={state.order} setOrder={list.sort}
            selected={props.bulk && selection.chosen} select={props.bulk && selection.select} busy={got.isPending || got.isPlaceholderData}
          />
          {got.isPending ? <Skeleton /> : rows.length === 0 && <Nothing filtered={filtered} more={!!page?.next} empty={props.empty} reset={() => list.filter(only(state.values, props.tabs?.name))} />}
        </>
      )}
      {props.paged !== false && <Pager list={list} shown={rows.length} next={page?.next} />}
    </section>
  )
}

/** useHeld keeps what was shown while the next page is awaited, so that its rows are not drawn once more in vain. */
function useHeld<T>(value: T, hold: boolean): T {
  const held = useRef(value)
  if (!hold) held.current = value
  return held.current
}

function only(values: Record<string, string>, name?: string): Record<string, string> {
  return name && values[name] ? { [name]: values[name] } : {}
}

const rowId = (row: unknown) => String((row as { id?: string; name?: string }).id ?? (row as { name?: string }).name)

type List = ReturnType<typeof useListState>

/** useListState keeps the state in the address; the cursors of the pages before, in the history. */
function useListState(props: { filters?: readonly Filter[]; tabs?: { name: string }; size?: number }) {
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const location = useLocation()
  const known = names(props.filters ?? [], props.tabs ? [props.tabs.name] : [])
  const size = props.size ?? 50
  const state = fromAddress(search, known, size)
  const trail = (location.state as { trail?: (string | undefined)[] } | null)?.trail ?? []
  const go = (next: Partial<ListState>, nextTrail: (string | undefined)[] = []) => {
    const to = toAddress({ ...state, after: undefined, ...next }, search, known, size)
    void navigate({ search: to.toString() }, { state: { trail: nextTrail } })
  }
  return {
    state, known, trail,
    address: search.toString(),
    filter: (values: Record<string, string>) => go({ values }),
    sort: (order: string | undefined) => go({ order }),
    resize: (to: number) => go({ size: to }),
    forward: (after: string) => go({ after }, [...trail, state.after]),
    back: () => go({ after: trail.at(-1) }, trail.slice(0, -1)),
  }
}

function useSelection<Row>(address: string) {
  const [chosen, setChosen] = useState<ReadonlyMap<string, Row>>(new Map())
  useEffect(() => setChosen(new Map()), [address])
  const select = useMemo(() => (rows: readonly Row[], on: boolean) => setChosen((old) => {
    const next = new Map(old)
    for (const row of rows) {
      if (on) next.set(rowId(row), row)
      else next.delete(rowId(row))
    }
    return next
  }), [])
  return { chosen, select, size: chosen.size, clear: () => setChosen(new Map()) }
}

/** How long events are gathered before the page is read again. */
const GATHER_MS = 700

function useLive(path: GetPath, events: readonly Topic[]) {
  const timer = useRef<number | undefined>(undefined)
  useEvents(events, () => {
    timer.current ??= window.setTimeout(() => {
      timer.current = undefined
      void refresh(path)
    }, GATHER_MS)
  })
  useEffect(() => () => window.clearTimeout(timer.current), [])
}

function useListKeys(toggle: (() => void) | undefined, opens: boolean, selects: boolean) {
  const t = useTexts(words)
  const focus = () => document.querySelector<HTMLElement>(".u-table tr[tabindex='0']")?.focus()
  useKeys({
    ArrowDown: { title: t.keyMove, run: focus },
    ...(opens && { Enter: { title: t.keyOpen, run: focus } }),
    ...(selects && { " ": { title: t.keySelect, run: focus } }),
    ...(toggle && { F: { title: t.keyFilters, run: toggle } }),
  })
}

function Tabs(props: { options: readonly { value: string; title: string }[]; value: string; set: (value: string) => void; label: string }) {
  return <Segmented aria-label={props.label} options={props.options.map((o) => ({ value: o.value, label: o.title }))} value={props.value} onChange={props.set} />
}

function Toolbar(props: {
  panel: boolean; setPanel: (open: boolean) => void; filters: readonly Filter[]; list: List; gear: ReactNode; extra?: ReactNode
  legend?: readonly { tone: Tone; title: string }[]; exports?: readonly { title: string; href: (query: URLSearchParams) => string }[]
  query?: Record<string, string | number | boolean | undefined>
}) {
  const t = useTexts(words)
  const { state } = props.list
  return (
    <div className="u-toolbar">
      {props.filters.length > 0 && <Button icon={<FilterOutlined />} aria-expanded={props.panel} onClick={() => props.setPanel(!props.panel)}>{t.filters}</Button>}
      <Chips filters={props.filters} values={state.values} apply={props.list.filter} />
      <span className="u-gap" />
      {props.extra}
      {props.exports && <Exports exports={props.exports} query={queryOf({ ...props.query, ...state.values })} />}
      {props.legend && <Legend legend={props.legend} />}
      {props.gear}
    </div>
  )
}

function queryOf(values: Record<string, string | number | boolean | undefined>): URLSearchParams {
  const out = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== "") out.set(name, String(value))
  return out
}

function Legend(props: { legend: readonly { tone: Tone; title: string }[] }) {
  const t = useTexts(words)
  const content = <div className="u-gear">{props.legend.map((l) => <div key={l.title}><Tag tone={l.tone}>{l.title}</Tag></div>)}</div>
  return <Popover trigger="click" placement="bottomRight" content={content}><Button type="text" icon={<InfoCircleOutlined />}>{t.legend}</Button></Popover>
}

function Exports(props: { exports: readonly { title: string; href: (query: URLSearchParams) => string }[]; query: URLSearchParams }) {
  const t = useTexts(words)
  const [open, setOpen] = useState(false)
  const content = <div className="u-gear">{props.exports.map((x) => <a key={x.title} href={x.href(new URLSearchParams(props.query))} download onClick={() => setOpen(false)}>{x.title}</a>)}</div>
  return <Popover trigger="click" placement="bottomRight" open={open} onOpenChange={setOpen} content={content}><Button type="text" icon={<DownloadOutlined />}>{t.exports}</Button></Popover>
}

/** useFiles are the files of a list that lie under it. */
function useFiles(path: string, params: Record<string, string> = {}, file?: true | Record<string, string>) {
  const t = useTexts(words)
  if (!file) return undefined
  const href = (format: string) => (query: URLSearchParams) => {
    for (const [name, value] of Object.entries({ ...(file !== true && file), format })) query.set(name, value)
    return `${path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""))}/export?${query}`
  }
  return [{ title: t.xlsx, href: href("xlsx") }, { title: t.csv, href: href("csv") }]
}

function BulkBar<Row>(props: { bulk: readonly BulkAction<Row>[]; rows: Row[]; clear: () => void }) {
  const t = useTexts(words)
  return (
    <div className="u-bulk" role="toolbar" aria-label={t.chosen(props.rows.length)}>
      <b>{t.chosen(props.rows.length)}</b>
      {props.bulk.map((b) => <Button key={b.key} size="small" danger={b.danger} onClick={() => b.run(props.rows, props.clear)}>{b.title}</Button>)}
      <Button size="small" type="text" onClick={props.clear}>{t.unchoose}</Button>
    </div>
  )
}

function Skeleton() {
  const t = useTexts(words)
  return <div className="u-skeleton" role="status" aria-label={t.loading}>{Array.from({ length: 8 }, (_, i) => <div key={i} />)}</div>
}

function Nothing(props: { filtered: boolean; more: boolean; empty?: ReactNode; reset: () => void }) {
  const t = useTexts(words)
  if (props.more) return <Empty text={t.emptyPage} />
  if (props.filtered) return <Empty text={t.nothing}><Button onClick={props.reset}>{t.reset}</Button></Empty>
  return props.empty && typeof props.empty !== "string" ? props.empty : <Empty text={props.empty ?? t.empty} />
}

function Pager(props: { list: List; shown: number; next?: string }) {
  const t = useTexts(words)
  const { list, next } = props
  const { after, size } = list.state
  if (!after && !next && props.shown <= sizes[0]) return <div className="u-pager"><span className="u-quiet">{props.shown > 0 && t.rows(props.shown)}</span></div>
  return (
    <nav className="u-pager" aria-label={t.page(list.trail.length + 1)}>
      <span className="u-quiet">{t.rows(props.shown)}</span>
      <span className="u-gap" />
      {after && list.trail.length === 0
        ? <Button onClick={() => list.sort(list.state.order)}>{t.first}</Button>
        : <Button disabled={!after} onClick={list.back}>{t.prev}</Button>}
      <span>{t.page(list.trail.length + 1)}</span>
      <Button disabled={!next} onClick={() => next && list.forward(next)}>{t.next}</Button>
      <Select aria-label={t.perPage} value={size} onChange={list.resize} options={sizes.map((s) => ({ value: s, label: s }))} />
    </nav>
  )
}
