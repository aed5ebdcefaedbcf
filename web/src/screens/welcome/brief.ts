import { fieldsOf, type JsonSchema } from "../../parts/schema/schema"

/**
 * brief is the schema with what a first connection needs: required fields, secrets, what those hang
 * on, and ports; the rest keeps its defaults and can be set later.
 */
export function brief(schema: JsonSchema): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  for (const [name, field] of fieldsOf(schema)) {
    if (field.properties) {
      const inner = brief(field)
      if (Object.keys(inner.properties ?? {}).length > 0) properties[name] = inner
    } else if (matters(schema, name, field)) properties[name] = field
  }
  return { ...schema, properties }
}

function matters(schema: JsonSchema, name: string, field: JsonSchema): boolean {
  const needed = [...(schema.required ?? []), ...(schema.allOf ?? []).flatMap((c) => c.then?.required ?? [])]
  const leans = ([other, f]: [string, JsonSchema]) => f["x-when"]?.field === name && (needed.includes(other) || !!f["x-secret"] || !!f.properties)
  return needed.includes(name) || !!field["x-secret"] || !!field["x-generated"] || fieldsOf(schema).some(leans) || name === "port"
}
