import { Button, DatePicker, Select } from "antd"
import dayjs from "dayjs"
import { Link, useParams, useSearchParams } from "react-router"
import type { Schema } from "../../api/client"
import { useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async, Empty } from "../../parts/Async"
import { clearable } from "../../parts/clearable"
import { EntryPick } from "../../parts/EntryPick"
import { Page } from "../../parts/Page"
import { Plot } from "../../parts/Plot"
import { UserPick } from "../../parts/UserPick"
import { date, isoDay, span } from "../../texts/dates"
import { number, useTexts } from "../../texts/i18n"
import { keyText, pointsOf } from "./points"
import { type Definition, type Measure, reports, spans } from "./reports"
import "./reports.css"
import { words } from "./texts"

type Query = Record<string, string>
type Row = Schema<"ReportRow">
const parameters = ["from", "to", "organization", "line", "operator", "source", "channel"]
/** ReportPage is one report: its parameters stand in the address, so that a link shows the same. */
export default function ReportPage() {
  const t = useTexts(words)
  const { id } = useParams()
  const report = reports.find((r) => r.id === id)
  if (!report) return <Page title={t.title}><Empty text={t.unknown}><Link to="/reports">{t.all}</Link></Empty></Page>
  return <Opened key={id} report={report} />
}

function Opened({ report }: { report: Definition }) {
  const t = useTexts(words)
  const [search, setSearch] = useSearchParams()
  const asked: Query = { from: isoDay(dayjs().subtract(30, "day").toDate()), to: isoDay(new Date()), ...Object.fromEntries(parameters.flatMap((p) => (search.get(p) ? [[p, search.get(p)!]] : []))) }
  const set = (next: Query) => setSearch(Object.fromEntries(Object.entries({ ...asked, ...next }).filter(([, v]) => v)), { replace: true })
  const query = useGet("/api/v1/reports/summary", { params: { query: { group: report.by.join(), ...asked } } } as never, { placeholderData: (before: unknown) => before as never })
  const file = (format: string) => `/api/v1/reports/summary?${new URLSearchParams({ group: report.by.join(), ...asked, format })}`
  const actions = (
    <>
      <Button href={file("csv")} download>{t.csv}</Button><Button href={file("xlsx")} download>{t.xlsx}</Button>
      <Button onClick={() => print()}>{t.print}</Button><Button className="u-report-tab" href={`/reports/${report.id}?${new URLSearchParams(asked)}`} target="_blank">{t.newTab}</Button>
    </>
  )
  return (
    <Page title={t.names[report.id] ?? report.id} actions={actions}>
      <div className="u-report">
        <p className="u-report-head">{date(asked.from!)} — {date(asked.to!)}</p>
        <Parameters asked={asked} set={set} />
        <Async query={query as { data: Schema<"Summary"> | undefined; error: typeof query.error; isPending: boolean; refetch: () => unknown }} empty={(s) => s.rows.length === 0} nothing={<div className="u-panel"><Empty text={t.empty} /></div>}>
          {(s) => <><Picture report={report} rows={s.rows} asked={asked} /><Figures report={report} summary={s} /></>}
        </Async>
      </div>
    </Page>
  )
}

function Parameters({ asked, set }: { asked: Query; set: (next: Query) => void }) {
  const t = useTexts(words)
  const can = useCan()
  const channels = useGet("/api/v1/channels", {}, { enabled: can("channels.read"), staleTime: 60_000 }).data?.items ?? []
  const entry = (name: "organization" | "line" | "source", directory: string) => (
    <div><label className="u-label" htmlFor={`report-${name}`}>{t[name]}</label><EntryPick id={`report-${name}`} directory={directory} placeholder={t.every} value={asked[name]} onChange={(v) => set({ [name]: v ?? "" })} /></div>
  )
  return (
    <section className="u-panel u-report-ask" aria-label={t.parameters}>
      <div>
        <label className="u-label" htmlFor="report-period">{t.period}</label>
        <DatePicker.RangePicker
          id="report-period" format="DD.MM.YYYY" allowClear={false} value={[dayjs(asked.from), dayjs(asked.to)]} style={{ width: "100%" }}
          onChange={(days) => days?.[0] && days[1] && set({ from: days[0].format("YYYY-MM-DD"), to: days[1].format("YYYY-MM-DD") })}
        />
      </div>
      {entry("organization", "organizations")}
      {entry("line", "support_lines")}
      {entry("source", "sources")}
      <div><label className="u-label" htmlFor="report-operator">{t.operator}</label><UserPick id="report-operator" placeholder={t.every} value={asked.operator} onChange={(v) => set({ operator: v ?? "" })} /></div>
      <div><label className="u-label" htmlFor="report-channel">{t.channel}</label><Select id="report-channel" allowClear={clearable()} placeholder={t.every} value={asked.channel} onChange={(v?: string) => set({ channel: v ?? "" })} options={channels.map((c) => ({ value: c.id, label: c.title }))} style={{ width: "100%" }} /></div>
    </section>
  )
}

function Picture({ report, rows, asked }: { report: Definition; rows: readonly Row[]; asked: Query }) {
  const t = useTexts(words)
  const tones: Partial<Record<Measure, "good" | "warn" | "bad">> = { in_time: "good", late: "warn", overdue: "bad" }
  const points = pointsOf(report, rows, asked.from!, asked.to!, t.none)
  const title = (m: Measure) => t.series[m] ?? t.measures[m]
  return <section className="u-panel">{report.drawn.length === 1 && <h2>{title(report.drawn[0]!)}</h2>}<Plot kind={report.plot} points={points} series={report.drawn.map((m) => ({ name: m, title: title(m), tone: tones[m] }))} label={t.plot(t.names[report.id] ?? "")} /></section>
}

function Figures({ report, summary }: { report: Definition; summary: Schema<"Summary"> }) {
  const t = useTexts(words)
  const show = (m: Measure, n: number) => (spans.includes(m) ? (n ? span(n) : t.noValue) : m === "rating" ? (n ? number(Math.round(n * 100) / 100) : t.noValue) : number(n))
  return (
    <section className="u-panel">
      <div className="u-table-box" style={{ border: 0 }}>
        <table className="u-table" aria-label={t.names[report.id]}>
          <thead><tr>{report.by.map((d) => <th key={d} scope="col">{t.dimensions[d]}</th>)}{report.measures.map((m) => <th key={m} scope="col" data-number>{t.measures[m]}</th>)}</tr></thead>
          <tbody>
            {summary.rows.map((r) => (
              <tr key={r.keys.map((k) => k.value).join("|")}>
                {r.keys.map((k, i) => <td key={report.by[i]}>{k.title ? keyText(report.by[i]!, k, t.none) : <span className="u-quiet">{t.none}</span>}</td>)}
                {report.measures.map((m) => <td key={m} data-number>{show(m, r[m])}</td>)}
              </tr>
            ))}
          </tbody>
          <tfoot><tr><td colSpan={report.by.length}>{t.total}</td>{report.measures.map((m) => <td key={m} data-number>{show(m, summary.total[m])}</td>)}</tr></tfoot>
        </table>
      </div>
    </section>
  )
}
