import { Segmented } from "antd"
import { useState } from "react"
import { useGet } from "../../api/query"
import { Plot } from "../../parts/Plot"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

const spans = [1, 6, 24] as const

/** Traffic plots the counters of a channel over the last hours, as far back as the hub's start. */
export function Traffic(props: { id: string }) {
  const t = useTexts(words)
  const [hours, setHours] = useState<(typeof spans)[number]>(1)
  const traffic = useGet("/api/v1/channels/{id}/traffic", { params: { path: { id: props.id }, query: { hours } } }, { refetchInterval: 10_000 }).data
  const points = (traffic?.items ?? []).map(({ at, ...values }) => ({ key: at, title: new Date(at).toLocaleTimeString("ru-RU", { hour: "2-digit", minute: "2-digit" }), values }))
  return (
    <section className="u-panel u-whole">
      <h2>{t.traffic}<Segmented size="small" aria-label={t.span} value={hours} onChange={setHours} options={spans.map((value) => ({ value, label: t.hours(value) }))} /></h2>
      <Plot
        kind="stacked" label={t.traffic} height={220} points={points}
        series={[{ name: "received", title: t.received, tone: "active" }, { name: "sent", title: t.sent, tone: "good" }, { name: "failed", title: t.failures, tone: "bad" }, { name: "refused", title: t.refused, tone: "warn" }]}
      />
      {traffic && <p className="u-quiet">{t.trafficStep(traffic.step_minutes)}</p>}
    </section>
  )
}
