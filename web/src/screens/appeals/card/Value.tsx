import { Link } from "react-router"
import type { Schema } from "../../../api/client"
import { EntryName } from "../../../parts/EntryPick"
import { StateTag } from "../../../parts/StateTag"
import { UserName } from "../../../parts/UserPick"
import { When } from "../../../parts/When"
import { useTexts } from "../../../texts/i18n"
import { name } from "../columns"
import { ChannelName } from "../names"
import { words } from "./texts"

const directories: Record<string, string> = { reason: "reasons", reason_group: "reason_groups", source: "sources", line: "support_lines" }

/** Value is what a field of an appeal holds as people read it, in clashes and in the history. */
export function Value(props: { field: string; value: unknown }) {
  const t = useTexts(words)
  const { field, value } = props
  const directory = directories[field]
  if (value === undefined || value === null || value === "") return <>{t.none}</>
  if (directory) return <EntryName directory={directory} id={String(value)} />
  if (field === "tags") return <>{(value as string[]).map((id) => <span key={id}><EntryName directory="tags" id={id} /> </span>)}</>
  if (field === "notify") return <>{t.ways[value as keyof typeof t.ways]}</>
  if (field === "state") return <StateTag kind="appeal" state={String(value)} />
  if (field === "operator") return <UserName id={String(value)} />
  if (field === "channel") return <ChannelName id={String(value)} />
  if (field === "applicant") return <>{[name(value as Schema<"Correspondent">), ...((value as Schema<"Correspondent">).addresses ?? []).map((a) => a.value)].join(", ")}</>
  if (field === "accounts") return <>{(value as { number: string }[]).map((a) => a.number).join(", ")}</>
  if (field === "files") return <>{(value as { name: string }[]).map((f) => f.name).join(", ")}</>
  if (field === "merged_into") return <Link to={`/appeals/${String(value)}`}>{t.otherAppeal}</Link>
  if (field === "rating") return <>{[(value as { score: number }).score, (value as { comment?: string }).comment].filter(Boolean).join(", ")}</>
  if (field === "due_at" || field.endsWith("_at")) return <When at={String(value)} full />
  if (typeof value === "object") return <>{(value as { text?: string }).text ?? Object.values(value).filter((v) => typeof v !== "object").join(", ")}</>
  return <>{String(value)}</>
}
