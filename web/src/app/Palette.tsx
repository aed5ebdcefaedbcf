import { Modal } from "antd"
import { useDeferredValue, useEffect, useId, useRef, useState } from "react"
import { useNavigate } from "react-router"
import { useGet } from "../api/query"
import { StateTag } from "../parts/StateTag"
import { number, useTexts } from "../texts/i18n"
import { useLanguage } from "./language"
import { routes } from "./routes"
import { useCan } from "./session"
import { words } from "./words"

type Line = { key: string; to: string; title: string; note?: string; state?: string; kind?: "appeal" | "document" }

/** Palette finds pages by name and documents by words; arrows choose, Enter opens. */
export default function Palette(props: { close: () => void }) {
  const t = useTexts(words)
  const [text, setText] = useState("")
  const [at, setAt] = useState(0)
  const list = useId()
  const navigate = useNavigate()
  const pages = usePages(text)
  const found = useFound(useDeferredValue(text.trim()))
  const lines = [...pages, ...found.lines]
  const chosen = lines[Math.min(at, lines.length - 1)]
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [at])
  const open = (line?: Line) => {
    if (!line) return
    props.close()
    void navigate(line.to)
  }
  const steer = (e: React.KeyboardEvent) => {
    if (e.key === "Enter") return open(chosen)
    const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0
    if (!step || !lines.length) return
    e.preventDefault()
    setAt((Math.min(at, lines.length - 1) + step + lines.length) % lines.length)
  }
  const group = (title: string, of: Line[]) =>
    of.length > 0 && (
      <div role="group" aria-label={title}>
        <div className="u-palette-title">{title}</div>
        {of.map((line) => (
          <div key={line.key} id={`${list}${line.key}`} role="option" aria-selected={line === chosen} onClick={() => open(line)} onMouseMove={() => setAt(lines.indexOf(line))}>
            <span>{line.title}</span>
            {line.note && <small>{line.note}</small>}
            {line.kind && line.state && <StateTag kind={line.kind} state={line.state} />}
          </div>
        ))}
      </div>
    )
  return (
    <Modal open closable={false} footer={null} onCancel={props.close} width={640} className="u-palette" title={<span className="u-hidden">{t.search}</span>} style={{ top: 72 }}>
      <input
        autoFocus role="combobox" aria-expanded="true" aria-controls={list} aria-label={t.searchHint} placeholder={t.searchHint}
        aria-activedescendant={chosen && `${list}${chosen.key}`} value={text} onKeyDown={steer}
        onChange={(e) => { setText(e.target.value); setAt(0) }}
      />
      <div id={list} ref={box} role="listbox" aria-label={t.search} className="u-palette-list">
        {group(t.searchSections, pages)}
        {group(t.searchFound, found.lines)}
      </div>
      <div className="u-palette-foot" role="status">{found.note || (lines.length === 0 && text ? t.searchNone : "")}</div>
    </Modal>
  )
}

function usePages(text: string): Line[] {
  const lang = useLanguage()
  const can = useCan()
  const wanted = text.trim().toLocaleLowerCase()
  return routes
    .filter((r) => !r.path.includes(":") && (!r.needs || can(r.needs)))
    .filter((r) => r.title[lang].toLocaleLowerCase().includes(wanted))
    .slice(0, wanted ? 5 : 30)
    .map((r) => ({ key: `page-${r.path}`, to: `/${r.path}`, title: r.title[lang] }))
}

function useFound(text: string): { lines: Line[]; note?: string } {
  const t = useTexts(words)
  const can = useCan()
  const enabled = text.length > 1 && can("documents.read")
  const { data, error } = useGet("/api/v1/search", { params: { query: { q: text, limit: 10 } } }, { enabled, placeholderData: (before) => before })
  if (!enabled) return { lines: [] }
  if (error) return { lines: [], note: error.kind === "invalid" ? error.message : t.searchDown }
  const lines = (data?.items ?? []).map(({ document: d, appeal }): Line => ({
    key: d.id,
    to: appeal ? `/appeals/${d.id}` : `/documents/${d.id}`,
    title: d.subject || d.number?.text || d.id,
    note: [d.number?.text, d.sender.name].filter(Boolean).join(" · "),
    kind: appeal ? "appeal" : "document",
    state: appeal?.state ?? d.state,
  }))
  return { lines, note: data && data.total > lines.length ? t.searchMore(number(data.total)) : undefined }
}
