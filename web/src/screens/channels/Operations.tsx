import { Button, Modal } from "antd"
import { useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { ApiError, type Fault } from "../../api/errors"
import { useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { type JsonSchema, missing, SchemaForm, type Values, withDefaults } from "../../parts/SchemaForm"
import { SchemaView } from "../../parts/SchemaView"
import { confirm, explain } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Operation = Schema<"PluginOperation">

/** Operations are the buttons the connector brings for the channel itself, drawn from what it declares. */
export function Operations(props: { id: string }) {
  const t = useTexts(words)
  const can = useCan()
  const list = useGet("/api/v1/channels/{id}/operations", { params: { path: { id: props.id } } }, { enabled: can("operations.run") }).data?.items ?? []
  const own = list.filter((o) => o.place === "channel")
  const [chosen, setChosen] = useState<Operation | null>(null)
  if (own.length === 0) return null
  return (
    <section className="u-panel u-whole">
      <h2>{t.operations}</h2>
      <ul className="u-ops">
        {own.map((o) => (
          <li key={o.name}>
            <div>{o.title}{o.help && <div className="u-quiet">{o.help}</div>}</div>
            <Button aria-label={`${t.run}: ${o.title}`} onClick={() => setChosen(o)}>{t.run}</Button>
          </li>
        ))}
      </ul>
      {chosen && <Run key={chosen.name} channel={props.id} operation={chosen} close={() => setChosen(null)} />}
    </section>
  )
}

function Run(props: { channel: string; operation: Operation; close: () => void }) {
  const t = useTexts(words)
  const { operation: o } = props
  const schema = (o.input_schema ?? {}) as JsonSchema
  const [input, setInput] = useState<Values>(() => withDefaults(schema))
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const [trouble, setTrouble] = useState("")
  const [busy, setBusy] = useState(false)
  const [result, setResult] = useState<Schema<"OperationResult"> | null>(null)
  const run = async () => {
    const lacks = missing(schema, input, t.needed)
    setFaults(lacks)
    if (lacks.length > 0 || (o.confirm && !await confirm({ title: t.runAsk(o.title) }))) return
    setBusy(true)
    setTrouble("")
    try {
      setResult(await call(api.POST("/api/v1/channels/{id}/operations/{operation}", { params: { path: { id: props.channel, operation: o.name } }, body: { input: input as Schema<"Settings">, token: result?.token } })) as Schema<"OperationResult">)
    } catch (error) {
      if (error instanceof ApiError) setFaults(error.faults.map((f) => ({ ...f, field: f.field.replace(/^input\./, "") })))
      setTrouble(explain(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal open title={o.title} width={720} onCancel={props.close} onOk={run} okText={result?.pending ? t.again : t.run} cancelText={t.close} confirmLoading={busy}>
      <div className="u-view">
        {o.help && <p className="u-quiet">{o.help}</p>}
        {trouble && <p className="u-fault" role="alert">{trouble}</p>}
        {Object.keys(schema.properties ?? {}).length > 0 && <SchemaForm schema={schema} value={input} onChange={setInput} faults={faults} disabled={busy} />}
        {result && <Answer operation={o} result={result} />}
      </div>
    </Modal>
  )
}

function Answer(props: { operation: Operation; result: Schema<"OperationResult"> }) {
  const t = useTexts(words)
  const { result: r } = props
  return (
    <div role="status">
      <h4>{r.pending ? t.pending : t.done}</h4>
      {r.output && <SchemaView schema={(props.operation.output_schema ?? {}) as JsonSchema} value={r.output as Values} />}
      {r.files?.map((f) => <p key={f.url}><a href={f.url} download={f.name}>{f.name}</a></p>)}
    </div>
  )
}
