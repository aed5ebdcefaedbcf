import { Form, Radio, Select } from "antd"
import { useDeferredValue, useState } from "react"
import { useGet } from "../../../api/query"
import { StateTag } from "../../../parts/StateTag"
import { useTexts } from "../../../texts/i18n"
import { ended, type Row } from "../columns"
import { act } from "./act"
import { Ask } from "./dialogs"
import type { Doc } from "./model"
import { words } from "./texts"

/** MergeDialog links the appeal to another: one of the same applicant, or any by its number. */
export function MergeDialog(props: { doc: Doc; close: () => void }) {
  const t = useTexts(words)
  const { doc } = props
  return (
    <Ask<{ into: string }> title={t.mergeTitle} yes={t.merge} run={({ into }) => act(doc, "merge", { into })} said={t.done.merge} close={props.close}>
      <p className="u-quiet">{t.mergeNote}</p>
      <Form.Item name="into" label={t.mergeInto} rules={[{ required: true, message: t.mergeInto }]}><AppealPick but={doc.id} applicant={doc} /></Form.Item>
    </Ask>
  )
}

function AppealPick(props: { but: string; applicant: Doc; id?: string; value?: string; onChange?: (id: string) => void }) {
  const t = useTexts(words)
  const [text, setText] = useState("")
  const number = useDeferredValue(text.trim())
  const { party, addresses } = props.applicant.appeal.applicant
  const whose = party ? { party } : addresses?.[0] ? { applicant: addresses[0].value } : undefined
  const same = useGet("/api/v1/appeals", { params: { query: { view: "open", limit: 20, ...whose } } }, { enabled: !!whose }).data?.items ?? []
  const found = useGet("/api/v1/appeals", { params: { query: { number, limit: 5 } } }, { enabled: number.length > 3 }).data?.items ?? []
  const fits = (r: Row) => r.id !== props.but && !ended(r.appeal.state) && !r.appeal.merged_into
  const near = same.filter(fits).slice(0, 6)
  const all = [...new Map([...found.filter(fits), ...near].map((r) => [r.id, r])).values()]
  return (
    <div className="a-form">
      <Select
        id={props.id} autoFocus showSearch={{ filterOption: false, onSearch: setText }} value={props.value} onChange={props.onChange} notFoundContent={t.mergeNone}
        options={all.map((r) => ({ value: r.id, label: `${r.number?.text ?? ""} ${r.subject}` }))}
      />
      {near.length > 0 && (
        <>
          <div className="u-label">{t.mergeSame}</div>
          <Radio.Group className="a-list" value={props.value} onChange={(e) => props.onChange?.(e.target.value as string)}>
            {near.map((r) => <Radio key={r.id} value={r.id}>{r.number?.text} {r.subject} <StateTag kind="appeal" state={r.appeal.state} /></Radio>)}
          </Radio.Group>
        </>
      )}
    </div>
  )
}
