import type { Schema } from "../../../api/client"

/** What the form holds while it is being filled in. */
export type Values = {
  party?: string; kind: Schema<"PartyKind">; name?: string; phone?: string; email?: string; keep?: boolean
  subject: string; reason_group?: string; reason?: string; extra?: Record<string, unknown>; description?: string; comment?: string
  address?: string; accounts?: { number: string; provider?: string; address?: string }[]
  source?: string; line?: string; tags?: string[]; notify: Schema<"AppealInput">["notify"]; take: boolean
}

/** applicantOf is the correspondent the form names. */
export function applicantOf(v: Values): Schema<"Correspondent"> {
  const addresses = ([["phone", v.phone], ["email", v.email]] as const).flatMap(([kind, value]) => (value?.trim() ? [{ kind, value: value.trim() }] : []))
  return { party: v.party, kind: v.kind, name: v.name?.trim() || undefined, addresses }
}

/** named tells that somebody can be found again by what the form says of him. */
export const named = (who: Schema<"Correspondent">) => !!who.party || !!who.name || !!who.addresses?.length

/** fieldOf is where in the form stands what the REST calls otherwise. */
export function fieldOf(field: string, v: Values): string {
  const contact = /^applicant\.addresses\.(\d+)/.exec(field)
  if (contact) return (["phone", "email"] as const).filter((name) => v[name]?.trim())[Number(contact[1])] ?? field
  return { "premises.text": "address", premises: "address", text: "description" }[field] ?? field
}

/** inputOf is the appeal as the REST takes it; `code` is that of its source. */
export function inputOf(v: Values, code: string | undefined): Schema<"AppealInput"> {
  const text = (of: string | undefined) => of?.trim() || undefined
  const extra = Object.entries(v.extra ?? {}).filter(([, value]) => value !== undefined && value !== "").map(([name, value]) => [name, String(value)])
  return {
    kind: kindOf(code), subject: v.subject.trim(), applicant: applicantOf(v), reason_group: v.reason_group, reason: v.reason, extra: extra.length > 0 ? Object.fromEntries(extra) : undefined,
    text: text(v.description), description: text(v.description), comment: text(v.comment), premises: text(v.address) ? { text: v.address!.trim() } : undefined,
    accounts: v.accounts?.length ? v.accounts : undefined, source: v.source, line: v.line, tags: v.tags?.length ? v.tags : undefined, notify: v.notify, take: v.take || undefined,
  }
}

/** kindOf is what an appeal that came by the source is registered as. */
function kindOf(code: string | undefined): Schema<"AppealInput">["kind"] {
  if (code === "phone") return "call"
  return code === "email" || code === "post" ? "letter" : "appeal"
}
