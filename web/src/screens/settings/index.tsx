import { Alert, Button } from "antd"
import { useState } from "react"
import { Link, useSearchParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { ApiError, type Fault, isStale } from "../../api/errors"
import { refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { History } from "../../parts/History"
import { Page } from "../../parts/Page"
import { type JsonSchema, SchemaForm, type Values } from "../../parts/SchemaForm"
import { fieldsOf } from "../../parts/schema/schema"
import { SchemaView } from "../../parts/SchemaView"
import { confirm, explain, toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import "./settings.css"
import { words } from "./texts"

type Section = Schema<"SettingsSection">

/** Settings are those of the office, section by section, each with its history and the way back. */
export default function Settings() {
  const t = useTexts(words)
  const [search] = useSearchParams()
  const query = useGet("/api/v1/settings")
  return (
    <Page title={t.title}>
      <Async query={query}>
        {({ items }) => {
          const shown = items.find((s) => s.id === search.get("section")) ?? items[0]!
          return <>{!shown.read_only && <p className="u-lead">{t.about}</p>}<div className="u-settings"><Sections all={items} shown={shown.id} /><One key={shown.id} section={shown} /></div></>
        }}
      </Async>
    </Page>
  )
}

function Sections(props: { all: readonly Section[]; shown: string }) {
  const t = useTexts(words)
  const link = (s: Section) => <Link key={s.id} to={`/settings?section=${s.id}`} aria-current={s.id === props.shown ? "page" : undefined}>{s.title}</Link>
  const fixed = props.all.filter((s) => s.read_only)
  return (
    <nav className="u-panel" aria-label={t.sections}>
      {props.all.filter((s) => !s.read_only).map(link)}
      {fixed.length > 0 && <h3>{t.readOnly}</h3>}
      {fixed.map(link)}
    </nav>
  )
}

function One({ section: s }: { section: Section }) {
  const t = useTexts(words)
  const can = useCan()
  const schema = s.schema as JsonSchema
  const write = can("settings.write") && !s.read_only
  const titles = Object.fromEntries(fieldsOf(schema).flatMap(([name, f]) => [[name, f.title ?? name], [`values.${name}`, f.title ?? name]]))
  const back = async (version: number) => {
    if (!await confirm({ title: t.revert(version), text: t.revertText })) return
    await call(api.POST("/api/v1/settings/{id}/revert", { params: { path: { id: s.id } }, body: { version } })).then(() => { toast.done(t.returned); return reread() }, toast.error)
  }
  return (
    <section className="u-panel" aria-label={s.title}>
      <div className="u-settings-head">
        <div><h2>{s.title}</h2>{s.description && <p className="u-quiet">{s.description}</p>}</div>
        {!s.read_only && <History of="/api/v1/settings/{id}/history" params={{ id: s.id }} titles={titles} current={s.version} back={write ? back : undefined} />}
      </div>
      {write ? <Edit section={s} schema={schema} /> : <SchemaView schema={schema} value={s.values as Values} />}
    </section>
  )
}

function reread() {
  return refresh("/api/v1/settings", "/api/v1/settings/{id}/history")
}

/** Edit keeps what is typed while the section is read anew; a stale save says so and keeps it, too. */
function Edit(props: { section: Section; schema: JsonSchema }) {
  const t = useTexts(words)
  const { section: s } = props
  const [base, setBase] = useState(s)
  const [values, setValues] = useState<Values>(s.values as Values)
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const [trouble, setTrouble] = useState("")
  const begin = (from: Section) => {
    setBase(from)
    setValues(from.values as Values)
    setFaults([])
    setTrouble("")
  }
  const changed = JSON.stringify(values) !== JSON.stringify(base.values)
  if (!changed && s.version > base.version) begin(s)
  const save = () => call(api.PUT("/api/v1/settings/{id}", { params: { path: { id: s.id }, header: ifMatch(base) }, body: { values } })).then(
    (now) => { begin(now); toast.done(t.saved); void reread() },
    async (error: unknown) => {
      if (isStale(error)) await call(api.GET("/api/v1/settings/{id}", { params: { path: { id: s.id } } })).then(({ version }) => setBase({ ...base, version }), toast.error)
      setFaults(error instanceof ApiError ? error.faults.map((f) => ({ ...f, field: f.field.replace(/^values\./, "") })) : [])
      setTrouble(isStale(error) ? t.stale : error instanceof ApiError && error.faults.length > 0 ? t.fix : explain(error))
    },
  )
  return (
    <>
      {trouble && <Alert type="error" role="alert" showIcon title={trouble} style={{ marginBottom: 14 }} />}
      <SchemaForm schema={props.schema} value={values} onChange={setValues} faults={faults} />
      <div className="u-form-do">
        <Button type="primary" disabled={!changed} onClick={() => void save()}>{t.save}</Button>
        {changed && <><Button type="text" onClick={() => begin(s)}>{t.undo}</Button><span className="u-quiet">{t.changed}</span></>}
      </div>
    </>
  )
}
