import { useGet } from "../../api/query"
import { EntryName } from "../../parts/EntryPick"
import { UserName } from "../../parts/UserPick"
import { useTexts } from "../../texts/i18n"
import { type Action, type Condition, groupOf } from "./model"
import { words } from "./texts"

/** SayCondition tells a condition in a line of words. */
export function SayCondition(props: { value?: Condition; inner?: boolean }) {
  const t = useTexts(words)
  const c = props.value
  if (!c) return <>{t.always}</>
  const group = groupOf(c)
  if (group) {
    const parts = group.items.map((item, i) => (
      <span key={i}>{i > 0 && <em> {group.join === "all" ? t.and : t.or} </em>}<SayCondition value={item} inner /></span>
    ))
    return <>{group.negated && <em>{t.neg} </em>}{(props.inner || group.negated) && group.items.length > 1 ? <>({parts})</> : parts}</>
  }
  if (c.not) return <><em>{t.neg} </em><SayCondition value={c.not} inner /></>
  if (c.expr !== undefined) return <code>{c.expr}</code>
  const field = lower(t.fields[c.field ?? ""] ?? c.field ?? "")
  if (c.is === "yes") return <b>{field}</b>
  return <><b>{field}{c.name && ` «${c.name}»`}</b> {t.relations[c.is ?? ""]} {c.values ? <Said field={c.field ?? ""} values={c.values} /> : c.is !== "present" && c.number}</>
}

/** lower is a title inside of a sentence. */
function lower(title: string): string {
  return title.slice(0, 1).toLocaleLowerCase() + title.slice(1)
}

const directories: Record<string, string> = { organization: "organizations", source: "sources", reason_group: "reason_groups", reason: "reasons", line: "support_lines", tag: "tags" }

function Said(props: { field: string; values: string[] }) {
  const t = useTexts(words)
  const fixed: Record<string, string> = { ...t.directionTitles, ...t.kinds, ...t.languages, ...t.marks }
  const directory = directories[props.field]
  return (
    <>
      {props.values.map((v, i) => (
        <span key={v}>{i > 0 && ", "}«{directory && v.startsWith("ent_") ? <EntryName directory={directory} id={v} /> : props.field === "channel" ? <ChannelTitle id={v} /> : listed.includes(props.field) ? (fixed[v] ?? v) : v}»</span>
      ))}
    </>
  )
}

const listed = ["direction", "kind", "language", "mark"]

function ChannelTitle(props: { id: string }) {
  return <>{useGet("/api/v1/channels", {}, { staleTime: 60_000 }).data?.items.find((c) => c.id === props.id)?.title ?? props.id}</>
}

/** SayAction tells what an action does. */
export function SayAction(props: { value: Action }) {
  const t = useTexts(words)
  const { value: a } = props
  return (
    <>
      {lower(t.does[a.do] ?? a.do)}
      {a.line && <> «<EntryName directory="support_lines" id={a.line} />»</>}
      {a.choice && `: ${t.choices[a.choice]?.toLocaleLowerCase()}`}
      {a.reason && <> «<EntryName directory="reasons" id={a.reason} />»</>}
      {a.tags?.map((x, i) => <span key={x}>{i > 0 && ","} «<EntryName directory="tags" id={x} />»</span>)}
      {a.title && ` «${a.title}»`}
      {a.performer && <> (<UserName id={a.performer} />)</>}
      {a.users && a.users.length > 0 && <> ({a.users.map((u, i) => <span key={u}>{i > 0 && ", "}<UserName id={u} /></span>)})</>}
      {a.channels && <> {a.channels.map((c, i) => <span key={c}>{i > 0 && ", "}«<ChannelTitle id={c} />»</span>)}</>}
      {a.term && (a.do === "set_term" ? ` ${t.termOf(a.term)}` : `, ${t.term.toLocaleLowerCase()} ${t.termOf(a.term)}`)}
    </>
  )
}
