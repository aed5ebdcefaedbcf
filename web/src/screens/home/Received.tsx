import { Segmented } from "antd"
import { useState } from "react"
import { useNavigate } from "react-router"
import { useGet } from "../../api/query"
import { Async, Empty } from "../../parts/Async"
import { Bars } from "../../parts/Bars"
import { type States, toneOf, useStateTitles } from "../../parts/StateTag"
import { isoDay } from "../../texts/dates"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Period = "day" | "week" | "month"
const days: Record<Period, number> = { day: 0, week: 6, month: 29 }

/** Received is what came in during a period, by state, source and organisation; a bar leads to its list where the list has such a filter. */
export function Received() {
  const t = useTexts(words)
  const [period, setPeriod] = useState<Period>("week")
  const from = isoDay(new Date(Date.now() - days[period] * 86_400_000))
  return (
    <section className="u-panel u-received">
      <h2>
        {t.received}<span className="u-gap" />
        <Segmented<Period> size="small" aria-label={t.period} value={period} onChange={setPeriod} options={(Object.keys(days) as Period[]).map((value) => ({ value, label: t.periods[value] }))} />
      </h2>
      <div>
        <Group title={t.byState} group="appeal_state" filter="state" from={from} />
        <Group title={t.bySource} group="source" filter="source" from={from} />
        <Group title={t.byOrganization} group="organization" from={from} />
      </div>
    </section>
  )
}

function Group(props: { title: string; group: "appeal_state" | "source" | "organization"; filter?: string; from: string }) {
  const t = useTexts(words)
  const navigate = useNavigate()
  const states = Object.fromEntries(useStateTitles("appeal"))
  const query = useGet("/api/v1/reports/summary", { params: { query: { group: props.group, from: props.from } } }, { placeholderData: (before) => before })
  const ofState = props.group === "appeal_state"
  const bars = (rows: NonNullable<typeof query.data>["rows"]) => rows.filter((r) => r.appeals > 0).map((r) => {
    const { value = "", title = "" } = r.keys[0] ?? {}
    return { key: value, title: (ofState ? states[value] : title) || t.notSaid, value: r.appeals, tone: ofState && value ? toneOf("appeal", value as States["appeal"]) : undefined }
  }).sort((a, b) => b.value - a.value).slice(0, 8)
  return (
    <div>
      <h3>{props.title}</h3>
      <Async query={query} empty={(data) => data.total.appeals === 0} nothing={<Empty text={t.nothing} />}>
        {(data) => <Bars label={props.title} bars={bars(data.rows)} pick={(key) => (props.filter && key ? () => void navigate(`/appeals?${new URLSearchParams({ [props.filter!]: key, from: props.from })}`) : undefined)} />}
      </Async>
    </div>
  )
}
