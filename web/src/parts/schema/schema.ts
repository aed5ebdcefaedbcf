import type { Fault } from "../../api/errors"
import { labelled, spoken } from "../save/names"

/** JSON Schema as connectors give it, with the hub's own x-words. */
export type JsonSchema = {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean"
  title?: string
  description?: string
  default?: unknown
  examples?: unknown[]
  enum?: (string | number | boolean)[]
  format?: string
  properties?: Record<string, JsonSchema>
  additionalProperties?: boolean | JsonSchema
  required?: string[]
  items?: JsonSchema
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  writeOnly?: boolean
  allOf?: { if?: JsonSchema; then?: JsonSchema }[]
  "x-order"?: string[]
  "x-type"?: string
  "x-secret"?: boolean
  "x-enum-titles"?: string[]
  "x-when"?: { field: string; values: unknown[] }
  "x-generated"?: string
  "x-multiline"?: boolean
  "x-min"?: string
  "x-max"?: string
}

/** Values by a schema of an object. */
export type Values = Record<string, unknown>

/** fieldsOf are the fields of an object in the order to show them. */
export function fieldsOf(schema: JsonSchema): [string, JsonSchema][] {
  const props = schema.properties ?? {}
  const order = schema["x-order"] ?? Object.keys(props)
  return order.flatMap((name) => (props[name] ? [[name, props[name]] as [string, JsonSchema]] : []))
}

/** withDefaults fills in what a new thing starts with. */
export function withDefaults(schema: JsonSchema, values: Values = {}): Values {
  const out: Values = { ...values }
  for (const [name, field] of fieldsOf(schema)) {
    if (field.properties) out[name] = withDefaults(field, (values[name] as Values | undefined) ?? {})
    else if (out[name] === undefined && field.default !== undefined) out[name] = field.default
  }
  return out
}

/**
 * isShown tells whether x-when holds: the field it names has one of the values. The name is looked
 * for beside the field, then from the root.
 */
export function isShown(field: JsonSchema, siblings: Values, schemas: JsonSchema, root: Values, rootSchema: JsonSchema): boolean {
  const when = field["x-when"]
  if (!when) return true
  const near = schemas.properties?.[when.field]
  const value = near ? (siblings[when.field] ?? near.default ?? fallback(near)) : (at(root, when.field) ?? schemaAt(rootSchema, when.field)?.default)
  return when.values.some((v) => String(v) === String(value))
}

function fallback(schema: JsonSchema): unknown {
  return schema.type === "boolean" ? false : undefined
}

/** at is the value at a path with dots. */
export function at(values: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((v, key) => (v && typeof v === "object" ? (v as Values)[key] : undefined), values)
}

function schemaAt(schema: JsonSchema, path: string): JsonSchema | undefined {
  return path.split(".").reduce<JsonSchema | undefined>((s, key) => s?.properties?.[key], schema)
}

/** set gives the object with another value of one field; undefined takes the field away. */
export function set(values: Values, name: string, value: unknown): Values {
  const { [name]: _, ...rest } = values
  return value === undefined ? rest : { ...values, [name]: value }
}

/**
 * missing finds the fields that must be filled in and are not, as the hub would; secrets that are
 * kept already (`secrets`, by path) need not be typed again.
 */
export function missing(schema: JsonSchema, values: Values, text: string, secrets: readonly string[] = []): Fault[] {
  return missingIn(schema, values, { root: values, rootSchema: schema, text, secrets }, "")
}

type Search = { root: Values; rootSchema: JsonSchema; text: string; secrets: readonly string[] }

function missingIn(schema: JsonSchema, values: Values, search: Search, prefix: string): Fault[] {
  const needed = new Set([...(schema.required ?? []), ...(schema.allOf ?? []).flatMap((c) => c.then?.required ?? [])])
  return fieldsOf(schema).flatMap(([name, field]) => {
    const path = prefix + name
    if (!isShown(field, values, schema, search.root, search.rootSchema) || field["x-generated"]) return []
    const value = values[name]
    if (field.properties) return missingIn(field, (value as Values | undefined) ?? {}, search, `${path}.`)
    if (field.items?.properties && Array.isArray(value)) return value.flatMap((v, i) => missingIn(field.items!, v as Values, search, `${path}.${i}.`))
    const empty = value === undefined || value === "" || value === null
    return needed.has(name) && empty && field.default === undefined && !search.secrets.includes(path) ? [{ field: path, text: search.text }] : []
  })
}

/** faultAt is what is wrong with exactly this field. */
export function faultAt(faults: readonly Fault[], path: string): string | undefined {
  return faults.filter((f) => f.field === path).map((f) => f.text).join("; ") || undefined
}

/** faultWithin is what is wrong with a field drawn as one control, and with its parts, by number or name. */
export function faultWithin(faults: readonly Fault[], path: string): string | undefined {
  const texts = faults.flatMap((f) => {
    if (f.field === path) return [f.text]
    if (!f.field.startsWith(`${path}.`)) return []
    const [part = "", ...deeper] = f.field.slice(path.length + 1).split(".")
    return [labelled([/^\d+$/.test(part) ? Number(part) + 1 : part, spoken(deeper)].filter(Boolean).join(": "), f.text)]
  })
  return texts.join("; ") || undefined
}

/** strayFaults are those of fields the form does not show with these values, for the head of the form, each with what it is about. */
export function strayFaults(schema: JsonSchema, faults: readonly Fault[], values: Values = {}): string[] {
  const shown = (field: JsonSchema, siblings: Values, near: JsonSchema) => isShown(field, siblings, near, values, schema)
  return faults.filter((f) => !leads(schema, f.field.split("."), values, shown)).map((f) => labelled(titled(schema, f.field.split(".")), f.text))
}

type Shown = (field: JsonSchema, siblings: Values, near: JsonSchema) => boolean

/** leads tells that a shown field has the path, or holds it in a control of its own. */
function leads(schema: JsonSchema, path: string[], values: unknown, shown: Shown): boolean {
  const [key, ...rest] = path
  if (key === undefined) return true
  const here = (values && typeof values === "object" ? values : {}) as Values
  if (schema.items) return /^\d+$/.test(key) && (schema.items.properties ? here[key] !== undefined && leads(schema.items, rest, here[key], shown) : true)
  if (!schema.properties) return schema.type === "object"
  const next = schema.properties[key]
  if (!next || !shown(next, here, schema)) return false
  return rest.length === 0 || leads(next, rest, here[key], shown)
}

/** titled is a path by the titles of the schema: rows.0.name → «Ящики, 1: Имя»; what the schema does not have goes by what the REST calls it. */
function titled(schema: JsonSchema, path: string[]): string {
  const [key, ...rest] = path
  if (key === undefined) return ""
  if (schema.items && /^\d+$/.test(key)) return [Number(key) + 1, titled(schema.items, rest)].filter(Boolean).join(": ")
  const next = schema.properties?.[key]
  if (!next) return spoken(path)
  const within = titled(next, rest)
  return within ? `${next.title ?? key}${/^\d/.test(within) ? ", " : ": "}${within}` : (next.title ?? key)
}

const units: Record<string, number> = { s: 1, m: 60, h: 3600 }

/** A length of time as the hub writes it: "90s", "5m", "1h30m". */
export type Duration = { amount: number; unit: "s" | "m" | "h" }

/** parseDuration reads such a text in the largest unit that leaves nothing over; undefined for another text. */
export function parseDuration(text: string): Duration | undefined {
  if (!/^(\d+(\.\d+)?[smh])+$/.test(text)) return undefined
  let seconds = 0
  for (const [, n, unit] of text.matchAll(/(\d+(?:\.\d+)?)([smh])/g)) seconds += Number(n) * units[unit!]!
  const unit = seconds > 0 && seconds % 3600 === 0 ? "h" : seconds > 0 && seconds % 60 === 0 ? "m" : "s"
  return { amount: seconds / units[unit]!, unit }
}
