import { PlusOutlined } from "@ant-design/icons"
import { Link } from "react-router"
import type { Schema } from "../../api/client"
import { useEvents } from "../../api/events"
import { refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async, Empty } from "../../parts/Async"
import { Page } from "../../parts/Page"
import { StateTag, Tag } from "../../parts/StateTag"
import { When } from "../../parts/When"
import { number, useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import "./channels.css"
import { words } from "./texts"

type Channel = Schema<"Channel">

/** How often the counters are read again; states come by events. */
const COUNT_MS = 5_000

/** Channels shows how every channel fares, those that need somebody first. */
export default function Channels() {
  const t = useTexts(words)
  const can = useCan()
  const channels = useGet("/api/v1/channels", {}, { refetchInterval: COUNT_MS })
  useEvents(["channel.status", "channel.updated"], () => void refresh("/api/v1/channels"))
  const add = can("channels.write") && <Link className="u-button" to="/channels/new"><PlusOutlined aria-hidden /> {t.add}</Link>
  return (
    <Page title={t.title} actions={add}>
      <Async query={channels} empty={(data) => data.items.length === 0} nothing={<Empty text={t.none}>{add}</Empty>}>
        {(data) => <ul className="u-channels">{data.items.toSorted(byNeed).map((c) => <li key={c.id}><Card channel={c} /></li>)}</ul>}
      </Async>
    </Page>
  )
}

const needs = ["failed", "degraded", "starting", "stopping", "running", "stopped"]

function byNeed(a: Channel, b: Channel): number {
  const rank = (c: Channel) => needs.indexOf(c.status?.state ?? "stopped")
  return rank(a) - rank(b) || a.title.localeCompare(b.title)
}

function Card(props: { channel: Channel }) {
  const t = useTexts(words)
  const { channel: c } = props
  const s = c.status
  const plugins = useGet("/api/v1/plugins", {}, { staleTime: 300_000 }).data?.items ?? []
  const connector = plugins.find((p) => p.name === c.plugin)?.title ?? c.plugin
  return (
    <Link className="u-channel" to={`/channels/${c.id}`} data-state={s?.state}>
      <div className="u-channel-head"><h2>{c.title}</h2><ChannelTags channel={c} /></div>
      <div className="u-quiet">{connector}</div>
      {s?.reason && <p className="u-channel-reason">{s.reason}</p>}
      <dl className="u-counts">
        <div><dt>{t.received}</dt><dd>{number(s?.received ?? 0)}</dd></div>
        <div><dt>{t.sent}</dt><dd>{number(s?.sent ?? 0)}</dd></div>
        <div data-bad={!!s?.failed || undefined}><dt>{t.failed}</dt><dd>{number(s?.failed ?? 0)}</dd></div>
        <div><dt>{t.queued}</dt><dd>{queued(s?.queued ?? 0, t.queuedMany)}</dd></div>
      </dl>
      <Pace status={s} />
      <div className="u-channel-last"><span>{t.lastIn}: {s?.last_in_at ? <When at={s.last_in_at} /> : t.never}</span><span>{t.lastOut}: {s?.last_out_at ? <When at={s.last_out_at} /> : t.never}</span></div>
    </Link>
  )
}

/** Pace is what a channel did within the hour, how long its queue waits and what went wrong last. */
export function Pace(props: { status?: Schema<"ChannelStatus"> }) {
  const t = useTexts(words)
  const { status: s } = props
  if (!s) return null
  return (
    <div className="u-channel-pace">
      <span>{t.inHour(s.hour.received, s.hour.sent)}</span>
      {s.queued_since && <span>{t.oldest} <When at={s.queued_since} /></span>}
      {s.last_error && s.last_error !== s.reason && <span className="u-channel-fault">{t.lastError} <When at={s.last_error_at} />: {s.last_error}</span>}
    </div>
  )
}

/** queued is the number of deliveries that wait; the hub counts up to a thousand. */
export function queued(n: number, many: string): string {
  return n >= 1000 ? many : number(n)
}

/** ChannelTags say how a channel fares and what a person has paused. */
export function ChannelTags(props: { channel: Channel }) {
  const t = useTexts(words)
  const { channel: c } = props
  return (
    <span className="u-tags">
      {!c.enabled ? <Tag>{t.off}</Tag> : c.status && <StateTag kind="channel" state={c.status.state} />}
      {c.paused_in && <Tag tone="warn">{t.pausedIn}</Tag>}
      {c.paused_out && <Tag tone="warn">{t.pausedOut}</Tag>}
    </span>
  )
}
