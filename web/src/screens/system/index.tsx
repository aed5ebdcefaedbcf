import { Alert, Button, Checkbox, Progress } from "antd"
import { useRef, useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { isoDay } from "../../texts/dates"
import { number, size, useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import { eachLine, post } from "../../api/lines"
import { words } from "./texts"

/** System shows how the hub fares, and checks, copies and indexes it. */
export default function System() {
  const t = useTexts(words)
  const can = useCan()
  const status = useGet("/api/v1/system", {}, { refetchInterval: 5_000 })
  return (
    <Page title={t.title}>
      <Async query={status}>
        {(s) => (
          <div className="u-admin">
            <div className="u-stack"><Hub status={s} />{can("documents.read") && <Index />}</div>
            <div className="u-stack">{can("system.manage") && <Backup />}{can("system.manage") && <Check />}</div>
          </div>
        )}
      </Async>
    </Page>
  )
}

/** Below this share of free disk the page warns. */
const LOW = 0.1

function Hub(props: { status: Schema<"SystemStatus"> }) {
  const t = useTexts(words)
  const { status: s } = props
  const low = s.disk_total > 0 && s.disk_free / s.disk_total < LOW
  const facts: [string, React.ReactNode][] = [
    [t.version, <span translate="no">{s.version}</span>], [t.started, <When at={s.started_at} full />], [t.memory, size(s.memory)], [t.pending, number(s.pending)], [t.database, size(s.database)],
    [t.disk, s.disk_total > 0 ? <Disk status={s} low={low} /> : t.unknown],
  ]
  return (
    <section className="u-panel">
      <h2>{t.hub}</h2>
      <dl className="u-facts">{facts.map(([title, v]) => <div key={title}><dt>{title}</dt><dd>{v}</dd></div>)}</dl>
      {low && <Alert type="warning" showIcon title={t.diskLow} />}
    </section>
  )
}

function Disk(props: { status: Schema<"SystemStatus">; low: boolean }) {
  const t = useTexts(words)
  const { disk_free: free, disk_total: total } = props.status
  return <>{t.diskTaken(size(total - free), size(total))}<Progress percent={Math.round((1 - free / total) * 100)} size="small" showInfo={false} strokeColor={props.low ? "var(--u-bad)" : undefined} aria-label={t.disk} /></>
}

function Index() {
  const t = useTexts(words)
  const can = useCan()
  const index = useGet("/api/v1/search/index", {}, { refetchInterval: 5_000 }).data
  const rebuild = async () => {
    if (await confirm({ title: t.rebuildAsk, text: t.rebuildText, yes: t.rebuild })) await call(api.POST("/api/v1/search/index")).then(() => { toast.done(t.rebuilt); void refresh("/api/v1/search/index") }, toast.error)
  }
  if (!index) return null
  const building = index.state === "building" || index.state === "rebuilding"
  return (
    <section className="u-panel">
      <h2>{t.index}</h2>
      <div className="u-view">
        <div><Tag tone={index.state === "ready" ? "good" : "warn"}>{t.indexStates[index.state]}</Tag> {t.indexed(index.documents)}</div>
        {building && <Progress percent={index.total > 0 ? Math.round((index.done / index.total) * 100) : 0} size="small" aria-label={t.index} />}
        {can("system.manage") && <div><Button disabled={building} onClick={rebuild}>{t.rebuild}</Button></div>}
      </div>
    </section>
  )
}

function Backup() {
  const t = useTexts(words)
  const [withKey, setWithKey] = useState(false)
  const [got, setGot] = useState<number | null>(null)
  const stop = useRef<AbortController | null>(null)
  const take = async () => {
    stop.current = new AbortController()
    setGot(0)
    try {
      const bytes = await download(`/api/v1/system/backup?with_key=${withKey}`, `uzel-${isoDay(new Date())}.tar`, stop.current.signal, setGot)
      toast.done(t.taken(size(bytes)))
    } catch (error) {
      if (!stop.current.signal.aborted) toast.error(error)
    } finally {
      setGot(null)
    }
  }
  return (
    <section className="u-panel">
      <h2>{t.backup}</h2>
      <div className="u-view">
        <p className="u-quiet">{t.backupText} <code>uzel restore</code></p>
        <Checkbox checked={withKey} onChange={(e) => setWithKey(e.target.checked)}>{t.withKey}</Checkbox>
        {withKey && <Alert type="warning" showIcon title={t.withKeyText} />}
        <div className="u-form-do">
          <Button type="primary" loading={got !== null} onClick={take}>{got !== null ? t.taking(size(got)) : t.take}</Button>
          {got !== null && <Button onClick={() => stop.current?.abort()}>{t.stop}</Button>}
        </div>
      </div>
    </section>
  )
}

type Picker = (options: { suggestedName: string }) => Promise<{ createWritable: () => Promise<WritableStream<Uint8Array<ArrayBuffer>>> }>

/**
 * download writes the answer into a file the person chooses, as it comes; a browser that cannot do
 * that gathers it first. It gives the number of bytes; what breaks off is an error, never a file.
 */
async function download(path: string, name: string, signal: AbortSignal, progress: (bytes: number) => void): Promise<number> {
  const pick = (window as { showSaveFilePicker?: Picker }).showSaveFilePicker
  const file = pick && !navigator.webdriver ? await (await pick({ suggestedName: name })).createWritable() : undefined
  let bytes = 0
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, on) {
      bytes += piece.byteLength
      progress(bytes)
      on.enqueue(piece)
    },
  })
  const stream = (await post(path, signal)).pipeThrough(counting)
  if (file) await stream.pipeTo(file, { signal })
  else save(await new Response(stream).blob(), name)
  return bytes
}

function save(blob: Blob, name: string) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

type Line = Schema<"CheckLine">

function Check() {
  const t = useTexts(words)
  const [line, setLine] = useState<Line | null>(null)
  const [running, setRunning] = useState<AbortController | null>(null)
  const run = async () => {
    const stop = new AbortController()
    setRunning(stop)
    setLine(null)
    try {
      await eachLine<Line>(await post("/api/v1/system/check", stop.signal), setLine)
    } catch (error) {
      if (!stop.signal.aborted) toast.error(error)
    } finally {
      setRunning(null)
    }
  }
  return (
    <section className="u-panel">
      <h2>{t.check}</h2>
      <div className="u-view">
        <p className="u-quiet">{t.checkText}</p>
        <div className="u-form-do"><Button loading={!!running} onClick={run}>{t.run}</Button>{running && <Button onClick={() => running.abort()}>{t.stop}</Button>}</div>
        <div role="status">
          {running && line?.progress}
          {line?.error && <p className="u-fault">{line.error}</p>}
          {line?.report && <Report report={line.report} />}
        </div>
      </div>
    </section>
  )
}

function Report(props: { report: Schema<"CheckReport"> }) {
  const t = useTexts(words)
  const { report: r } = props
  const facts: [string, string][] = [[t.report.blobs, number(r.blobs)], [t.report.bytes, size(r.bytes)], [t.report.unregistered, number(r.unregistered)], [t.report.unused, number(r.unused)], [t.report.unused_bytes, size(r.unused_bytes)]]
  return (
    <div className="u-view">
      {r.all_problems === 0 ? <div><Tag tone="good">{t.sound}</Tag></div> : <Alert type="error" title={t.problems(r.all_problems)} description={<ul>{r.problems.slice(0, 20).map((p) => <li key={p}>{p}</li>)}</ul>} />}
      <dl className="u-facts">{facts.map(([title, v]) => <div key={title}><dt>{title}</dt><dd>{v}</dd></div>)}</dl>
    </div>
  )
}
