import { Alert, Button, Checkbox, Form, Input, Select } from "antd"
import { useState } from "react"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { ApiError, type Fault, isStale } from "../../api/errors"
import { useGet } from "../../api/query"
import { Async } from "../../parts/Async"
import { clearable } from "../../parts/clearable"
import { type JsonSchema, missing, SchemaForm, type Values } from "../../parts/SchemaForm"
import { explain, toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { reread } from "./reread"
import { titleAt } from "./changes"
import { useTrial } from "./Check"
import { words } from "./texts"

type Channel = Schema<"Channel">
type Common = Pick<Channel, "title" | "journal" | "appeals" | "forward_to">

/** Settings are the settings of a channel, drawn from the schema of its connector. */
export function Settings(props: { channel: Channel }) {
  const plugin = useGet("/api/v1/plugins/{name}", { params: { path: { name: props.channel.plugin } } }, { staleTime: 300_000 })
  return <Async query={plugin}>{(p) => <Edit channel={props.channel} schema={(p.settings_schema ?? {}) as JsonSchema} />}</Async>
}

const commonOf = (c: Channel): Common => ({ title: c.title, journal: c.journal, appeals: c.appeals, forward_to: c.forward_to ?? [] })

/** useEdit holds what is typed over the version it began with; the page goes on reading the channel below it. */
function useEdit(channel: Channel) {
  const [base, setBase] = useState(channel)
  const [common, setCommon] = useState(() => commonOf(channel))
  const [settings, setSettings] = useState<Values>(channel.settings)
  const begin = (from: Channel) => {
    setBase(from)
    setCommon(commonOf(from))
    setSettings(from.settings)
  }
  const changed = JSON.stringify([common, settings]) !== JSON.stringify([commonOf(base), base.settings])
  if (!changed && channel.version !== base.version) begin(channel)
  return { base, setBase, common, setCommon, settings, setSettings, begin, changed }
}

function Edit(props: { channel: Channel; schema: JsonSchema }) {
  const t = useTexts(words)
  const { channel, schema } = props
  const e = useEdit(channel)
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const [trouble, setTrouble] = useState("")
  const [busy, setBusy] = useState(false)
  const refused = (error: unknown) => {
    setFaults(error instanceof ApiError ? error.faults.map((f) => ({ ...f, field: f.field.replace(/^settings\./, "") })) : [])
    setTrouble(isStale(error) ? t.stale : explain(error))
    if (isStale(error)) e.setBase({ ...e.base, version: channel.version })
  }
  const trial = useTrial((section) => call(api.POST("/api/v1/channels/check", { body: { channel: channel.id, plugin: channel.plugin, plugin_version: channel.plugin_version, settings: e.settings as Schema<"Settings">, section } })), refused)
  const lacking = () => {
    const lacks = missing(schema, e.settings, t.needed, channel.secrets)
    setFaults(lacks)
    setTrouble(lacks.length > 0 ? t.fix : "")
    return lacks.length > 0
  }
  const save = async () => {
    if (lacking()) return
    setBusy(true)
    try {
      const body = { ...inputOf(channel), ...e.common, settings: e.settings as Schema<"Settings"> }
      e.begin(await call(api.PUT("/api/v1/channels/{id}", { params: { path: { id: channel.id }, header: ifMatch(e.base) }, body })))
      toast.done(t.saved)
      void reread()
    } catch (error) {
      refused(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="u-view">
      {trouble && <Alert type="error" role="alert" showIcon title={trouble} />}
      <section className="u-panel"><h2>{t.common}</h2><CommonFields value={e.common} set={e.setCommon} id={channel.id} /></section>
      <section className="u-panel">
        <h2>{t.own}</h2>
        <SchemaForm schema={schema} value={e.settings} onChange={e.setSettings} faults={faults} secrets={channel.secrets} sectionExtra={(name) => <Button size="small" aria-label={`${t.check}: ${titleAt(schema, name)}`} onClick={() => trial.run(name)}>{t.check}</Button>} />
      </section>
      <div className="u-savebar">
        <Button type="primary" disabled={!e.changed} loading={busy} onClick={save}>{t.save}</Button>
        <Button loading={trial.busy} onClick={() => !lacking() && trial.run()}>{t.tryOut}</Button>
        {e.changed && <Button type="text" onClick={() => { e.begin(channel); setFaults([]); setTrouble("") }}>{t.undo}</Button>}
        {e.changed && <span className="u-quiet">{t.changed}</span>}
      </div>
      {trial.shown}
    </div>
  )
}

/** inputOf is what of a channel is written; what is left out of an update would go. */
function inputOf(c: Channel): Schema<"ChannelInput"> {
  const { id, title, organization, plugin, plugin_version, enabled, settings, journal, forward_to, appeals, notices, concurrency } = c
  return { id, title, organization, plugin, plugin_version, enabled, settings, journal, forward_to, appeals, notices, concurrency }
}

function CommonFields(props: { value: Common; set: (value: Common) => void; id: string }) {
  const t = useTexts(words)
  const { value: v, set } = props
  const journals = useGet("/api/v1/journals", {}, { staleTime: 60_000 }).data?.items ?? []
  const channels = useGet("/api/v1/channels").data?.items ?? []
  return (
    <Form component="div" layout="vertical" className="u-schema">
      <div className="u-fields">
        <Form.Item label={t.name} required htmlFor="channel-title" extra={t.nameHelp}><Input id="channel-title" value={v.title} onChange={(e) => set({ ...v, title: e.target.value })} /></Form.Item>
        <Form.Item label={t.numbering} htmlFor="channel-journal">
          <Select id="channel-journal" allowClear={clearable()} value={v.journal || undefined} onChange={(journal?: string) => set({ ...v, journal })} options={journals.map((j) => ({ value: j.id, label: j.title }))} />
        </Form.Item>
        <Form.Item label={t.forward} htmlFor="channel-forward">
          <Select
            id="channel-forward" mode="multiple" value={v.forward_to} onChange={(forward_to: string[]) => set({ ...v, forward_to })}
            options={channels.filter((c) => c.id !== props.id).map((c) => ({ value: c.id, label: c.title }))}
          />
        </Form.Item>
      </div>
      <Checkbox checked={v.appeals} onChange={(e) => set({ ...v, appeals: e.target.checked })}>{t.appeals}</Checkbox>
    </Form>
  )
}
