/** One field both have changed, or only they have: what it was, what I want, what it is now. */
export type Clash = { field: string; before: unknown; mine: unknown; theirs: unknown; both: boolean }

/** What a stale save comes to: the fields as they would be saved, and what somebody else has changed. */
export type Merge<V> = { values: V; clashes: Clash[] }

/**
 * merge brings my values and theirs together, field by field, against what both began with. What
 * only one side changed is taken from it; where both did, mine stands until the person chooses.
 */
export function merge<V extends object>(base: V, mine: V, theirs: V): Merge<V> {
  const values = { ...mine }
  const clashes: Clash[] = []
  for (const field of new Set([...Object.keys(base), ...Object.keys(mine), ...Object.keys(theirs)]) as Set<keyof V & string>) {
    if (same(base[field], theirs[field]) || same(mine[field], theirs[field])) continue
    const both = !same(base[field], mine[field])
    if (!both) values[field] = theirs[field]
    clashes.push({ field, before: base[field], mine: mine[field], theirs: theirs[field], both })
  }
  return { values, clashes }
}

/** same compares values of JSON; nothing, null and an empty text are one. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b))
}

function plain(v: unknown): unknown {
  if (v === undefined || v === "" || (Array.isArray(v) && v.length === 0)) return null
  if (!v || typeof v !== "object" || Array.isArray(v)) return v
  return Object.fromEntries(Object.entries(v).filter(([, x]) => x !== undefined).sort(([x], [y]) => (x < y ? -1 : 1)))
}
