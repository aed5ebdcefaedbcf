import { Button, Drawer, Form } from "antd"
import { useState } from "react"
import { ApiError } from "../../api/errors"
import { api, call, ifMatch } from "../../api/client"
import { useOnce } from "../../api/once"
import { read, refresh } from "../../api/query"
import { sendForm } from "../../api/upload"
import { useLanguage } from "../../app/language"
import { EntryPick } from "../../parts/EntryPick"
import { History } from "../../parts/History"
import { RecordForm } from "../../parts/RecordForm"
import { confirm, toast } from "../../parts/toast"
import { useSave } from "../../parts/useSave"
import { pick, useTexts } from "../../texts/i18n"
import { FieldInput } from "./FieldInput"
import { words } from "./texts"
import type { Book, Entry, Field } from "./values"

type Values = { organization?: string; values: Record<string, unknown> }

export const rereadEntries = () => refresh("/api/v1/directories/{name}/entries", "/api/v1/directories/{name}/entries/{id}")

/** EntryForm makes or changes an entry of any directory; files go with it in the same request. */
export function EntryForm(props: { book: Book; entry?: Entry; writable: boolean; title: string; close: () => void; preset?: Record<string, unknown> }) {
  const t = useTexts(words)
  const lang = useLanguage()
  const { book, entry, close } = props
  const [files, setFiles] = useState<File[]>([])
  const once = useOnce()
  const path = `/api/v1/directories/${book.name}/entries`
  const done = () => { toast.done(t.saved); void rereadEntries(); close() }
  const write = (v: Values, over: Entry) => sendForm<Entry>(`${path}/${over.id}`, { method: "PUT", data: v, files, headers: ifMatch(over) })
  const create = async (v: Values) => {
    await once((headers) => sendForm(path, { data: v, files, headers }))
    done()
  }
  const titles = Object.fromEntries(book.fields.map((f) => [f.name, pick(f.title, lang)]))
  const { save, conflict } = useSave<Entry, Record<string, unknown>>({
    base: entry ?? blank, edits: (e) => ({ organization: e.organization, ...e.values }), write: ({ organization, ...values }, over) => write({ organization: organization as string | undefined, values }, over),
    reread: () => read("/api/v1/directories/{name}/entries/{id}", { params: { path: { name: book.name, id: entry?.id ?? "" } } }), saved: done, titles: { organization: t.forOrg, ...titles },
  })
  const initial: Values = { organization: entry?.organization, values: entry?.values ?? { ...defaults(book.fields), ...props.preset } }
  const submit = (v: Values) => (entry ? save({ organization: v.organization, ...v.values }) : create(v))
  const history = entry && <History of="/api/v1/directories/{name}/entries/{id}/history" params={{ name: book.name, id: entry.id }} titles={Object.fromEntries(Object.entries(titles).map(([name, title]) => [`values.${name}`, title]))} />
  return (
    <Drawer open size={640} onClose={close} title={props.title} extra={history}>
      <RecordForm<Values> initial={initial} save={submit} cancel={close} disabled={!props.writable || !!entry?.deleted_at} extra={entry && props.writable && <Remove book={book} entry={entry} title={props.title} close={close} />}>
        {book.by_organization && <Form.Item name="organization" label={t.forOrg}><EntryPick directory="organizations" placeholder={t.forAll} /></Form.Item>}
        {book.fields.map((f) => (
          <Form.Item
            key={f.name} name={["values", f.name]} label={pick(f.title, lang)} extra={lang === "ru" ? f.help : undefined} valuePropName={f.type === "bool" ? "checked" : "value"}
            rules={f.required ? [{ required: true, message: t.required }] : []}
          >
            <FieldInput field={f} entry={entry} files={files} setFiles={setFiles} />
          </Form.Item>
        ))}
      </RecordForm>
      {conflict}
    </Drawer>
  )
}

const blank = { values: {} } as Entry

function defaults(fields: readonly Field[]): Record<string, unknown> {
  return Object.fromEntries(fields.filter((f) => f.default !== undefined).map((f) => [f.name, f.default]))
}

function Remove(props: { book: Book; entry: Entry; title: string; close: () => void }) {
  const t = useTexts(words)
  const { book, entry } = props
  const at = { params: { path: { name: book.name, id: entry.id }, header: ifMatch(entry) } }
  const finish = (text: string) => () => { toast.done(text); void rereadEntries(); props.close() }
  const drop = (used?: boolean) => call(api.DELETE("/api/v1/directories/{name}/entries/{id}", { params: { ...at.params, query: { used } } }))
  const remove = async () => {
    if (!(await confirm({ title: t.removeAsk(props.title), text: t.removeText, yes: t.remove, danger: true }))) return
    try {
      await drop().catch(async (error: unknown) => {
        if (!(error instanceof ApiError) || error.code !== "entries.used") throw error
        const places = error.faults.map((f) => f.text).join("; ")
        if (!(await confirm({ title: t.usedAsk(props.title), text: places, yes: t.remove, danger: true }))) throw new DOMException("kept", "AbortError")
        await drop(true)
      })
      finish(t.removed)()
    } catch (error) {
      if (!(error instanceof DOMException)) toast.error(error)
    }
  }
  const restore = () => call(api.POST("/api/v1/directories/{name}/entries/{id}/restore", at)).then(finish(t.restored), toast.error)
  return <><span className="u-gap" />{entry.deleted_at ? <Button disabled={false} onClick={() => void restore()}>{t.restore}</Button> : <Button danger onClick={() => void remove()}>{t.remove}</Button>}</>
}
