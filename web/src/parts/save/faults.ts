import type { Fault } from "../../api/errors"
import { labelled, spoken } from "./names"

/** The name of a field as Ant Design's forms have it. */
export type NamePath = (string | number)[]

/** namePath is the path of a fault as a form names it: "files.2.name" → ["files", 2, "name"]. */
export function namePath(field: string): NamePath {
  return field.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

/**
 * placeFaults sorts the faults into those of fields the form has and the rest, for its head. A fault
 * deeper than a field, `route.approvers.0.user` of a field `approvers`, stands at that field and says
 * where in it; the rest say what they are about. What the REST wraps a field in need not be in the
 * form: `applicant.name` is the form's `name`, unless it has the whole path.
 */
export function placeFaults(faults: readonly Fault[], has: (name: NamePath) => boolean): { fields: { name: NamePath; errors: string[] }[]; rest: string[] } {
  const fields = new Map<string, { name: NamePath; errors: string[] }>()
  const rest: string[] = []
  for (const fault of faults) {
    const path = namePath(fault.field)
    const found = nearest(path, has)
    if (!found) {
      rest.push(labelled(spoken(path), fault.text))
      continue
    }
    const at = fields.get(found.name.join(".")) ?? { name: found.name, errors: [] }
    at.errors.push(labelled(spoken(found.within), fault.text))
    fields.set(found.name.join("."), at)
  }
  return { fields: [...fields.values()], rest }
}

/** nearest is the field that holds the path, the whole path before a part of it, and where within the field it leads. */
function nearest(path: NamePath, has: (name: NamePath) => boolean): { name: NamePath; within: NamePath } | undefined {
  for (let from = 0; from < path.length && typeof path[from] !== "number"; from++) {
    for (let to = path.length; to > from; to--) {
      if (has(path.slice(from, to))) return { name: path.slice(from, to), within: path.slice(to) }
    }
  }
  return undefined
}
