import { Alert, Button, Select } from "antd"
import { useEffect, useRef, useState } from "react"
import { api, call, type Schema } from "../../../api/client"
import { ApiError, type Fault } from "../../../api/errors"
import { sendForm } from "../../../api/upload"
import { useGet } from "../../../api/query"
import { useCan } from "../../../app/session"
import { FileDrop } from "../../../parts/Files"
import { type JsonSchema, missing, SchemaForm, type Values, withDefaults } from "../../../parts/SchemaForm"
import { SchemaView } from "../../../parts/SchemaView"
import { confirm, explain } from "../../../parts/toast"
import { size, useTexts } from "../../../texts/i18n"
import { Box } from "./Box"
import { type Doc, reread } from "./model"
import { words } from "./texts"

type Panel = Schema<"Panel">
type Result = Schema<"OperationResult">

/** Panels are what the connectors of the hub offer beside an appeal, drawn from their own descriptions. */
export function Panels(props: { doc: Doc }) {
  const t = useTexts(words)
  const can = useCan()
  const panels = useGet("/api/v1/panels", {}, { enabled: can("operations.run"), staleTime: 60_000 }).data?.items ?? []
  if (panels.length === 0) return null
  return (
    <Box title={t.panels}>
      <ul className="a-list">
        {panels.map((p) => <li key={`${p.channel} ${p.operation.name}`}><Offer panel={p} doc={props.doc} /></li>)}
      </ul>
    </Box>
  )
}

function Offer(props: { panel: Panel; doc: Doc }) {
  const t = useTexts(words)
  const [open, setOpen] = useState(false)
  const { operation: o, channel_title } = props.panel
  return (
    <>
      <div className="a-line"><Button size="small" aria-expanded={open} onClick={() => setOpen(!open)}>{o.title}</Button> <span className="u-quiet">{t.ofChannel(channel_title)}</span></div>
      {open && <Run {...props} />}
    </>
  )
}

function Run(props: { panel: Panel; doc: Doc }) {
  const t = useTexts(words)
  const { doc } = props
  const { operation: o, channel } = props.panel
  const schema = (o.input_schema ?? { type: "object", properties: {} }) as JsonSchema
  const [values, setValues] = useState<Values>(() => ({ ...withDefaults(schema), ...account(schema, doc) }))
  const [files, setFiles] = useState<File[]>([])
  const [faults, setFaults] = useState<Fault[]>([])
  const [problem, setProblem] = useState("")
  const [result, setResult] = useState<Result | null>(null)
  const [busy, setBusy] = useState(false)
  const gone = useRef(false)
  useEffect(() => () => { gone.current = true }, [])
  const ask = async (token?: string): Promise<void> => {
    const data = { input: values, token, document: o.place === "document" ? doc.id : undefined }
    const path = `/api/v1/channels/${channel}/operations/${o.name}`
    const got: Result = files.length > 0 && !token
      ? await sendForm<Result>(path, { data, files })
      : (await call(api.POST("/api/v1/channels/{id}/operations/{operation}", { params: { path: { id: channel, operation: o.name } }, body: data as never }))) as Result
    if (gone.current) return
    if (!got.pending) return setResult(got)
    await new Promise((go) => window.setTimeout(go, (got.ask_after ?? 2) * 1000))
    if (!gone.current) await ask(got.token)
  }
  const run = async () => {
    const lacking = missing(schema, values, t.none)
    setFaults(lacking)
    setProblem("")
    if (lacking.length > 0) return
    if (o.confirm && !(await confirm({ title: t.sure(o.title), yes: t.run }))) return
    setBusy(true)
    try {
      await ask()
      if (o.place === "document") await reread()
    } catch (error) {
      setFaults(error instanceof ApiError ? error.faults.map((f) => ({ ...f, field: f.field.replace(/^input\./, "") })) : [])
      setProblem(explain(error))
    } finally {
      setBusy(false)
    }
  }
  const numbers = doc.appeal.accounts ?? []
  const slot = accountField(schema)
  return (
    <div className="a-form">
      {o.help && <p className="u-quiet">{o.help}</p>}
      {slot && numbers.length > 1 && <Select aria-label={t.accounts} value={values[slot] as string} onChange={(v) => setValues({ ...values, [slot]: v })} options={numbers.map((a) => ({ value: a.number, label: a.number }))} />}
      <SchemaForm schema={schema} value={values} onChange={setValues} faults={faults} />
      {o.files_in && <FileDrop small value={files} onChange={setFiles} />}
      {problem && <Alert type="error" role="alert" title={problem} />}
      <div><Button type="primary" size="small" loading={busy} onClick={() => void run()}>{result ? t.again : t.run}</Button></div>
      {result && (
        <div aria-live="polite" className="a-form">
          {result.output && <SchemaView schema={(o.output_schema ?? {}) as JsonSchema} value={result.output as Values} />}
          {result.files?.map((f) => <a key={f.url} href={f.url} download={f.name}>{t.download(f.name)} <span className="u-quiet">{size(f.size)}</span></a>)}
        </div>
      )}
    </div>
  )
}

/** accountField is where an operation wants the number of an account. */
function accountField(schema: JsonSchema): string | undefined {
  return Object.keys(schema.properties ?? {}).find((name) => name === "account")
}

function account(schema: JsonSchema, doc: Doc): Values {
  const slot = accountField(schema)
  const first = doc.appeal.accounts?.[0]
  return slot && first ? { [slot]: first.number } : {}
}
