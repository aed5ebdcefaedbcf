import { useNavigate, useSearchParams } from "react-router"
import { EntryPick } from "../../parts/EntryPick"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

/** LineSwitch narrows the list to one support line without opening the filters. */
export function LineSwitch() {
  const t = useTexts(words)
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const choose = (line: string | undefined) => {
    const to = new URLSearchParams(search)
    for (const name of ["after", "line"]) to.delete(name)
    if (line) to.set("line", line)
    void navigate({ search: to.toString() })
  }
  return <span className="a-line-switch"><EntryPick directory="support_lines" placeholder={t.line} value={search.get("line") ?? undefined} onChange={choose} /></span>
}
