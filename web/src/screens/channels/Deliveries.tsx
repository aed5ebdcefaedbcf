import { Link } from "react-router"
import { api, call, type Schema } from "../../api/client"
import { refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async, Empty } from "../../parts/Async"
import { type Column, DataList } from "../../parts/DataList"
import { StateTag, useStateTitles } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { DeadLetterCards } from "../dead-letters/Cards"
import { channelOf } from "../dead-letters/channel"
import { words } from "./texts"

type Delivery = Schema<"Delivery">

/** Deliveries are what was sent through a channel and how far it has come. */
export function Deliveries(props: { id: string }) {
  const t = useTexts(words)
  const can = useCan()
  const states = useStateTitles("delivery")
  const columns: Column<Delivery>[] = [
    { key: "at", title: t.delivery.at, render: (d) => <When at={d.created_at} />, width: "140px" },
    { key: "purpose", title: t.delivery.purpose, render: (d) => t.purposes[d.purpose] ?? d.purpose, width: "130px" },
    { key: "state", title: t.delivery.state, render: (d) => <StateTag kind="delivery" state={d.state} />, width: "130px" },
    { key: "attempts", title: t.delivery.attempts, render: (d) => d.attempts, width: "90px", align: "right" },
    { key: "next", title: t.delivery.next, render: (d) => <When at={d.next_at} />, width: "150px" },
    { key: "error", title: t.delivery.error, render: (d) => d.last_error && <span className="u-fault">{d.last_error}</span> },
    { key: "outside", title: t.delivery.outside, hidden: true, render: (d) => [d.outside_code, d.outside_text].filter(Boolean).join(" ") },
    { key: "document", title: t.delivery.document, render: (d) => <Link to={`/documents/${d.document}`}>{t.delivery.open}</Link>, width: "100px" },
  ]
  const each = (rows: Delivery[], path: "retry" | "cancel", said: (n: number) => string, done: () => void) => {
    const init = (id: string) => ({ params: { path: { id } } })
    const one = (id: string) => (path === "retry" ? call(api.POST("/api/v1/deliveries/{id}/retry", init(id))) : call(api.POST("/api/v1/deliveries/{id}/cancel", init(id))))
    void Promise.allSettled(rows.map((r) => one(r.id))).then((all) => {
      const ok = all.filter((a) => a.status === "fulfilled").length
      if (ok > 0) toast.done(said(ok))
      const refused = all.find((a) => a.status === "rejected")
      if (refused) toast.error(refused.reason)
      done()
      void refresh("/api/v1/deliveries")
    })
  }
  return (
    <DataList
      path="/api/v1/deliveries" file query={{ channel: props.id }} name="channel-deliveries" label={t.tabs.deliveries} columns={columns} empty={t.noDeliveries}
      filters={[{ name: "state", title: t.delivery.state, kind: "select", options: states.map(([value, title]) => ({ value, title })) }]} events={["delivery.requested", "delivery.updated"]}
      bulk={can("deliveries.write") ? [
        { key: "retry", title: t.retry, run: (rows, done) => each(rows, "retry", t.retried, done) },
        { key: "cancel", title: t.call, danger: true, run: (rows, done) => each(rows, "cancel", t.called, done) },
      ] : undefined}
    />
  )
}

/** ChannelDeadLetters are what came through the channel and could not be worked. */
export function ChannelDeadLetters(props: { id: string }) {
  const t = useTexts(words)
  const letters = useGet("/api/v1/dead-letters", { params: { query: { state: "open", limit: 500 } } })
  return (
    <Async query={letters}>
      {(data) => {
        const own = data.items.filter((d) => channelOf(d) === props.id || d.event.key === props.id)
        return own.length === 0 ? <section className="u-panel"><Empty text={t.noDead} /></section> : <DeadLetterCards letters={own} />
      }}
    </Async>
  )
}
