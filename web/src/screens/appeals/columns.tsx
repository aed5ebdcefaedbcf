import type { Schema } from "../../api/client"
import type { Tone } from "../../app/theme"
import type { Column } from "../../parts/DataList"
import { EntryName, labelOf, useEntries } from "../../parts/EntryPick"
import { StateTag, Tag } from "../../parts/StateTag"
import { UserName } from "../../parts/UserPick"
import { Due, When } from "../../parts/When"
import { ChannelName } from "./names"
import type { Words } from "./texts"

/** One appeal of a list. */
export type Row = Schema<"AppealRow">

/** ended tells that nobody has to work on the appeal any more. */
export const ended = (state: string) => ["answered", "closed", "rejected"].includes(state)

/** columns of the list; the hidden ones a person may choose. */
export function columns(t: Words): Column<Row>[] {
  return [
    { key: "number", order: "number", title: t.number, width: "1%", render: (r) => <span className="a-number">{r.number?.text}</span> },
    { key: "state", order: "state", title: t.state, width: "1%", render: (r) => <StateTag kind="appeal" state={r.appeal.state} /> },
    { key: "subject", order: "subject", title: t.subject, render: (r) => <Subject row={r} t={t} /> },
    { key: "applicant", order: "applicant", title: t.applicant, width: "18%", render: (r) => name(r.appeal.applicant) },
    { key: "reason", title: t.reason, hidden: true, render: (r) => <EntryName directory="reasons" id={r.appeal.reason} /> },
    { key: "line", title: t.line, hidden: true, render: (r) => <EntryName directory="support_lines" id={r.appeal.line} /> },
    { key: "operator", title: t.operator, width: "14%", render: (r) => <UserName id={r.appeal.operator} /> },
    { key: "due", order: "due", title: t.due, width: "1%", render: (r) => <Due at={r.due_at} done={ended(r.appeal.state)} /> },
    { key: "received", order: "received", title: t.received, width: "1%", wide: true, render: (r) => <When at={r.created_at} /> },
    { key: "group", title: t.group, hidden: true, render: (r) => <EntryName directory="reason_groups" id={r.appeal.reason_group} /> },
    { key: "source", title: t.source, hidden: true, render: (r) => <EntryName directory="sources" id={r.appeal.source} /> },
    { key: "channel", title: t.channel, hidden: true, render: (r) => <ChannelName id={r.channel} /> },
    { key: "address", title: t.address, hidden: true, render: (r) => r.appeal.premises?.text },
    { key: "account", title: t.account, hidden: true, render: (r) => r.appeal.accounts?.map((a) => a.number).join(", ") },
    { key: "tags", title: t.tags, hidden: true, render: (r) => r.appeal.tags?.map((id) => <Tag key={id}><EntryName directory="tags" id={id} /></Tag>) },
    { key: "planned", title: t.planned, hidden: true, render: (r) => <When at={r.appeal.planned_at} /> },
    { key: "files", title: t.files, hidden: true, align: "right", render: (r) => r.files || "" },
    { key: "rating", title: t.rating, hidden: true, align: "right", render: (r) => r.appeal.rating?.score },
    { key: "updated", order: "updated", title: t.updated, hidden: true, render: (r) => <When at={r.updated_at} /> },
  ]
}

/** name is how a correspondent is called: by name, else by an address. */
export function name(c: Schema<"Correspondent">): string {
  return c.name || c.addresses?.[0]?.value || "—"
}

function Subject(props: { row: Row; t: Words }) {
  const { row, t } = props
  return (
    <>
      {row.subject || t.noSubject} {row.marks?.map((m) => <Tag key={m.kind} tone="warn">{t.marks[m.kind]}</Tag>)}
      {row.appeal.reason && <Reason of={row} />}
    </>
  )
}

/** Reason stands under a subject that does not say the same. */
function Reason(props: { of: Row }) {
  const { subject, appeal } = props.of
  const known = useEntries("reasons").find((e) => e.id === appeal.reason)
  if (known && labelOf(known).toLowerCase() === subject?.trim().toLowerCase()) return null
  return <div className="u-quiet"><EntryName directory="reasons" id={appeal.reason} /></div>
}

/** tone marks a row by what it asks for: overdue, soon due, to call, not taken. */
export function tone(row: Row, now = Date.now()): Tone | undefined {
  if (row.marks?.some((m) => m.kind === "to_call")) return "info"
  if (ended(row.appeal.state)) return undefined
  const left = row.due_at ? new Date(row.due_at).getTime() - now : Infinity
  if (left < 0) return "bad"
  if (left < 86_400_000) return "warn"
  return row.appeal.state === "new" ? "active" : undefined
}
