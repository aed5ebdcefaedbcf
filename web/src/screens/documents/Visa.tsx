import { Button, Input } from "antd"
import { useEffect, useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { useCan, useSession } from "../../app/session"
import { Tag } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { reread } from "./common"
import { SignDialog } from "./SignDialog"
import { words } from "./texts"

type Card = Schema<"DraftCard">

/** Visa is the word of an approver who is asked: agreed, with an electronic signature where the route wants one, or remarks. */
export function Visa({ card }: { card: Card }) {
  const t = useTexts(words)
  const { user } = useSession()
  const [remarks, setRemarks] = useState("")
  const signed = !!card.draft.steps?.find((s) => s.user === user.id)?.signed
  const say = (agreed: boolean, signature?: string) => {
    if (!agreed && !remarks.trim()) return toast.warn(t.draft.needRemarks)
    return void call(api.POST("/api/v1/drafts/{id}/visa", { params: { path: { id: card.draft.id } }, body: { version: card.text.number, agreed, remarks: remarks || undefined, signature } })).then(() => { toast.done(t.saved); return reread() }, toast.error)
  }
  return (
    <section className="u-panel" aria-label={t.draft.sheet}>
      <h2>{t.draft.yourVisa}</h2>
      <label className="u-label" htmlFor="visa-remarks">{t.draft.remarks}</label>
      <Input.TextArea id="visa-remarks" className="u-doc-remarks" value={remarks} onChange={(e) => setRemarks(e.target.value)} autoSize={{ minRows: 2 }} />
      <div className="u-form-do">
        {signed ? <SignedVisa card={card} agree={(signature) => say(true, signature)} /> : <Button type="primary" onClick={() => say(true)}>{t.draft.agree}</Button>}
        <Button onClick={() => say(false)}>{t.draft.refuse}</Button>
      </div>
    </section>
  )
}

/** SignedVisa makes the signature of the visa and agrees as soon as it is verified. */
function SignedVisa(props: { card: Card; agree: (signature: string) => void }) {
  const t = useTexts(words)
  const can = useCan()
  const { user } = useSession()
  const { card, agree } = props
  const { draft: d, text } = card
  const [dialog, setDialog] = useState(false)
  const [begun, setBegun] = useState(false)
  const mine = card.signatures.findLast((s) => s.visa && s.by === user.id && s.draft_version === text.number)
  const waits = mine?.state === "signing" || mine?.state === "verifying"
  const ready = mine?.state === "verified" && mine.status !== "invalid" ? mine.id : undefined
  useEffect(() => {
    if (!begun || !ready) return
    setBegun(false)
    agree(ready)
  }, [begun, ready, agree])
  if (!can("signatures.write")) return <span className="u-quiet">{t.draft.visaNeedsRight}</span>
  return (
    <>
      <Button type="primary" loading={waits} onClick={() => (ready ? agree(ready) : setDialog(true))}>{ready ? t.draft.agree : t.draft.agreeSigned}</Button>
      {mine && <Tag tone={ready ? "good" : waits ? "info" : "bad"}>{mine.status ? t.signed[mine.status] : t.signing[mine.state]}</Tag>}
      {dialog && <SignDialog subject={{ path: "drafts", id: d.id, version: text.number, organization: d.organization, files: [], visa: true }} begun={() => setBegun(true)} close={() => setDialog(false)} />}
    </>
  )
}
