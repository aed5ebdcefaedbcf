import { CloseOutlined, StarOutlined } from "@ant-design/icons"
import { Button, Checkbox, Input, Popover } from "antd"
import { useState } from "react"
import { useNavigate, useSearchParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { refresh, useGet } from "../../api/query"
import { useCan, useSession } from "../../app/session"
import { toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

/** What of the address is no filter. */
const passing = ["after", "size", "sort"]

/** SavedFilters keeps what the list is narrowed to under a name, for oneself or for everybody. */
export function SavedFilters() {
  const t = useTexts(words)
  const [open, setOpen] = useState(false)
  const can = useCan()
  if (!can("filters.write")) return null
  return (
    <Popover trigger="click" placement="bottomRight" open={open} onOpenChange={setOpen} content={<Panel close={() => setOpen(false)} />}>
      <Button type="text" icon={<StarOutlined />}>{t.saved}</Button>
    </Popover>
  )
}

function Panel(props: { close: () => void }) {
  const t = useTexts(words)
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const { user } = useSession()
  const list = useGet("/api/v1/filters", { params: { query: { list: "appeals" } } }).data?.items ?? []
  const use = (f: Schema<"Filter">) => {
    void navigate({ search: new URLSearchParams(f.values).toString() })
    props.close()
  }
  const drop = (f: Schema<"Filter">) => call(api.DELETE("/api/v1/filters/{id}", { params: { path: { id: f.id }, header: ifMatch(f) } })).then(() => refresh("/api/v1/filters"), toast.error)
  const values = Object.fromEntries([...search].filter(([name]) => !passing.includes(name)))
  return (
    <div className="a-saved">
      {list.length === 0 && <p className="u-quiet">{t.noSaved}</p>}
      <ul>
        {list.map((f) => (
          <li key={f.id}>
            <Button type="link" onClick={() => use(f)}>{f.title}</Button>
            {f.owner === user.id ? <Button type="text" size="small" icon={<CloseOutlined />} aria-label={`${t.remove}: ${f.title}`} onClick={() => void drop(f)} /> : <span className="u-quiet">{t.shared}</span>}
          </li>
        ))}
      </ul>
      {Object.keys(values).length > 0 ? <Save values={values} saved={props.close} /> : <p className="u-quiet">{t.plain}</p>}
    </div>
  )
}

function Save(props: { values: Record<string, string>; saved: () => void }) {
  const t = useTexts(words)
  const [title, setTitle] = useState("")
  const [shared, setShared] = useState(false)
  const once = useOnce()
  const save = async () => {
    try {
      await once((header) => call(api.POST("/api/v1/filters", { body: { title, list: "appeals", values: props.values, shared }, params: { header } })))
      toast.done(t.savedDone)
      await refresh("/api/v1/filters")
      props.saved()
    } catch (error) {
      toast.error(error)
    }
  }
  return (
    <form className="a-form" onSubmit={(e) => { e.preventDefault(); void save() }}>
      <Input aria-label={t.savedName} placeholder={t.savedName} value={title} maxLength={200} onChange={(e) => setTitle(e.target.value)} />
      <Checkbox checked={shared} onChange={(e) => setShared(e.target.checked)}>{t.shared}</Checkbox>
      <Button htmlType="submit" type="primary" disabled={!title.trim()}>{t.save}</Button>
    </form>
  )
}
