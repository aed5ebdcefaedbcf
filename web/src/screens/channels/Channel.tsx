import { MoreOutlined } from "@ant-design/icons"
import { Alert, Button, Dropdown, Tabs } from "antd"
import type { ReactNode } from "react"
import { useNavigate, useParams, useSearchParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useEvents } from "../../api/events"
import { useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { Page } from "../../parts/Page"
import { confirm, toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { ChannelTags } from "."
import "../../parts/admin.css"
import "./channels.css"
import { useCheck } from "./Check"
import { ChannelDeadLetters, Deliveries } from "./Deliveries"
import { Log } from "./Log"
import { Past } from "./Past"
import { reread } from "./reread"
import { Settings } from "./Settings"
import { State } from "./State"
import { words } from "./texts"

type Channel = Schema<"Channel">

/** ChannelPage is one channel: how it fares, its settings, its past, its log and what goes out of it. */
export default function ChannelPage() {
  const { id = "" } = useParams()
  const query = useGet("/api/v1/channels/{id}", { params: { path: { id } } }, { refetchInterval: 5_000 })
  useEvents(["channel.status", "channel.updated"], (e) => void (e.key === id && reread()))
  return (
    <Page title={query.data?.title ?? id} extra={query.data && <ChannelTags channel={query.data} />} actions={query.data && <Actions channel={query.data} />}>
      <Async query={query}>{(channel) => <Sections key={channel.id} channel={channel} />}</Async>
    </Page>
  )
}

function Sections(props: { channel: Channel }) {
  const t = useTexts(words)
  const can = useCan()
  const [search, setSearch] = useSearchParams()
  const { channel } = props
  const all: [keyof typeof t.tabs, boolean, () => ReactNode][] = [
    ["state", true, () => <State channel={channel} />],
    ["settings", can("channels.write"), () => <Settings key={channel.id} channel={channel} />],
    ["history", true, () => <Past channel={channel} />],
    ["log", can("logs.read"), () => <Log id={channel.id} />],
    ["deliveries", can("deliveries.read"), () => <Deliveries id={channel.id} />],
    ["dead", can("deadletters.read"), () => <ChannelDeadLetters id={channel.id} />],
  ]
  const shown = all.filter(([, may]) => may)
  const tab = search.get("tab") ?? "state"
  return (
    <>
      <Notes channel={channel} />
      <Tabs
        activeKey={shown.some(([key]) => key === tab) ? tab : "state"} destroyOnHidden onChange={(key) => setSearch(key === "state" ? {} : { tab: key })}
        items={shown.map(([key, , draw]) => ({ key, label: t.tabs[key], children: draw() }))}
      />
    </>
  )
}

function Notes(props: { channel: Channel }) {
  const t = useTexts(words)
  const { channel: c } = props
  const s = c.status
  return (
    <div className="u-notes">
      {s?.reason && (
        <Alert
          type={s.state === "failed" ? "error" : "warning"} showIcon role="alert" title={s.reason}
          description={(s.field || s.next_try_at) && <>{s.field && <span>{t.field}: <code>{s.field}</code> </span>}{s.next_try_at && <span>{t.nextTry}: <When at={s.next_try_at} full /></span>}</>}
        />
      )}
      {!c.enabled && <Alert type="info" showIcon title={t.disabled} />}
    </div>
  )
}

function Actions(props: { channel: Channel }) {
  const t = useTexts(words)
  const can = useCan()
  const { channel } = props
  const check = useCheck(channel.id)
  const path = { params: { path: { id: channel.id } } }
  const act = (pending: Promise<unknown>, said?: string) => pending.then(() => { void reread(); if (said) toast.done(said) }, toast.error)
  const disable = async () => {
    if (await confirm({ title: t.disableAsk(channel.title), text: t.disableText, yes: t.disable })) await act(call(api.POST("/api/v1/channels/{id}/disable", path)))
  }
  const remove = useRemove(channel)
  if (!can("channels.operate")) return null
  return (
    <>
      <Button loading={check.busy} onClick={() => check.run()}>{t.check}</Button>
      {channel.enabled && <Button onClick={() => act(call(api.POST("/api/v1/channels/{id}/run", path)), t.ran)}>{t.runNow}</Button>}
      {channel.enabled && <Button onClick={() => act(call(api.POST("/api/v1/channels/{id}/restart", path)), t.restarted)}>{t.restart}</Button>}
      {can("channels.write") && (channel.enabled
        ? <Button onClick={disable}>{t.disable}</Button>
        : <Button type="primary" onClick={() => act(call(api.POST("/api/v1/channels/{id}/enable", path)))}>{t.enable}</Button>)}
      {can("channels.write") && <Dropdown trigger={["click"]} menu={{ items: [{ key: "remove", label: t.remove, danger: true, onClick: remove }] }}><Button icon={<MoreOutlined />}>{t.more}</Button></Dropdown>}
      {check.shown}
    </>
  )
}

function useRemove(channel: Channel) {
  const t = useTexts(words)
  const navigate = useNavigate()
  return async () => {
    if (!await confirm({ title: t.removeAsk(channel.title), text: t.removeText, yes: t.remove, danger: true })) return
    try {
      await call(api.DELETE("/api/v1/channels/{id}", { params: { path: { id: channel.id }, header: ifMatch(channel) } }))
      toast.done(t.removed)
      await navigate("/channels")
      void reread()
    } catch (error) {
      toast.error(error)
    }
  }
}
