import { useMutation } from "@tanstack/react-query"
import { Alert, Button, Checkbox, Form, Input, Select } from "antd"
import { useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { ApiError, type Fault } from "../../api/errors"
import { refresh, useGet } from "../../api/query"
import { Async, Empty } from "../../parts/Async"
import { type JsonSchema, missing, SchemaForm, strayFaults, type Values, withDefaults } from "../../parts/SchemaForm"
import { explain } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { brief } from "./brief"
import { apply, byAddress, type Preset, presets } from "./presets"
import { words } from "./texts"

/** ChannelStep chooses a connector, asks what it needs, tests it and switches it on. */
export function ChannelStep(props: { organization?: string; next: (channel: string) => void }) {
  const t = useTexts(words)
  const [plugin, setPlugin] = useState("")
  const query = useGet("/api/v1/plugins")
  if (plugin) return <Described {...props} plugin={plugin} other={() => setPlugin("")} />
  return (
    <>
      <p>{t.channelText}</p>
      <Async query={query} empty={(list) => list.items.length === 0} nothing={<Empty text={t.connectorsNone} />}>
        {(list) => (
          <ul className="u-connectors" aria-label={t.connectors}>
            {list.items.map((p) => <li key={p.name}><button type="button" onClick={() => setPlugin(p.name)}><b>{p.title}</b><span>{p.summary}</span></button></li>)}
          </ul>
        )}
      </Async>
    </>
  )
}

type Chosen = { organization?: string; plugin: string; other: () => void; next: (channel: string) => void }

function Described(props: Chosen) {
  const query = useGet("/api/v1/plugins/{name}", { params: { path: { name: props.plugin } } })
  return <Async query={query}>{(described) => <Settings {...props} described={described} />}</Async>
}

function Settings(props: Chosen & { described: Schema<"PluginVersion"> }) {
  const t = useTexts(words)
  const { described } = props
  const schema = described.settings_schema as JsonSchema
  const [settings, setSettings] = useState(() => withDefaults(schema))
  const [title, setTitle] = useState(described.title)
  const [appeals, setAppeals] = useState(true)
  const [whole, setWhole] = useState(false)
  const [faults, setFaults] = useState<Fault[]>([])
  const { test, connect } = useChannel(props, setFaults)
  const known = presets[described.name] ?? []
  const change = (now: Values) => {
    const found = now.address !== settings.address ? byAddress(known, now.address) : undefined
    setSettings(found ? apply(now, found) : now)
    setFaults([])
    test.reset()
  }
  const checked = (then: () => void) => {
    const empty = missing(schema, settings, t.missing)
    setFaults(empty)
    if (empty.length === 0) then()
  }
  return (
    <div>
      <h2 className="u-step-title">{described.title}</h2>
      <Form component="div" layout="vertical" className="u-record">
        <div className="u-fields">
          <Form.Item label={t.channelTitle} extra={t.channelTitleHelp} htmlFor="channel-title"><Input id="channel-title" value={title} onChange={(e) => setTitle(e.target.value)} /></Form.Item>
          {known.length > 0 && <Providers of={known} settings={settings} choose={(p) => change(apply(settings, p))} />}
        </div>
      </Form>
      <SchemaForm schema={whole || hides(schema, settings, faults) ? schema : brief(schema)} value={settings} onChange={change} faults={faults} />
      <p><Button type="link" onClick={() => setWhole(!whole)}>{whole ? t.less : t.more}</Button></p>
      <p><Checkbox checked={appeals} onChange={(e) => setAppeals(e.target.checked)}>{t.appeals}</Checkbox> <span className="u-quiet">{t.appealsHelp}</span></p>
      <div aria-live="polite">
        {test.data && <CheckAnswer result={test.data} />}
        {(test.error ?? connect.error) && <Alert type="error" title={explain(test.error ?? connect.error)} />}
      </div>
      <div className="u-form-do">
        <Button loading={test.isPending} onClick={() => checked(() => test.mutate(settings))}>{test.isPending ? t.testing : t.test}</Button>
        <Button type="primary" loading={connect.isPending} onClick={() => checked(() => connect.mutate({ title, settings, appeals }))}>{t.on}</Button>
        <Button type="link" onClick={props.other}>{t.other}</Button>
      </div>
    </div>
  )
}

function Providers(props: { of: Preset[]; settings: Values; choose: (preset: Preset) => void }) {
  const t = useTexts(words)
  const host = (v: Values) => (v.imap as Values | undefined)?.host
  const at = props.of.findIndex((p) => host(p.settings) === host(props.settings))
  return (
    <Form.Item label={t.provider} extra={t.providerHelp} htmlFor="provider">
      <Select
        id="provider" value={at} onChange={(i: number) => props.of[i] && props.choose(props.of[i])}
        options={[...props.of.map((p, value) => ({ value, label: p.title })), { value: -1, label: t.ownServer }]}
      />
    </Form.Item>
  )
}

function useChannel(props: Chosen, setFaults: (faults: Fault[]) => void) {
  const refused = (error: ApiError) => setFaults(ofSettings(error.faults))
  const test = useMutation<Schema<"CheckResult">, ApiError, Values>({
    mutationFn: (settings) => call(api.POST("/api/v1/channels/check", { body: { plugin: props.plugin, settings } })),
    onSuccess: (result) => setFaults(result.ok ? [] : ofSettings(new ApiError(result.problem ?? { kind: "config" }).faults)),
    onError: refused,
  })
  const connect = useMutation<Schema<"Channel">, ApiError, { title: string; settings: Values; appeals: boolean }>({
    mutationFn: async ({ title, settings, appeals }) => {
      const { items } = await call(api.GET("/api/v1/channels"))
      const body = { id: freeId(props.plugin, items.map((c) => c.id)), title, plugin: props.plugin, organization: props.organization, settings, appeals, enabled: true }
      return call(api.POST("/api/v1/channels", { body }))
    },
    onSuccess: (channel) => {
      void refresh("/api/v1/channels")
      props.next(channel.id)
    },
    onError: refused,
  })
  return { test, connect }
}

/** hides tells that the short form has no place for one of the faults. */
function hides(schema: JsonSchema, settings: Values, faults: Fault[]): boolean {
  return strayFaults(brief(schema), faults, settings).length > strayFaults(schema, faults, settings).length
}

/** ofSettings are the faults with the names the form of the settings knows. */
function ofSettings(faults: Fault[]): Fault[] {
  return faults.map((f) => ({ ...f, field: f.field.replace(/^settings\./, "") }))
}

function freeId(name: string, taken: string[]): string {
  for (let n = 1; ; n++) {
    const id = n === 1 ? name : `${name}-${n}`
    if (!taken.includes(id)) return id
  }
}

function CheckAnswer(props: { result: Schema<"CheckResult"> }) {
  const t = useTexts(words)
  const { result } = props
  const parts = result.parts.filter((p) => p.text || !p.ok)
  return (
    <Alert
      type={result.ok ? "success" : "error"} showIcon title={result.ok ? t.testOk : t.testBad}
      description={<>{result.problem?.detail && <p>{result.problem.detail}</p>}{parts.length > 0 && <ul>{parts.map((p) => <li key={p.name}>{p.name}: {p.text}</li>)}</ul>}</>}
    />
  )
}
