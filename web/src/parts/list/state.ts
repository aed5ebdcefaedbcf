import type { ReactNode } from "react"

/** How one value of a filter is asked for. */
export type FilterInput = { value: string | undefined; onChange: (value: string | undefined) => void; id: string }

/** One field of the filter panel; `name` is the parameter of the REST list. */
export type Filter = { name: string; title: string } & (
  | { kind: "text"; placeholder?: string }
  | { kind: "select"; options: readonly { value: string; title: string }[] }
  | { kind: "bool" }
  /** A span of days: `name` is the parameter of its begin, `to` of its end. */
  | { kind: "dates"; to: string }
  | { kind: "user" }
  | { kind: "party" }
  | { kind: "channel" }
  | { kind: "entry"; directory: string }
  | { kind: "own"; input: (field: FilterInput) => ReactNode; label: (value: string) => ReactNode }
)

/** Everything about a list that stands in its address. */
export type ListState = {
  values: Record<string, string>
  order?: string
  size: number
  after?: string
}

/** Names of the address that are no filters. */
const own = { order: "sort", size: "size", after: "after" }

export const sizes = [20, 50, 100] as const

/** names are the parameters the filters fill, with those of tabs and other fixed choices. */
export function names(filters: readonly Filter[], more: readonly string[] = []): string[] {
  return [...filters.flatMap((f) => (f.kind === "dates" ? [f.name, f.to] : [f.name])), ...more]
}

/** fromAddress reads the state; what no filter knows is left out, a wrong size becomes `size`. */
export function fromAddress(search: URLSearchParams, known: readonly string[], size: number): ListState {
  const values: Record<string, string> = {}
  for (const name of known) {
    const value = search.get(name)
    if (value) values[name] = value
  }
  const asked = Number(search.get(own.size))
  return {
    values,
    order: search.get(own.order) ?? undefined,
    size: sizes.some((s) => s === asked) ? asked : size,
    after: search.get(own.after) ?? undefined,
  }
}

/** toAddress writes the state; parameters that are not the list's stay as they are in `base`. */
export function toAddress(state: ListState, base: URLSearchParams, known: readonly string[], size: number): URLSearchParams {
  const out = new URLSearchParams(base)
  for (const name of [...known, ...Object.values(own)]) out.delete(name)
  for (const [name, value] of Object.entries(state.values)) if (value) out.set(name, value)
  if (state.order) out.set(own.order, state.order)
  if (state.size !== size) out.set(own.size, String(state.size))
  if (state.after) out.set(own.after, state.after)
  return out
}

/** nextOrder is what a click on a column's head asks for: upwards, downwards, as the list comes. */
export function nextOrder(now: string | undefined, field: string): string | undefined {
  if (now === field) return `-${field}`
  return now === `-${field}` ? undefined : field
}
