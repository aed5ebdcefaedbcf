import { Button, Checkbox, Form, Input } from "antd"
import { api, call, ifMatch, type Schema } from "../../../api/client"
import { refresh } from "../../../api/query"
import { useCan } from "../../../app/session"
import { useParty } from "../../../parts/PartyPick"
import { RecordForm } from "../../../parts/RecordForm"
import { toast } from "../../../parts/toast"
import { useTexts } from "../../../texts/i18n"
import { type Doc, reread } from "./model"
import { words } from "./texts"

type Values = { name?: string; phones: string[]; emails: string[]; keep?: boolean }
type Kind = "phone" | "email"

/** Contacts is the form of how the applicant of this appeal is called and reached; the card of a known one learns them too. */
export function Contacts(props: { doc: Doc; close: () => void }) {
  const t = useTexts(words)
  const can = useCan()
  const { doc } = props
  const { applicant } = doc.appeal
  const party = useParty(applicant.party)
  const keeps = !!party && can("parties.write")
  const of = (kind: Kind) => applicant.addresses?.filter((a) => a.kind === kind).map((a) => a.value) ?? []
  const save = async (v: Values) => {
    const typed = [...said("phone", v.phones), ...said("email", v.emails)]
    const others = applicant.addresses?.filter((a) => a.kind !== "phone" && a.kind !== "email") ?? []
    await call(api.PATCH("/api/v1/appeals/{id}", { params: { path: { id: doc.id }, header: ifMatch(doc) }, body: { applicant: { ...applicant, name: v.name?.trim() ?? "", addresses: [...typed, ...others] } } }))
    if (keeps && v.keep) await teach(party, typed)
    toast.done(t.done.saved)
    await reread()
    props.close()
  }
  return (
    <RecordForm<Values> title={t.contacts} initial={{ name: applicant.name, phones: some(of("phone")), emails: some(of("email")), keep: true }} save={save} cancel={props.close} at={atField}>
      <Form.Item name="name" label={t.name}><Input maxLength={500} /></Form.Item>
      <Several name="phones" label={t.phone} add={t.anotherPhone} />
      <Form.Item name={["emails", 0]} label={t.email} rules={[{ type: "email", message: t.email }]}><Input type="email" /></Form.Item>
      {keeps && <Form.Item name="keep" valuePropName="checked"><Checkbox>{t.keepContacts}</Checkbox></Form.Item>}
    </RecordForm>
  )
}

const some = (values: string[]) => (values.length > 0 ? values : [""])

function said(kind: Kind, values: (string | undefined)[]): Schema<"Address">[] {
  return values.flatMap((value) => (value?.trim() ? [{ kind, value: value.trim() }] : []))
}

/** atField finds a contact in the form: the REST has them in one list, telephones first, and empty ones not at all. */
function atField(field: string, v: Values): string {
  const at = /^applicant\.addresses\.(\d+)/.exec(field)
  if (!at) return field
  const filled = (name: string, values: (string | undefined)[]) => values.flatMap((value, i) => (value?.trim() ? [`${name}.${i}`] : []))
  return [...filled("phones", v.phones), ...filled("emails", v.emails)][Number(at[1])] ?? field
}

/** teach adds contacts to the card of a known applicant, which loses none. */
async function teach(party: Schema<"Party">, typed: Schema<"Address">[]) {
  const fresh = typed.filter((a) => !party.addresses.some((known) => known.kind === a.kind && known.value === a.value))
  if (fresh.length === 0) return
  const known = party.addresses.map(({ kind, value, channel, mark, comment }) => ({ kind, value, channel, mark, comment }))
  const { organization, kind, name, accounts, notes } = party
  const body = { organization, kind, name, accounts, notes, addresses: [...known, ...fresh] }
  await call(api.PUT("/api/v1/parties/{id}", { params: { path: { id: party.id }, header: ifMatch(party) }, body }))
  await refresh("/api/v1/parties/{id}")
}

function Several(props: { name: string; label: string; add: string }) {
  const t = useTexts(words)
  return (
    <Form.List name={props.name}>
      {(fields, { add, remove }, { errors }) => (
        <>
          {fields.map((f, i) => (
            <Form.Item key={f.key} name={f.name} label={i === 0 ? props.label : `${props.label} ${i + 1}`}>
              <Input type="tel" suffix={i > 0 && <Button size="small" type="text" aria-label={t.remove(`${props.label} ${i + 1}`)} onClick={() => remove(f.name)}>×</Button>} />
            </Form.Item>
          ))}
          <p><Button size="small" type="link" onClick={() => add("")}>{props.add}</Button></p>
          <Form.ErrorList errors={errors} />
        </>
      )}
    </Form.List>
  )
}
