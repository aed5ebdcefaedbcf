import { Button, Input, Select } from "antd"
import { useEffect, useRef, useState } from "react"
import { Empty } from "../../parts/Async"
import { Tag } from "../../parts/StateTag"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Line = { "@timestamp": string; "@level": string; "@message": string; [field: string]: unknown }

/** How many lines stay on the page. */
const KEPT = 2_000
const levels = ["trace", "debug", "info", "warn", "error"]
const least = { all: 0, info: 2, warn: 3, error: 4 }

/** Log shows the log of a channel as it is written, and stays at its end unless one scrolls up. */
export function Log(props: { id: string }) {
  const t = useTexts(words)
  const [paused, setPaused] = useState(false)
  const { lines, up } = useLog(props.id, paused)
  const [text, setText] = useState("")
  const [level, setLevel] = useState<keyof typeof least>("all")
  const wanted = text.trim().toLocaleLowerCase()
  const shown = lines.filter((l) => levels.indexOf(l["@level"]) >= least[level] && (!wanted || JSON.stringify(l).toLocaleLowerCase().includes(wanted)))
  return (
    <>
      <div className="u-log-bar">
        <Input allowClear placeholder={t.logFind} aria-label={t.logFind} value={text} onChange={(e) => setText(e.target.value)} />
        <Select aria-label={t.logLevel} value={level} onChange={setLevel} popupMatchSelectWidth={false} options={(Object.keys(least) as (keyof typeof least)[]).map((value) => ({ value, label: t.logLevels[value] }))} />
        <Button onClick={() => setPaused(!paused)}>{paused ? t.logGo : t.logPause}</Button>
        {!paused && <Tag tone={up ? "good" : "warn"}>{up ? t.logLive : t.logLost}</Tag>}
      </div>
      <Lines lines={shown} />
    </>
  )
}

function Lines(props: { lines: readonly Line[] }) {
  const t = useTexts(words)
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [props.lines.length])
  return (
    <div className="u-log" ref={box} role="log" aria-label={t.logName} tabIndex={0} onScroll={(e) => { const b = e.currentTarget; atEnd.current = b.scrollHeight - b.scrollTop - b.clientHeight < 40 }}>
      {props.lines.length === 0 && <Empty text={t.logEmpty} />}
      {props.lines.map((l, i) => (
        <div key={i}>
          <time dateTime={l["@timestamp"]} title={l["@timestamp"]}>{new Date(l["@timestamp"]).toLocaleTimeString("ru-RU")}</time>
          <span data-level={l["@level"]}>{t.levels[l["@level"]] ?? l["@level"]}</span>
          <span translate="no">{l["@message"]} <i>{rest(l)}</i></span>
        </div>
      ))}
    </div>
  )
}

function rest(line: Line): string {
  return Object.entries(line).filter(([name]) => !name.startsWith("@")).map(([name, v]) => `${name}=${typeof v === "string" ? v : JSON.stringify(v)}`).join(" ")
}

/** useLog follows the log; after a broken line it begins again with the last lines. */
function useLog(id: string, paused: boolean) {
  const [lines, setLines] = useState<readonly Line[]>([])
  const [up, setUp] = useState(false)
  useEffect(() => {
    if (paused) return
    const source = new EventSource(`/api/v1/channels/${encodeURIComponent(id)}/log?follow=true&lines=500`)
    let fresh: Line[] = []
    let timer: number | undefined
    const flush = () => {
      timer = undefined
      const more = fresh
      fresh = []
      setLines((old) => [...old, ...more].slice(-KEPT))
    }
    source.onopen = () => {
      setUp(true)
      setLines([])
    }
    source.onerror = () => setUp(false)
    source.addEventListener("line", (e) => {
      fresh.push(JSON.parse((e as MessageEvent<string>).data) as Line)
      timer ??= window.setTimeout(flush, 100)
    })
    return () => {
      source.close()
      window.clearTimeout(timer)
    }
  }, [id, paused])
  return { lines, up }
}
