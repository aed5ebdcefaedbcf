import { Button, Form, Input, Modal, Select } from "antd"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { read, refresh } from "../../api/query"
import { RecordForm } from "../../parts/RecordForm"
import { toast } from "../../parts/toast"
import { useSave } from "../../parts/useSave"
import { useTexts } from "../../texts/i18n"
import "./parties.css"
import { words } from "./texts"

type Party = Schema<"Party">
type Input_ = Schema<"PartyInput">

function edits(p: Party): Input_ {
  return { organization: p.organization, kind: p.kind, name: p.name, notes: p.notes, accounts: p.accounts, addresses: p.addresses.map(({ kind, value, channel, mark, comment }) => ({ kind, value, channel, mark, comment })) }
}

const blank = { kind: "person", name: "", addresses: [] } as unknown as Party

/** PartyForm makes an applicant or changes one. */
export function PartyForm(props: { party?: Party; title: string; close: () => void; saved: (party: Party) => void }) {
  const t = useTexts(words)
  const { party } = props
  const once = useOnce()
  const done = (now: Party) => { toast.done(t.saved); void refresh("/api/v1/parties", "/api/v1/parties/{id}"); props.close(); props.saved(now) }
  const { save, conflict } = useSave<Party, Input_>({
    base: party ?? blank, edits, saved: done, titles: { name: t.name, kind: t.kind, addresses: t.contacts, accounts: t.accounts, notes: t.notes },
    write: (body, over) => call(api.PUT("/api/v1/parties/{id}", { params: { path: { id: over.id }, header: ifMatch(over) }, body })),
    reread: () => read("/api/v1/parties/{id}", { params: { path: { id: party?.id ?? "" } } }),
  })
  const create = (body: Input_) => once((header) => call(api.POST("/api/v1/parties", { params: { header }, body }))).then(done)
  return (
    <Modal open title={props.title} footer={null} onCancel={props.close} width={720}>
      <RecordForm<Input_> initial={edits(party ?? blank)} save={(v) => (party ? save({ ...edits(party), ...v }) : create(v))} cancel={props.close} title={props.title}>
        <Form.Item name="kind" label={t.kind}><Select options={(["person", "organization"] as const).map((k) => ({ value: k, label: t.kinds[k] }))} /></Form.Item>
        <Form.Item name="name" label={t.name} rules={[{ required: true, message: t.required }]}><Input maxLength={500} autoFocus /></Form.Item>
        <div className="u-label">{t.contacts}</div>
        <Form.List name="addresses">
          {(rows, { add, remove }, { errors }) => (
            <>
              {rows.map((row) => (
                <div className="u-contact" key={row.key}>
                  <Form.Item name={[row.name, "kind"]}><Select aria-label={t.contactKind} options={Object.entries(t.addressKinds).map(([value, label]) => ({ value, label }))} /></Form.Item>
                  <Form.Item name={[row.name, "value"]} rules={[{ required: true, message: t.required }]}><Input aria-label={t.value} maxLength={500} /></Form.Item>
                  <Button type="text" aria-label={t.removeContact} onClick={() => remove(row.name)}>×</Button>
                </div>
              ))}
              <Button onClick={() => add({ kind: "phone", value: "" })} style={{ marginBottom: 16 }}>{t.addContact}</Button>
              <Form.ErrorList errors={errors} />
            </>
          )}
        </Form.List>
        <div className="u-label">{t.accounts}</div>
        <Form.List name="accounts">
          {(rows, { add, remove }, { errors }) => (
            <>
              {rows.map((row) => (
                <div className="u-contact" key={row.key}>
                  <Form.Item name={[row.name, "number"]} rules={[{ required: true, message: t.required }]}><Input aria-label={t.account} placeholder={t.account} maxLength={100} /></Form.Item>
                  <Form.Item name={[row.name, "provider"]}><Input aria-label={t.provider} placeholder={t.provider} maxLength={500} /></Form.Item>
                  <Button type="text" aria-label={t.removeAccount} onClick={() => remove(row.name)}>×</Button>
                </div>
              ))}
              <Button onClick={() => add({ number: "" })} style={{ marginBottom: 16 }}>{t.addAccount}</Button>
              <Form.ErrorList errors={errors} />
            </>
          )}
        </Form.List>
        <Form.Item name="notes" label={t.notes}><Input.TextArea autoSize={{ minRows: 2 }} maxLength={10000} /></Form.Item>
      </RecordForm>
      {conflict}
    </Modal>
  )
}
