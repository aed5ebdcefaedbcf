import type { Schema } from "../../api/client"
import { useLanguage } from "../../app/language"
import { useEntries, labelOf, useDirectory } from "../../parts/EntryPick"
import { Tag } from "../../parts/StateTag"
import { termUnits } from "../../parts/terms"
import { date } from "../../texts/dates"
import { number, pick, useTexts } from "../../texts/i18n"
import { words } from "./texts"

export type Book = Schema<"Directory">
export type Field = Schema<"DirectoryField">
export type Entry = Schema<"Entry">
export type TermValue = Schema<"Term">

/** Shown is a value of an entry as people read it, by the type of its field. */
export function Shown({ field: f, entry }: { field: Field; entry: Entry }) {
  const t = useTexts(words)
  const lang = useLanguage()
  const value = entry.values[f.name]
  if (value === undefined || value === null || value === "") return null
  const name = (id: string) => entry.names[id] ?? id
  switch (f.type) {
    case "bool":
      return value ? <Tag tone="good">{t.yes}</Tag> : <span className="u-quiet">{t.no}</span>
    case "choice": {
      const option = f.options?.find((o) => o.value === value)
      return <>{option ? pick(option.title, lang) : String(value)}</>
    }
    case "ref":
      return <>{name(String(value))}</>
    case "refs":
      return <>{(value as string[]).map(name).join(", ")}</>
    case "texts":
    case "files":
      return <>{(value as string[]).join(", ")}</>
    case "date":
      return <>{date(String(value))}</>
    case "number":
      return <>{number(Number(value))}</>
    case "term":
      return <Term term={value as TermValue} />
    case "hours":
      return <Hours of={f.ref ?? ""} hours={value as Record<string, number>} />
    default:
      return <>{short(String(value))}</>
  }
}

function short(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}

function Term({ term }: { term: TermValue }) {
  const t = useTexts(words)
  const unit = useTexts(termUnits)
  return <>{term.kind === "outside" ? t.outside : `${number(term.amount ?? 0)} ${unit[term.kind](term.amount ?? 0)}`}</>
}

function Hours(props: { of: string; hours: Record<string, number> }) {
  const t = useTexts(words)
  const book = useDirectory(props.of)
  const entries = useEntries(props.of)
  return <>{Object.entries(props.hours).map(([id, n]) => `${labelOf(entries.find((e) => e.id === id) ?? ({ id, values: {} } as Entry), book)}: ${n} ${t.hours}`).join(", ")}</>
}
