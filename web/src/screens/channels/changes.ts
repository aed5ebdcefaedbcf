import type { Schema } from "../../api/client"
import { type Change, differ, isPlain } from "../../parts/changes"
import { fieldsOf, type JsonSchema } from "../../parts/schema/schema"

/** spread takes changes of whole objects apart, down to the settings that differ; a setting stands under its path within the settings. */
export function spread(changes: readonly Schema<"FieldChange">[]): Change[] {
  return changes.flatMap((c) => {
    const path = c.field === "settings" ? "" : c.field.replace(/^settings\./, "")
    return isPlain(c.before) || isPlain(c.after) ? differ(path, c.before, c.after) : [{ field: path || c.field, before: c.before, after: c.after }]
  })
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
