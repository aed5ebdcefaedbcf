import type { Schema } from "../../api/client"
import { fieldsOf, type JsonSchema } from "../../parts/schema/schema"

/** One setting that has changed; `field` is its path within the settings, or a field of the channel. */
export type Change = { field: string; before: unknown; after: unknown }

/** spread takes changes of whole objects apart, down to the settings that differ. */
export function spread(changes: readonly Schema<"FieldChange">[]): Change[] {
  return changes.flatMap((c) => {
    const path = c.field === "settings" ? "" : c.field.replace(/^settings\./, "")
    return isPlain(c.before) || isPlain(c.after) ? differ(path, c.before, c.after) : [{ field: path || c.field, before: c.before, after: c.after }]
  })
}

function differ(path: string, before: unknown, after: unknown): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (!isPlain(before) && !isPlain(after)) return [{ field: path, before, after }]
  const [a, b] = [isPlain(before) ? before : {}, isPlain(after) ? after : {}]
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return names.flatMap((name) => differ(path ? `${path}.${name}` : name, a[name], b[name]))
}

function isPlain(v: unknown): v is Record<string, unknown> {
  return !!v && typeof v === "object" && !Array.isArray(v)
}

/** titleAt is what the schema calls a path, its groups before it; the path itself where it knows nothing. */
export function titleAt(schema: JsonSchema, path: string): string {
  const titles: string[] = []
  let at: JsonSchema | undefined = schema
  for (const name of path.split(".")) {
    at = at && new Map(fieldsOf(at)).get(name)
    titles.push(at?.title ?? name)
  }
  return titles.join(" → ")
}
