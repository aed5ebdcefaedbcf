import type { Schema } from "../../api/client"

export type Condition = Schema<"Condition">
export type Action = Schema<"Action">
export type Rule = Schema<"Rule">
export type RuleInput = Schema<"RuleInput">

/** What a field is compared as. */
export type FieldKind = "text" | "number" | "flag"

const numbers = ["attachments", "appeals", "open_appeals"]
const flags = ["working_time", "known_sender"]

export function kindOf(field: string): FieldKind {
  return numbers.includes(field) ? "number" : flags.includes(field) ? "flag" : "text"
}

/** The relations a kind of field has. */
export const relationsOf: Record<FieldKind, NonNullable<Condition["is"]>[]> = {
  text: ["equals", "contains", "begins", "ends", "words", "matches", "present"],
  number: ["equals", "at_least", "at_most"],
  flag: ["yes"],
}

/** What each action asks for, in the order of the form. */
export const asks: Record<Action["do"], (keyof Action)[]> = {
  set_line: ["line"],
  set_operator: ["choice", "users"],
  set_reason: ["reason_group", "reason"],
  add_tags: ["tags"],
  set_term: ["term"],
  create_task: ["title", "performer", "controller", "term", "text"],
  reply: ["template", "title", "text"],
  forward: ["channels"],
  notify: ["users", "text"],
  stop: [],
}

/** A group of conditions, which is to hold or, `negated`, not to hold. */
export type Group = { join: "all" | "any"; items: Condition[]; negated: boolean }

/** groupOf reads a condition as a group, if it is one. */
export function groupOf(c: Condition): Group | undefined {
  const inner = c.not ?? c
  const join = inner.all ? "all" : inner.any ? "any" : undefined
  return join && { join, items: inner[join] ?? [], negated: !!c.not }
}

/** conditionOf writes a group. */
export function conditionOf(g: Group): Condition {
  const inner: Condition = { [g.join]: g.items }
  return g.negated ? { not: inner } : inner
}

/** rooted makes a group of the conditions of a rule, to begin the builder with. */
export function rooted(when?: Condition): Condition {
  if (!when) return { all: [] }
  return groupOf(when) ? when : { all: [when] }
}

/** pruned takes empty groups out; nothing is left of a rule without conditions. */
export function pruned(c: Condition): Condition | undefined {
  const group = groupOf(c)
  if (!group) return c
  const items = group.items.flatMap((i) => pruned(i) ?? [])
  return items.length > 0 ? conditionOf({ ...group, items }) : undefined
}

/** drafted is the set of rules as it would be with the draft in it, switched on. */
export function drafted(rules: readonly Rule[], draft: RuleInput, id?: string): RuleInput[] {
  const live = { ...draft, on: true, ...(id && { id }) }
  const inputs = rules.map((r) => (r.id === id ? live : inputOf(r)))
  return id ? inputs : [...inputs, live]
}

/** inputOf is what of a rule is written. */
export function inputOf(r: Rule): RuleInput {
  const { changed: _, fault: __, ...input } = r
  return input
}
