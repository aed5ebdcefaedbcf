import { CloseOutlined } from "@ant-design/icons"
import { Button, Form, Input } from "antd"
import { useParty } from "../../../parts/PartyPick"
import { useTexts } from "../../../texts/i18n"
import { words } from "./texts"
import type { Values } from "./values"

/** Accounts are the address and the accounts the appeal is about; those the applicant is known by are one click away. */
export function Accounts() {
  const t = useTexts(words)
  const form = Form.useFormInstance<Values>()
  const party = useParty(Form.useWatch<string | undefined>("party"))
  const chosen = Form.useWatch<Values["accounts"]>("accounts") ?? []
  const offered = (party?.accounts ?? []).filter((a) => !chosen.some((c) => c?.number === a.number))
  const add = (a: (typeof offered)[number]) => {
    form.setFieldValue("accounts", [...chosen, { number: a.number, provider: a.provider, address: a.address }])
    if (!form.getFieldValue("address") && a.address) form.setFieldValue("address", a.address)
  }
  return (
    <fieldset className="u-section">
      <legend>{t.where}</legend>
      <Form.Item name="address" label={t.premises}><Input maxLength={500} /></Form.Item>
      {offered.length > 0 && (
        <div className="a-line a-offers">
          <span className="u-quiet">{t.knownAccounts}:</span>
          {offered.map((a) => <Button key={a.number} size="small" onClick={() => add(a)}>+ {[a.number, a.address].filter(Boolean).join(", ")}</Button>)}
        </div>
      )}
      <Form.List name="accounts">
        {(fields, { add: more, remove }, { errors }) => (
          <>
            {fields.map((f, i) => (
              <div className="u-row" key={f.key}>
                <Form.Item name={[f.name, "number"]} label={t.account} rules={[{ required: true, whitespace: true, message: t.needAccount }]}><Input maxLength={100} /></Form.Item>
                <Form.Item name={[f.name, "provider"]} label={t.provider}><Input /></Form.Item>
                <Button type="text" icon={<CloseOutlined />} aria-label={t.removeAccount(i + 1)} onClick={() => remove(f.name)} />
              </div>
            ))}
            <Button onClick={() => more({})}>{t.addAccount}</Button>
            <Form.ErrorList errors={errors} />
          </>
        )}
      </Form.List>
    </fieldset>
  )
}
