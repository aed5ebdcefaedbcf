import { LeftOutlined, RightOutlined } from "@ant-design/icons"
import { Button } from "antd"
import dayjs, { type Dayjs } from "dayjs"
import { useState } from "react"
import { Link } from "react-router"
import type { Schema } from "../../api/client"
import { useEvents } from "../../api/events"
import { refresh, useGet } from "../../api/query"
import { toneOf } from "../../parts/StateTag"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Task = Schema<"Task">
const SHOWN = 4

/** Calendar lays the open tasks on the days of their terms, a month at a time. */
export function Calendar(props: { view?: "mine" | "by_me" | "controlled" }) {
  const t = useTexts(words)
  const [month, setMonth] = useState(() => dayjs().startOf("month"))
  const { data } = useGet("/api/v1/tasks", { params: { query: { view: props.view, open: true, limit: 500 } } })
  useEvents(["task.assigned", "task.updated"], () => void refresh("/api/v1/tasks"))
  const byDay = new Map<string, Task[]>()
  for (const k of data?.items ?? []) {
    if (!k.deadline) continue
    const day = dayjs(k.deadline.due_at).format("YYYY-MM-DD")
    byDay.set(day, [...(byDay.get(day) ?? []), k])
  }
  const without = data?.items.filter((k) => !k.deadline) ?? []
  return (
    <section className="u-panel" aria-label={t.shapes.calendar}>
      <div className="u-form-do">
        <Button icon={<LeftOutlined />} aria-label={t.prev} onClick={() => setMonth(month.subtract(1, "month"))} />
        <Button icon={<RightOutlined />} aria-label={t.next} onClick={() => setMonth(month.add(1, "month"))} />
        <Button onClick={() => setMonth(dayjs().startOf("month"))}>{t.today}</Button>
        <h2 className="u-calendar-month">{month.format("MMMM YYYY")}</h2>
      </div>
      <table className="u-calendar">
        <thead><tr>{t.days.map((d) => <th key={d} scope="col">{d}</th>)}</tr></thead>
        <tbody>{weeksOf(month).map((week) => <tr key={week[0]!.format("YYYY-MM-DD")}>{week.map((day) => <Day key={day.format()} day={day} month={month} tasks={byDay.get(day.format("YYYY-MM-DD")) ?? []} />)}</tr>)}</tbody>
      </table>
      {data?.next && <p className="u-quiet">{t.only500}</p>}
      {without.length > 0 && <><h3 className="u-month-rest">{t.noDue}</h3><ul>{without.map((k) => <li key={k.id}><Item task={k} /></li>)}</ul></>}
    </section>
  )
}

/** weeksOf are the weeks of the month from Monday to Sunday. */
export function weeksOf(month: Dayjs): Dayjs[][] {
  const first = month.startOf("month")
  const start = first.subtract((first.day() + 6) % 7, "day")
  const count = Math.ceil((((first.day() + 6) % 7) + month.daysInMonth()) / 7)
  return Array.from({ length: count }, (_, w) => Array.from({ length: 7 }, (_, d) => start.add(w * 7 + d, "day")))
}

function Day(props: { day: Dayjs; month: Dayjs; tasks: Task[] }) {
  const t = useTexts(words)
  const [all, setAll] = useState(false)
  const shown = all ? props.tasks : props.tasks.slice(0, SHOWN)
  return (
    <td data-empty={props.tasks.length === 0 || undefined} data-other={!props.day.isSame(props.month, "month") || undefined} data-today={props.day.isSame(dayjs(), "day") || undefined}>
      <span className="u-day"><span className="u-day-short">{props.day.date()}</span><span className="u-day-long">{props.day.format("D MMMM, dd")}</span></span>
      <ul>{shown.map((k) => <li key={k.id}><Item task={k} /></li>)}</ul>
      {props.tasks.length > shown.length && <Button type="link" size="small" onClick={() => setAll(true)}>{t.more(props.tasks.length - shown.length)}</Button>}
    </td>
  )
}

function Item({ task: k }: { task: Task }) {
  const late = k.deadline && new Date(k.deadline.due_at) < new Date() && !k.done_at
  return <Link className="u-task" data-tone={late ? "bad" : toneOf("task", k.state)} to={`/tasks/${k.id}`} title={k.title}>{k.title}</Link>
}
