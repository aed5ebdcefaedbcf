import { Alert, Button, Form, type FormInstance } from "antd"
import { type ReactNode, useId, useRef, useState } from "react"
import { ApiError } from "../api/errors"
import { useKeys } from "../app/keys"
import { texts, useTexts } from "../texts/i18n"
import { placeFaults } from "./save/faults"
import { explain } from "./toast"

const words = texts({
  ru: { save: "Сохранить", cancel: "Отмена", keySave: "сохранить", check: "Проверьте отмеченные поля" },
  en: { save: "Save", cancel: "Cancel", keySave: "save", check: "Check the marked fields" },
})

/**
 * RecordForm is a form of ours: Form.Items within, buttons below, Ctrl+Enter saves. What the REST
 * finds wrong stands at its fields, the rest at the head; nothing typed is lost by a refusal. `save`
 * gets the values and returns when they are saved, or throws the ApiError. Where the form calls a
 * field otherwise than the REST, `at` gives its name in the form for a fault's path.
 */
export function RecordForm<V extends object>(props: {
  initial?: Partial<V>
  save: (values: V) => Promise<unknown>
  cancel?: () => void
  title?: string
  form?: FormInstance<V>
  saveTitle?: string
  /** What the form does cannot be undone. */
  danger?: boolean
  /** More buttons beside «Сохранить». */
  extra?: ReactNode
  disabled?: boolean
  onValues?: (values: V) => void
  at?: (field: string, values: V) => string
  children: ReactNode
}) {
  const t = useTexts(words)
  const id = useId()
  const [own] = Form.useForm<V>()
  const form = props.form ?? own
  const [busy, setBusy] = useState(false)
  const saving = useRef(false) // the state is what was drawn last, a second press comes before
  const [problem, setProblem] = useState<{ text: string; rest: string[] } | null>(null)
  useKeys({ "mod+Enter": { title: t.keySave, run: form.submit } })
  const finish = async (values: V) => {
    if (saving.current) return // the key was pressed twice
    saving.current = true
    setBusy(true)
    setProblem(null)
    try {
      await props.save(values)
    } catch (error) {
      setProblem(show(form, error, t.check, (field) => props.at?.(field, values) ?? field))
    } finally {
      saving.current = false
      setBusy(false)
    }
  }
  return (
    <Form<V>
      name={id} form={form} layout="vertical" aria-label={props.title} className="u-record" initialValues={props.initial as never} disabled={props.disabled} onFinish={finish}
      onKeyDown={(e) => {
        // Of several forms on a page the one that is typed in is meant.
        if (e.defaultPrevented || e.key !== "Enter" || !(e.ctrlKey || e.metaKey)) return
        e.preventDefault()
        form.submit()
      }}
      onValuesChange={(_, all) => props.onValues?.(all)} scrollToFirstError={{ block: "center", focus: true }}
    >
      {problem && (
        <Alert type="error" role="alert" title={problem.text} description={problem.rest.length > 0 && <ul>{problem.rest.map((text) => <li key={text}>{text}</li>)}</ul>} />
      )}
      {props.children}
      <div className="u-form-do">
        <Button type="primary" danger={props.danger} htmlType="submit" loading={busy}>{props.saveTitle ?? t.save}</Button>
        {props.cancel && <Button onClick={props.cancel}>{t.cancel}</Button>}
        {props.extra}
      </div>
    </Form>
  )
}

/** show puts the faults at their fields and gives what is left for the head of the form. */
function show<V>(form: FormInstance<V>, error: unknown, check: string, at: (field: string) => string): { text: string; rest: string[] } {
  if (!(error instanceof ApiError) || error.faults.length === 0) return { text: explain(error), rest: [] }
  const fields = new Set(form.getFieldsError().map((f) => f.name.join(".")))
  const placed = placeFaults(error.faults.map((f) => ({ ...f, field: at(f.field) })), (name) => fields.has(name.join(".")))
  form.setFields(placed.fields as never)
  if (placed.fields[0]) form.scrollToField(placed.fields[0].name as never, { block: "center", focus: true })
  if (placed.fields.length > 0) return { text: check, rest: placed.rest }
  return placed.rest.length === 1 ? { text: placed.rest[0]!, rest: [] } : { text: error.message, rest: placed.rest }
}
