import { Button, InputNumber, Modal, Select, Switch } from "antd"
import { useState } from "react"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { refresh } from "../../api/query"
import { useCan } from "../../app/session"
import { type Column, DataList } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { explain, toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { number, useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import { words } from "./texts"

type Job = Schema<"Job">

/** Jobs lists what runs by itself; one can run a job now, switch it and set how often it runs. */
export default function Jobs() {
  const t = useTexts(words)
  const can = useCan()
  const operate = can("jobs.operate")
  const [chosen, setChosen] = useState<Job | null>(null)
  const run = (id: string) => void call(api.POST("/api/v1/jobs/{id}/run", { params: { path: { id } } })).then(() => refresh("/api/v1/jobs"), toast.error)
  const columns: Column<Job>[] = [
    { key: "title", title: t.columns.title, width: "26%", render: (j) => <b>{j.title}</b> },
    { key: "on", title: t.columns.on, width: "84px", render: (j) => <Switch size="small" disabled={!operate} checked={j.enabled} aria-label={t.toggle(j.title)} onChange={(enabled) => void write(j, enabled, j.every === j.declared ? 0 : j.every)} /> },
    { key: "every", title: t.columns.every, width: "84px", render: (j) => operate ? <Button type="link" size="small" style={{ padding: 0 }} aria-label={`${span(j.every, t)}. ${t.scheduleOf(j.title)}`} onClick={() => setChosen(j)}>{span(j.every, t)}</Button> : span(j.every, t) },
    { key: "last", title: t.columns.last, width: "146px", render: (j) => (j.started_at ? <When at={j.started_at} /> : <span className="u-quiet">{t.never}</span>) },
    { key: "outcome", title: t.columns.outcome, width: "110px", render: (j) => <Outcome job={j} /> },
    { key: "text", title: t.columns.text, render: (j) => j.text },
    { key: "next", title: t.columns.next, width: "156px", render: (j) => j.enabled && <When at={j.next_at} /> },
    { key: "runs", title: t.columns.runs, width: "100px", align: "right", hidden: true, render: (j) => number(j.runs) },
    { key: "did", title: t.columns.did, width: "120px", align: "right", render: (j) => operate && <Button size="small" disabled={j.running || j.asked} aria-label={t.runOf(j.title)} onClick={() => run(j.id)}>{t.run}</Button> },
  ]
  return (
    <Page title={t.title}>
      <p className="u-lead">{t.about}</p>
      <DataList path="/api/v1/jobs" name="jobs" label={t.title} paged={false} columns={columns} events={["job.updated"]} tone={(j) => (j.outcome === "failed" ? "bad" : undefined)} />
      {chosen && <Schedule job={chosen} close={() => setChosen(null)} />}
    </Page>
  )
}

function Outcome(props: { job: Job }) {
  const t = useTexts(words)
  const { job: j } = props
  if (j.running) return <Tag tone="info">{t.running}</Tag>
  if (j.asked) return <Tag tone="info">{t.asked}</Tag>
  if (!j.outcome) return null
  return <><Tag tone={j.outcome === "ok" ? "good" : j.outcome === "failed" ? "bad" : "warn"}>{t.outcomes[j.outcome]}</Tag>{j.failures > 1 && <small> {t.failures(j.failures)}</small>}</>
}

/** write reads the version of the job's schedule, which the list does not tell, and writes over it. */
async function write(job: Job, enabled: boolean, every: number): Promise<void> {
  const path = { id: job.id }
  const { response } = await api.GET("/api/v1/jobs/{id}", { params: { path } })
  const version = Number(response.headers.get("ETag")?.replace(/\D/g, ""))
  const header = version ? ifMatch({ version }) : {}
  await call(api.PUT("/api/v1/jobs/{id}", { params: { path, header }, body: { enabled, every: Math.round(every) } })).catch(toast.error)
  void refresh("/api/v1/jobs")
}

const units = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 }
type Unit = keyof typeof units

function unitOf(seconds: number): Unit {
  return (["days", "hours", "minutes"] as const).find((u) => seconds >= units[u] && seconds % units[u] === 0) ?? "seconds"
}

function span(seconds: number, t: (typeof words)["ru"]): string {
  const unit = unitOf(seconds)
  return `${number(seconds / units[unit])} ${t[unit]}`
}

function Schedule(props: { job: Job; close: () => void }) {
  const t = useTexts(words)
  const { job: j } = props
  const [unit, setUnit] = useState(unitOf(j.every))
  const [amount, setAmount] = useState<number | null>(j.every / units[unit])
  const [trouble, setTrouble] = useState("")
  const save = (seconds: number) => void write(j, j.enabled, seconds).then(() => { toast.done(t.saved); props.close() }, (error: unknown) => setTrouble(explain(error)))
  return (
    <Modal
      open title={t.scheduleOf(j.title)} onCancel={props.close}
      footer={[
        <Button key="default" disabled={j.every === j.declared} onClick={() => save(0)}>{t.byDefault}</Button>,
        <Button key="save" type="primary" disabled={!amount} onClick={() => save((amount ?? 0) * units[unit])}>{t.save}</Button>,
      ]}
    >
      <label className="u-label" htmlFor="job-every">{t.every}</label>
      <div className="u-duration">
        <InputNumber controls={false} id="job-every" autoFocus min={1} value={amount} onChange={setAmount} />
        <Select aria-label={t.schedule} value={unit} onChange={setUnit} options={(Object.keys(units) as Unit[]).map((value) => ({ value, label: t[value] }))} />
      </div>
      <p className="u-quiet">{t.everyHelp(span(j.declared, t))}</p>
      {trouble && <p className="u-fault" role="alert">{trouble}</p>}
    </Modal>
  )
}
