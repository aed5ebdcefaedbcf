import type { Fault } from "../../api/errors"

/** The name of a field as Ant Design's forms have it. */
export type NamePath = (string | number)[]

/** namePath is the path of a fault as a form names it: "files.2.name" → ["files", 2, "name"]. */
export function namePath(field: string): NamePath {
  return field.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

/**
 * placeFaults sorts the faults into those of fields the form has and the rest, for its head. A fault
 * deeper than a field, `addresses.0.value` of a field `addresses`, belongs to that field.
 */
export function placeFaults(faults: readonly Fault[], has: (name: NamePath) => boolean): { fields: { name: NamePath; errors: string[] }[]; rest: Fault[] } {
  const fields = new Map<string, { name: NamePath; errors: string[] }>()
  const rest: Fault[] = []
  for (const fault of faults) {
    const name = nearest(namePath(fault.field), has)
    if (!name) {
      rest.push(fault)
      continue
    }
    const key = name.join(".")
    const at = fields.get(key) ?? { name, errors: [] }
    at.errors.push(fault.text)
    fields.set(key, at)
  }
  return { fields: [...fields.values()], rest }
}

function nearest(name: NamePath, has: (name: NamePath) => boolean): NamePath | undefined {
  for (let n = name.length; n > 0; n--) if (has(name.slice(0, n))) return name.slice(0, n)
  return undefined
}
