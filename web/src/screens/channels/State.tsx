import { Button } from "antd"
import { api, call, type Schema } from "../../api/client"
import { useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Empty } from "../../parts/Async"
import { Plot } from "../../parts/Plot"
import { Tag } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { isoDay } from "../../texts/dates"
import { number, useTexts } from "../../texts/i18n"
import { Pace, queued } from "."
import { reread } from "./reread"
import { Operations } from "./Operations"
import { Traffic } from "./Traffic"
import { words } from "./texts"

type Channel = Schema<"Channel">

/** State is how a channel fares: counters, directions, its program, a month of documents, its operations. */
export function State(props: { channel: Channel }) {
  return (
    <div className="u-admin">
      <Counters channel={props.channel} />
      <Program channel={props.channel} />
      <Traffic id={props.channel.id} />
      <Month id={props.channel.id} />
      <Operations id={props.channel.id} />
    </div>
  )
}

function Counters(props: { channel: Channel }) {
  const t = useTexts(words)
  const { channel: c } = props
  const s = c.status
  return (
    <section className="u-panel">
      <h2>{t.sinceStart}</h2>
      <dl className="u-counts">
        <div><dt>{t.received}</dt><dd>{number(s?.received ?? 0)}</dd></div>
        <div><dt>{t.sent}</dt><dd>{number(s?.sent ?? 0)}</dd></div>
        <div data-bad={!!s?.failed || undefined}><dt>{t.failed}</dt><dd>{number(s?.failed ?? 0)}</dd></div>
        <div><dt>{t.queued}</dt><dd>{queued(s?.queued ?? 0, t.queuedMany)}</dd></div>
      </dl>
      <Pace status={s} />
      <div className="u-ways">
        <Way channel={c} direction="in" at={s?.last_in_at} />
        <Way channel={c} direction="out" at={s?.last_out_at} />
      </div>
    </section>
  )
}

function Way(props: { channel: Channel; direction: "in" | "out"; at?: string }) {
  const t = useTexts(words)
  const can = useCan()
  const { channel: c, direction } = props
  const paused = direction === "in" ? c.paused_in : c.paused_out
  const set = () => {
    const init = { params: { path: { id: c.id } }, body: { direction } }
    const asked = paused ? api.POST("/api/v1/channels/{id}/resume", init) : api.POST("/api/v1/channels/{id}/pause", init)
    call(asked).then(() => reread(), toast.error)
  }
  return (
    <div>
      <b>{t.directions[direction]}</b>
      <span>{paused ? <Tag tone="warn">{direction === "in" ? t.paused : t.pausedF}</Tag> : <Tag tone={c.enabled ? "good" : "calm"}>{c.enabled ? t.works : t.off}</Tag>} <span className="u-quiet">{props.at ? <>{t.last} <When at={props.at} /></> : t.never}</span></span>
      {can("channels.operate") && <Button size="small" aria-label={`${paused ? t.resume : t.pause}: ${t.directions[direction]}`} onClick={set}>{paused ? t.resume : t.pause}</Button>}
    </div>
  )
}

function Program(props: { channel: Channel }) {
  const t = useTexts(words)
  const { channel: c } = props
  const s = c.status
  const plugins = useGet("/api/v1/plugins", {}, { staleTime: 300_000 }).data?.items ?? []
  const facts: [string, React.ReactNode][] = [
    [t.since, s && <When at={s.since} full />],
    [t.connector, plugins.find((p) => p.name === c.plugin)?.title ?? c.plugin],
    [t.version, <>{s?.version || "—"}{c.plugin_version && ` (${t.pinned})`}</>],
    [t.started, s?.started_at ? <When at={s.started_at} full /> : "—"],
    [t.restarts, number(s?.restarts ?? 0)],
    [t.memory, s?.memory_mb ? t.mb(Math.round(s.memory_mb)) : "—"],
    [t.code, <code>{c.id}</code>],
  ]
  return (
    <section className="u-panel">
      <h2>{t.process}</h2>
      <dl className="u-facts">{facts.map(([title, value]) => <div key={title}><dt>{title}</dt><dd>{value}</dd></div>)}</dl>
    </section>
  )
}

const DAYS = 30

function Month(props: { id: string }) {
  const t = useTexts(words)
  const can = useCan()
  const day = (ago: number) => isoDay(new Date(Date.now() - ago * 86_400_000))
  const query = { group: "day,direction", channel: props.id, from: day(DAYS - 1), to: day(0) }
  const report = useGet("/api/v1/reports/summary", { params: { query } } as never, { enabled: can("reports.read") }).data as Schema<"Summary"> | undefined
  if (!can("reports.read")) return null
  const rows = report?.rows ?? []
  const count = (of: string, direction: string) => rows.filter((r) => r.keys[0]?.value === of && r.keys[1]?.value === direction).reduce((sum, r) => sum + r.documents, 0)
  const points = Array.from({ length: DAYS }, (_, i) => day(DAYS - 1 - i)).map((d) => ({ key: d, title: `${d.slice(8)}.${d.slice(5, 7)}`, values: { incoming: count(d, "incoming"), outgoing: count(d, "outgoing") } }))
  return (
    <section className="u-panel u-whole">
      <h2>{t.byDay}</h2>
      {report && rows.length === 0 ? <Empty text={t.noDocuments} /> : (
        <Plot kind="stacked" label={t.byDay} height={220} points={points} series={[{ name: "incoming", title: t.incoming, tone: "active" }, { name: "outgoing", title: t.outgoing, tone: "good" }]} />
      )}
    </section>
  )
}
