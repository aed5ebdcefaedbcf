import { HistoryOutlined } from "@ant-design/icons"
import { Button, Drawer } from "antd"
import { type ReactNode, useState } from "react"
import type { Schema } from "../api/client"
import { type GetPath, useGet } from "../api/query"
import { dateTime } from "../texts/dates"
import { type Change, differ } from "./changes"
import { texts, useTexts } from "../texts/i18n"
import { Async, Empty } from "./Async"
import { When } from "./When"

const words = texts({
  ru: {
    back: "Вернуть", backTo: (version: number) => `Вернуть версию ${version}`, title: "История", empty: "Изменений не было", none: "—", yes: "да", no: "нет", hub: "Узел", channel: "Канал", command: "Командная строка", behind: (name: string) => `за него ${name}`,
    operations: { created: "создание", updated: "изменение", deleted: "удаление", restored: "восстановление" },
  },
  en: {
    back: "Return to this", backTo: (version: number) => `Return to version ${version}`, title: "History", empty: "Nothing was changed", none: "—", yes: "yes", no: "no", hub: "Uzel", channel: "Channel", command: "Command line", behind: (name: string) => `${name} for them`,
    operations: { created: "created", updated: "changed", deleted: "deleted", restored: "restored" },
  },
})

type Entry = Schema<"HistoryEntry">
/** A path of the contract that gives the history of one thing. */
export type HistoryPath = Extract<GetPath, `${string}/history`>
type Props = {
  of: HistoryPath
  params: Record<string, string>
  /** What people call the fields; one without a title is shown by its name, `null` hides it. */
  titles?: Record<string, string | null>
  show?: (field: string, value: unknown) => ReactNode
  /** Fields that are things of their own: what has changed in them is told one by one, as `field.name`. */
  apart?: readonly string[]
  /** The version in force, and what leads back to an earlier one; left out: there is no way back. */
  current?: number
  back?: (version: number) => Promise<void>
}

/** History is a button that opens the history of a thing: who changed what, when, before and after. */
export function History(props: Props) {
  const t = useTexts(words)
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button icon={<HistoryOutlined />} onClick={() => setOpen(true)}>{t.title}</Button>
      <Drawer open={open} onClose={() => setOpen(false)} title={t.title} size={560} destroyOnHidden><Entries {...props} /></Drawer>
    </>
  )
}

function Entries(props: Props) {
  const t = useTexts(words)
  const query = useGet(props.of, { params: { path: props.params } } as never)
  return (
    <Async query={query as never} empty={(data: Schema<"History">) => data.items.length === 0} nothing={<Empty text={t.empty} />}>
      {(data: Schema<"History">) => (
        <ol className="u-history">
          {data.items.toReversed().map((e) => <Step key={e.version} entry={e} titles={props.titles ?? {}} show={props.show} apart={props.apart ?? []} back={e.version === props.current ? undefined : props.back} />)}
        </ol>
      )}
    </Async>
  )
}

function Step(props: { entry: Entry; titles: Record<string, string | null>; show?: Props["show"]; apart: readonly string[]; back?: Props["back"] }) {
  const t = useTexts(words)
  const { entry: e, titles } = props
  const show = (field: string, value: unknown) => props.show?.(field, value) ?? plain(value, t)
  return (
    <li>
      <div><b><Who actor={e.actor} /></b>, {t.operations[e.operation]} <span className="u-quiet"><When at={e.at} full /></span>{props.back && <> <Button size="small" aria-label={t.backTo(e.version)} onClick={() => void props.back!(e.version)}>{t.back}</Button></>}</div>
      <dl>
        {(e.changes ?? []).flatMap((c): Change[] => (props.apart.includes(c.field) ? differ(c.field, c.before, c.after, 1) : [c])).filter((c) => titles[c.field] !== null).map((c) => (
          <div key={c.field}>
            <dt>{titles[c.field] ?? c.field}</dt>
            <dd>{c.before !== undefined && c.before !== null && <><del>{show(c.field, c.before)}</del> → </>}<ins>{show(c.field, c.after)}</ins></dd>
          </div>
        ))}
      </dl>
    </li>
  )
}

/** Who names the one who did something: a colleague, a channel, the hub itself. */
export function Who(props: { actor: Schema<"Actor"> }) {
  const t = useTexts(words)
  const { actor: a } = props
  const kind = a.kind === "hub" ? t.hub : a.kind === "command" ? t.command : a.kind === "channel" ? `${t.channel} «${a.name ?? a.id}»` : (a.name ?? a.id)
  return <>{kind}{a.behind_name && ` (${t.behind(a.behind_name)})`}</>
}

function plain(value: unknown, t: (typeof words)["ru"]): ReactNode {
  if (value === undefined || value === null || value === "") return t.none
  if (typeof value === "boolean") return value ? t.yes : t.no
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT\d\d:/.test(value) ? dateTime(value) : value
  if (Array.isArray(value)) return value.map((v) => (typeof v === "object" ? JSON.stringify(v) : String(v))).join(", ") || t.none
  return typeof value === "object" ? Object.values(value).filter((v) => typeof v !== "object").join(", ") : String(value)
}
