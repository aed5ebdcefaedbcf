import { Checkbox, Form, type FormInstance, Input, Select } from "antd"
import { useDeferredValue } from "react"
import { useQuery } from "@tanstack/react-query"
import { api, call, type Schema } from "../../../api/client"
import { useCan } from "../../../app/session"
import { PartyPick } from "../../../parts/PartyPick"
import { useTexts } from "../../../texts/i18n"
import { Known, MatchOffer } from "../card/Applicant"
import { Box } from "../card/Box"
import { words } from "./texts"
import { applicantOf, named, type Values } from "./values"

/** Who asks for the applicant: a known one by a search, or a new one, who may prove to be known. */
export function Who() {
  const t = useTexts(words)
  const can = useCan()
  const form = Form.useFormInstance<Values>()
  const party = Form.useWatch<string | undefined>("party")
  const kind = Form.useWatch<Values["kind"]>("kind") ?? "person"
  const take = (p?: Schema<"Party">) => {
    const contact = (of: string) => p?.addresses.find((a) => a.kind === of)?.value
    form.setFieldsValue(p ? { party: p.id, kind: p.kind, name: p.name, phone: contact("phone"), email: contact("email") } : { party: undefined })
  }
  return (
    <fieldset className="u-section">
      <legend>{t.applicant}</legend>
      <Form.Item name="party" label={t.known}><PartyPick autoFocus onChange={(_, p) => take(p)} /></Form.Item>
      <div className="u-fields">
        <Form.Item name="name" label={kind === "organization" ? t.organization : t.name}><Input maxLength={500} /></Form.Item>
        <Form.Item name="phone" label={t.phone}><Input type="tel" maxLength={100} /></Form.Item>
        <Form.Item name="email" label={t.email} rules={[{ type: "email", message: t.email }]}><Input type="email" maxLength={200} /></Form.Item>
        <Form.Item name="kind" label={t.kind}><Select disabled={!!party} options={(["person", "organization"] as const).map((value) => ({ value, label: t.kinds[value] }))} /></Form.Item>
      </div>
      {!party && <Offers form={form} take={take} />}
      {!party && can("parties.write") && <Form.Item name="keep" valuePropName="checked"><Checkbox>{t.keep}</Checkbox></Form.Item>}
    </fieldset>
  )
}

/** Offers are the known ones the person may be by what has been typed so far. */
function Offers(props: { form: FormInstance<Values>; take: (party: Schema<"Party">) => void }) {
  const [name, phone, email, kind] = ["name", "phone", "email", "kind"].map((f) => Form.useWatch<string | undefined>(f, props.form))
  const typed = applicantOf({ name: name as string, phone: (phone ?? "").replace(/\D/g, "").length > 9 ? phone : "", email: /@.+\./.test(email ?? "") ? email : "", kind: (kind ?? "person") as Values["kind"] } as Values)
  const who = useDeferredValue(JSON.stringify(typed))
  const found = useQuery({
    queryKey: ["match", who], enabled: named(JSON.parse(who)) && !!typed.addresses?.length, staleTime: 30_000,
    queryFn: () => call(api.POST("/api/v1/parties/match", { body: JSON.parse(who) as Schema<"MatchInput"> })),
  }).data?.items ?? []
  return <div className="a-offers">{found.slice(0, 3).map((c) => <MatchOffer key={c.party.id} candidate={c} choose={() => props.take(c.party)} />)}</div>
}

/** KnownBeside is what the hub knows of the chosen applicant: consent and earlier appeals. */
export function KnownBeside(props: { form: FormInstance<Values> }) {
  const t = useTexts(words)
  const party = Form.useWatch("party", props.form)
  return party ? <Box title={t.applicant}><Known party={party} but="" /></Box> : null
}
