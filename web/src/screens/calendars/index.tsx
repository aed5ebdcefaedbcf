import { LeftOutlined, PlusOutlined, RightOutlined } from "@ant-design/icons"
import { Alert, Button, Dropdown, Input, Select } from "antd"
import { useState } from "react"
import { useSearchParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { History } from "../../parts/History"
import { Page } from "../../parts/Page"
import { confirm, toast } from "../../parts/toast"
import { date, isoDay } from "../../texts/dates"
import { useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import "./calendars.css"
import { changeDay, type Day, monthDays } from "./days"
import { words } from "./texts"
import { Week } from "./Week"

type Calendar = Schema<"Calendar">
const yearPath = "/api/v1/calendars/{id}/years/{year}"

/** Calendars shows the working days of a year, by which terms are counted, and lets them be changed. */
export default function Calendars() {
  const t = useTexts(words)
  const can = useCan()
  const [search, setSearch] = useSearchParams()
  const [form, setForm] = useState<Calendar | "new" | null>(null)
  const calendars = useGet("/api/v1/calendars")
  const id = search.get("calendar") ?? "russia"
  const year = Number(search.get("year")) || new Date().getFullYear()
  const go = (to: { calendar?: string; year?: number }) => setSearch({ calendar: to.calendar ?? id, year: String(to.year ?? year) })
  const now = calendars.data?.items.find((c) => c.id === id)
  const titles = { ...t.fields, week: t.hours }
  return (
    <Page title={t.title} actions={<>{now && <History key={id} of="/api/v1/calendars/{id}/history" params={{ id }} titles={titles} />}{can("calendars.write") && now && <Button onClick={() => setForm(now)}>{t.edit}</Button>}{can("calendars.write") && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setForm("new")}>{t.add}</Button>}</>}>
      <Async query={calendars}>
        {(data) => (
          <>
            <div className="u-year-bar">
              <Select aria-label={t.calendar} value={id} popupMatchSelectWidth={false} onChange={(calendar) => go({ calendar })} options={data.items.map((c) => ({ value: c.id, label: c.title }))} />
              <Button icon={<LeftOutlined />} aria-label={t.prev} onClick={() => go({ year: year - 1 })} /><b>{year}</b><Button icon={<RightOutlined />} aria-label={t.next} onClick={() => go({ year: year + 1 })} />
              <span className="u-quiet">{t.about}</span>
            </div>
            {now && <Year key={`${id} ${year}`} calendar={now} year={year} />}
            {form && <Week calendar={form === "new" ? undefined : form} close={(made) => { setForm(null); if (made) go({ calendar: made }) }} />}
          </>
        )}
      </Async>
    </Page>
  )
}

function Year(props: { calendar: Calendar; year: number }) {
  const params = { path: { id: props.calendar.id, year: String(props.year) } }
  const year = useGet(yearPath, { params } as never, { refetchOnWindowFocus: false })
  return <Async query={year}>{(data) => <EditYear key={data.version} calendar={props.calendar} year={data as Schema<"CalendarYear">} />}</Async>
}

function EditYear(props: { calendar: Calendar; year: Schema<"CalendarYear"> }) {
  const t = useTexts(words)
  const can = useCan()
  const { calendar, year } = props
  const [days, setDays] = useState<Day[]>(year.days)
  const [basis, setBasis] = useState(year.basis)
  const changed = basis !== year.basis || JSON.stringify(days) !== JSON.stringify(year.days)
  const path = { id: calendar.id, year: String(year.year) }
  const said = (text: string) => () => { toast.done(text); void refresh(yearPath) }
  const save = () => call(api.PUT(yearPath, { params: { path, header: year.version ? ifMatch(year) : {} } as never, body: { basis, days, decree: false } })).then(said(t.saved), toast.error)
  const reset = async () => {
    if (await confirm({ title: t.resetAsk(year.year), yes: t.reset, danger: true })) await call(api.DELETE(yearPath, { params: { path } as never })).then(said(t.resetDone), toast.error)
  }
  return (
    <div className="u-view">
      {year.computed && <Alert type="info" showIcon title={t.computed} />}
      <ul className="u-year-legend">
        {(["holiday", "day_off", "working", "short"] as const).map((k) => <li key={k} data-tone={tones[k]}>{t.kinds[k]}</li>)}
        <li data-off>{t.weekend}</li>
        <li data-today>{t.today}</li>
      </ul>
      <div className="u-months">{t.months.map((title, m) => <Month key={title} title={title} weeks={monthDays(year.year, m)} week={calendar.week} days={days} change={can("calendars.write") ? (d, kind) => setDays(changeDay(days, d, kind)) : undefined} />)}</div>
      {can("calendars.write") && (
        <div className={changed ? "u-savebar" : "u-savebar u-savebar-rest"}>
          <label htmlFor="year-basis">{t.basis}</label>
          <Input id="year-basis" placeholder={t.basisHint} value={basis} onChange={(e) => setBasis(e.target.value)} style={{ flex: "1 1 240px", maxWidth: 560 }} />
          <Button type="primary" disabled={!changed} onClick={save}>{t.save}</Button>
          {changed && <Button type="text" onClick={() => { setDays(year.days); setBasis(year.basis) }}>{t.undo}</Button>}
          {changed ? <span className="u-quiet">{t.changed}</span> : year.version > 0 && <Button type="text" onClick={reset}>{t.reset}</Button>}
        </div>
      )}
    </div>
  )
}

const tones = { holiday: "bad", day_off: "warn", working: "good", short: "info" } as const

function Month(props: { title: string; weeks: string[][]; week: Calendar["week"]; days: readonly Day[]; change?: (date: string, kind?: Day["kind"]) => void }) {
  const t = useTexts(words)
  return (
    <div className="u-month">
      <table>
        <caption>{props.title}</caption>
        <thead><tr>{t.weekdays.map((d) => <th key={d} scope="col">{d}</th>)}</tr></thead>
        <tbody>
          {props.weeks.map((w, i) => (
            <tr key={i}>{w.map((d, n) => <td key={n}>{d && <Cell date={d} off={(props.week[n]?.length ?? 0) === 0} special={props.days.find((x) => x.date === d)} change={props.change} />}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell(props: { date: string; off: boolean; special?: Day; change?: (date: string, kind?: Day["kind"]) => void }) {
  const t = useTexts(words)
  const { special: s, change } = props
  const title = t.day(date(props.date), s ? [t.kinds[s.kind], s.note].filter(Boolean).join(", ") : props.off ? t.dayOff : t.dayOn)
  const day = <button type="button" title={title} aria-label={`${Number(props.date.slice(8))}. ${title}`} disabled={!change} aria-current={props.date === isoDay(new Date()) ? "date" : undefined} data-tone={s && tones[s.kind]} data-off={props.off || undefined}>{Number(props.date.slice(8))}</button>
  if (!change) return day
  const items = [...(["holiday", "day_off", "working", "short"] as const).map((key) => ({ key, label: t.kinds[key] })), { key: "", label: t.usual }]
  return <Dropdown trigger={["click"]} menu={{ items, selectable: true, selectedKeys: [s?.kind ?? ""], onClick: ({ key }) => change(props.date, (key || undefined) as Day["kind"] | undefined) }}>{day}</Dropdown>
}
