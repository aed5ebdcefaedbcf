import { Alert, Button, Input, Select } from "antd"
import { useState } from "react"
import { useNavigate, useParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { ApiError, type Fault, isStale } from "../../api/errors"
import { refresh, useGet } from "../../api/query"
import { useKeys } from "../../app/keys"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { EntryPick } from "../../parts/EntryPick"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { placeFaults } from "../../parts/save/faults"
import { explain, toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { Actions } from "./Actions"
import { Builder, Wrong } from "./Builder"
import { inputOf, pruned, type Rule, type RuleInput, rooted } from "./model"
import "../../parts/admin.css"
import "./rules.css"
import { Simulator } from "./Simulator"
import { words } from "./texts"

/** RulePage builds a rule: for which documents, under which conditions, what to do; and tries it out. */
export default function RulePage() {
  const { id = "new" } = useParams()
  const set = useGet("/api/v1/rules", {}, { refetchOnWindowFocus: false })
  return <Async query={set}>{(data) => <Edit key={id} rules={data.rules} rule={data.rules.find((r) => r.id === id)} />}</Async>
}

const fresh: RuleInput = { title: "", on: false, then: [{ do: "set_line" }] }

function Edit(props: { rules: Rule[]; rule?: Rule }) {
  const t = useTexts(words)
  const can = useCan()
  const { rule } = props
  const [draft, setDraft] = useState<RuleInput>(() => {
    const input = rule ? inputOf(rule) : fresh
    return { ...input, when: rooted(input.when) }
  })
  const set = (change: Partial<RuleInput>) => setDraft((old) => ({ ...old, ...change }))
  const saving = useSaving(rule, t)
  const written = (): RuleInput => {
    const { id: _, ...rest } = draft
    return { ...rest, when: draft.when && pruned(draft.when) }
  }
  const save = (on: boolean) => {
    const input = written()
    set({ when: rooted(input.when) }) // what is empty goes, so that the faults of the rest are numbered as it is shown
    return saving.save({ ...input, on })
  }
  useKeys({ "mod+Enter": { title: t.save, run: () => void save(draft.on ?? false) } })
  const actions = can("rules.write") && (
    <>
      <Button loading={saving.busy} onClick={() => save(draft.on ?? false)} type={draft.on ? "primary" : "default"}>{t.save}</Button>
      {!draft.on && <Button loading={saving.busy} type="primary" onClick={() => save(true)}>{t.saveOn}</Button>}
    </>
  )
  return (
    <Page title={rule?.title ?? t.add} extra={rule && <Tag tone={rule.on ? "good" : "calm"}>{rule.on ? t.on : t.off}</Tag>} actions={actions}>
      <div className="u-rule-page">
        <div>
          {saving.trouble && <Alert type="error" role="alert" showIcon title={saving.trouble} description={stray(saving.faults)} />}
          {rule?.fault && <Alert type="error" showIcon title={t.fault} description={rule.fault.text} />}
          <section className="u-panel"><Head value={draft} set={set} faults={saving.faults} /></section>
          <section className="u-panel"><h2>{t.when}</h2><Builder value={draft.when ?? { all: [] }} onChange={(when) => set({ when })} path="when" faults={saving.faults} /></section>
          <section className="u-panel"><h2>{t.actions}</h2><Actions value={draft.then} onChange={(then) => set({ then })} faults={saving.faults} /></section>
        </div>
        {can("rules.write") && <Simulator rules={props.rules} draft={written} id={rule?.id} begin={saving.clear} refused={saving.refused} />}
      </div>
    </Page>
  )
}

/** useSaving writes the rule and keeps what was wrong with it for the fields. */
function useSaving(rule: Rule | undefined, t: (typeof words)["ru"]) {
  const navigate = useNavigate()
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const [trouble, setTrouble] = useState("")
  const [busy, setBusy] = useState(false)
  const once = useOnce()
  const refused = (error: unknown) => {
    setFaults(error instanceof ApiError ? error.faults.map((f) => ({ ...f, field: f.field.replace(/^rules\.\d+\./, "") })) : [])
    setTrouble(isStale(error) ? t.stale : error instanceof ApiError && error.faults.length > 0 ? t.check : explain(error))
    if (isStale(error)) void refresh("/api/v1/rules")
  }
  const clear = () => {
    setTrouble("")
    setFaults([])
  }
  const save = async (body: RuleInput) => {
    setBusy(true)
    clear()
    try {
      await (rule
        ? call<Schema<"Rule">>(api.PUT("/api/v1/rules/{id}", { params: { path: { id: rule.id }, header: ifMatch({ version: rule.changed }) }, body }))
        : once((header) => call<Schema<"Rule">>(api.POST("/api/v1/rules", { params: { header }, body }))))
      toast.done(body.on && !rule?.on ? t.savedOn : t.saved)
      void refresh("/api/v1/rules", "/api/v1/rules/versions")
      await navigate("/rules")
    } catch (error) {
      refused(error)
    } finally {
      setBusy(false)
    }
  }
  return { save, clear, refused, faults, trouble, busy }
}

/** stray are the faults of nothing the page shows. */
function stray(faults: readonly Fault[]) {
  const texts = placeFaults(faults, ([first]) => ["title", "directions", "organization", "when", "then"].includes(String(first))).rest
  return texts.length > 0 && <ul>{texts.map((text) => <li key={text}>{text}</li>)}</ul>
}

function Head(props: { value: RuleInput; set: (change: Partial<RuleInput>) => void; faults: readonly Fault[] }) {
  const t = useTexts(words)
  const { value: v, set } = props
  return (
    <div className="u-rule-head">
      <div>
        <label className="u-label" htmlFor="rule-title">{t.name}</label>
        <Input id="rule-title" autoFocus={!v.title} placeholder={t.nameHint} maxLength={200} value={v.title} onChange={(e) => set({ title: e.target.value })} />
        <Wrong faults={props.faults} at="title" />
      </div>
      <div>
        <label className="u-label" htmlFor="rule-directions">{t.directions}</label>
        <Select
          id="rule-directions" mode="multiple" style={{ width: "100%" }} placeholder={t.directionTitles.incoming} value={v.directions ?? []} onChange={(directions) => set({ directions: directions.length > 0 ? directions : undefined })}
          options={(["incoming", "outgoing", "internal"] as const).map((value) => ({ value, label: t.directionTitles[value] }))}
        />
        <Wrong faults={props.faults} at="directions" />
      </div>
      <div>
        <label className="u-label" htmlFor="rule-organization">{t.organization}</label>
        <EntryPick id="rule-organization" directory="organizations" placeholder={t.everyOrganization} value={v.organization} onChange={(organization?: string) => set({ organization })} />
        <Wrong faults={props.faults} at="organization" />
      </div>
    </div>
  )
}
