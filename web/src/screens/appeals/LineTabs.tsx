import { Segmented } from "antd"
import { useNavigate, useSearchParams } from "react-router"
import { EntryPick, labelOf, useEntries } from "../../parts/EntryPick"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

/** So many lines stand side by side; more are chosen from a list. */
const TABS = 6

/** LineTabs narrow the list to one support line without opening the filters. */
export function LineTabs() {
  const t = useTexts(words)
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const lines = useEntries("support_lines")
  const chosen = search.get("line") ?? ""
  const choose = (line: string | undefined) => {
    const to = new URLSearchParams(search)
    for (const name of ["after", "line"]) to.delete(name)
    if (line) to.set("line", line)
    void navigate({ search: to.toString() })
  }
  if (lines.length < 2) return null
  if (lines.length > TABS) return <span className="a-line-switch"><EntryPick directory="support_lines" placeholder={t.line} value={chosen || undefined} onChange={choose} /></span>
  return <Segmented aria-label={t.line} value={chosen} onChange={choose} options={[{ value: "", label: t.anyLine }, ...lines.map((l) => ({ value: l.id, label: labelOf(l) }))]} />
}
