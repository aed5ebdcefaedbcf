import { type KeyboardEvent, memo, type MouseEvent, type ReactNode, useRef, useState } from "react"
import { Link, useNavigate } from "react-router"
import type { Tone } from "../../app/theme"
import { useTexts } from "../../texts/i18n"
import { nextOrder } from "./state"
import { words } from "./words"

/** One column of a list. */
export type Column<Row> = {
  key: string
  title: string
  render: (row: Row) => ReactNode
  /** The name the REST sorts by; left out: not sortable. */
  order?: string
  /** Shown only when a person chooses it. */
  hidden?: boolean
  /** Shown in a wide window only, as long as nobody has chosen his columns. */
  wide?: boolean
  /** A CSS width: "120px", "30%". */
  width?: string
  align?: "right"
}

type Props<Row> = {
  /** Where the row somebody was at is remembered, for when he comes back from its page. */
  name: string
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  id: (row: Row) => string
  open?: (row: Row) => string | (() => void)
  tone?: (row: Row) => Tone | undefined
  order?: string
  setOrder: (order: string | undefined) => void
  selected?: ReadonlyMap<string, Row>
  select?: (rows: readonly Row[], on: boolean) => void
  busy: boolean
}

/** Table draws the rows. One of them is reached by Tab, the one somebody was at last; arrows move, Enter opens, space selects. */
export function Table<Row>(props: Props<Row>) {
  const [at, setAt] = useState<string | null>(() => sessionStorage.getItem(`row.${props.name}`))
  const body = useRef<HTMLTableSectionElement>(null)
  const navigate = useNavigate()
  const current = Math.max(0, props.rows.findIndex((row) => props.id(row) === at))
  const visit = (i: number) => {
    const id = props.id(props.rows[i]!)
    setAt(id)
    sessionStorage.setItem(`row.${props.name}`, id)
  }
  const go = (row: Row) => {
    const to = props.open?.(row)
    if (typeof to === "string") void navigate(to)
    else to?.()
  }
  const steer = (e: KeyboardEvent<HTMLTableSectionElement>) => {
    if (!(e.target instanceof HTMLTableRowElement)) return // a link or a box within the row
    const row = props.rows[current]
    if (!row) return
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: props.rows.length - 1 }[e.key]
    if (to !== undefined) {
      const next = Math.max(0, Math.min(to, props.rows.length - 1))
      visit(next)
      ;(body.current?.rows[next] as HTMLElement | undefined)?.focus()
    } else if (e.key === "Enter" && props.open) go(row)
    else if (e.key === " " && props.select) props.select([row], !props.selected?.has(props.id(row)))
    else return
    e.preventDefault()
  }
  return (
    <div className="u-table-box" aria-busy={props.busy}>
      <table className="u-table" aria-label={props.label}>
        <Head {...props} />
        <tbody ref={body} onKeyDown={steer}>
          {props.rows.map((row, i) => (
            <TableRow
              key={props.id(row)} row={row} columns={props.columns} to={props.open?.(row)} tone={props.tone?.(row)} tabIndex={i === current ? 0 : -1}
              selected={props.select && !!props.selected?.has(props.id(row))} onSelect={(on) => props.select?.([row], on)} onFocus={() => visit(i)} onOpen={() => go(row)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Head<Row>(props: Props<Row>) {
  const t = useTexts(words)
  const chosen = props.rows.filter((r) => props.selected?.has(props.id(r))).length
  return (
    <thead>
      <tr>
        {props.select && (
          <th className="u-check">
            <input
              type="checkbox" aria-label={t.chooseAll} disabled={props.rows.length === 0} checked={chosen > 0 && chosen === props.rows.length}
              ref={(box) => { if (box) box.indeterminate = chosen > 0 && chosen < props.rows.length }}
              onChange={(e) => props.select?.(props.rows, e.target.checked)}
            />
          </th>
        )}
        {props.columns.map((c) => <HeadCell key={c.key} column={c} order={props.order} setOrder={props.setOrder} />)}
      </tr>
    </thead>
  )
}

function HeadCell<Row>(props: { column: Column<Row>; order?: string; setOrder: (order: string | undefined) => void }) {
  const { column: c, order } = props
  const sorted = order === c.order ? "ascending" : order === `-${c.order}` ? "descending" : undefined
  return (
    <th scope="col" style={{ width: c.width, textAlign: c.align }} aria-sort={c.order ? (sorted ?? "none") : undefined}>
      {c.order ? (
        <button type="button" onClick={() => props.setOrder(nextOrder(order, c.order!))}>
          {c.title}<span aria-hidden="true">{sorted === "ascending" ? "↑" : sorted ? "↓" : "↕"}</span>
        </button>
      ) : c.title}
    </th>
  )
}

type RowProps<Row> = {
  row: Row
  columns: readonly Column<Row>[]
  to?: string | (() => void)
  tone?: Tone
  tabIndex: number
  selected?: boolean
  onSelect: (on: boolean) => void
  onFocus: () => void
  onOpen: () => void
}

/** A click anywhere opens the row, but not one that marks text or hits a control. */
function opens(e: MouseEvent<HTMLElement>): boolean {
  return !(e.target as HTMLElement).closest("a,button,input,label") && !getSelection()?.toString()
}

function DrawnRow<Row>(props: RowProps<Row>) {
  const t = useTexts(words)
  return (
    <tr
      tabIndex={props.tabIndex} data-tone={props.tone} data-opens={props.to ? true : undefined} data-selected={props.selected || undefined}
      onFocus={props.onFocus} onClick={(e) => props.to && opens(e) && props.onOpen()}
    >
      {props.selected !== undefined && (
        <td className="u-check"><input type="checkbox" tabIndex={-1} aria-label={t.choose} checked={props.selected} onChange={(e) => props.onSelect(e.target.checked)} /></td>
      )}
      {props.columns.map((c, i) => (
        <td key={c.key} data-title={c.title} style={{ textAlign: c.align }}>
          {i > 0 || !props.to ? c.render(props.row) : typeof props.to === "string" ? <Link to={props.to} tabIndex={-1}>{c.render(props.row)}</Link> : <span className="u-opens">{c.render(props.row)}</span>}
        </td>
      ))}
    </tr>
  )
}

/** A row is drawn again when something of it has changed; that a list makes its ways to open one anew each time is no change. */
const TableRow = memo(DrawnRow, (a, b) =>
  a.row === b.row && a.columns === b.columns && a.tone === b.tone && a.tabIndex === b.tabIndex && a.selected === b.selected && (a.to === b.to || typeof a.to === "function" && typeof b.to === "function")) as typeof DrawnRow
