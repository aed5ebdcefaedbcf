/** One value that has changed; `field` is its path, names joined by dots. */
export type Change = { field: string; before?: unknown; after?: unknown }

/** differ takes a change of an object apart, down to the values that differ, or `depth` names deep. */
export function differ(path: string, before: unknown, after: unknown, depth = Infinity): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (depth === 0 || (!isPlain(before) && !isPlain(after))) return [{ field: path, before, after }]
  const [a, b] = [isPlain(before) ? before : {}, isPlain(after) ? after : {}]
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return names.flatMap((name) => differ(path ? `${path}.${name}` : name, a[name], b[name], depth - 1))
}

/** isPlain tells an object with names from all other values. */
export function isPlain(v: unknown): v is Record<string, unknown> {
  return !!v && typeof v === "object" && !Array.isArray(v)
}
