import { Button } from "antd"
import { useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { useCan } from "../../app/session"
import { Tag } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { reread } from "./common"
import { SignDialog, type Subject } from "./SignDialog"
import { words } from "./texts"

type Signature = Schema<"Signature">
const tones = { valid: "good", invalid: "bad", indeterminate: "warn" } as const

/** Signatures are those of a document or a draft, each with the report of its verification; `sign` is what can be signed here, after `before` is done. */
export function Signatures(props: { signatures: readonly Signature[]; sign?: Subject; before?: () => Promise<unknown>; archive?: string }) {
  const t = useTexts(words)
  const can = useCan()
  const [signing, setSigning] = useState(false)
  const { signatures, sign, archive } = props
  const begin = () => void (props.before?.() ?? Promise.resolve()).then(() => setSigning(true), toast.error)
  return (
    <section className="u-panel" aria-label={t.signatures}>
      <h2>{t.signatures}{can("signatures.write") && sign && <Button size="small" onClick={begin}>{t.sign}</Button>}</h2>
      {signatures.length === 0 ? <p className="u-quiet">{t.none}</p> : <ul className="u-doc-lines">{signatures.map((s) => <One key={s.id} signature={s} />)}</ul>}
      {archive && signatures.some((s) => s.signature) && <p><br /><a href={archive} download>{t.archiveSigned}</a></p>}
      {signing && sign && <SignDialog subject={sign} close={() => setSigning(false)} />}
    </section>
  )
}

function One({ signature: s }: { signature: Signature }) {
  const t = useTexts(words)
  const can = useCan()
  const cancel = () => call(api.POST("/api/v1/signatures/{id}/cancel", { params: { path: { id: s.id } } })).then(reread, toast.error)
  const verify = () => call(api.POST("/api/v1/signatures/{id}/verify", { params: { path: { id: s.id } } })).then(reread, toast.error)
  return (
    <li>
      <div>
        <b>{s.file?.name ?? s.signature?.name ?? t.event.signature}</b>
        <Tag tone={s.status ? tones[s.status] : "info"}>{s.status ? t.signed[s.status] : t.signing[s.state]}</Tag>
        <span className="u-gap" />
        {s.signature && <a href={`/api/v1/signatures/${s.id}/file`} download={s.signature.name}>{t.saveSignature}</a>}
        {can("signatures.write") && s.state === "signing" && <Button size="small" type="text" onClick={() => void cancel()}>{t.signCancel}</Button>}
        {can("signatures.write") && s.signature && <Button size="small" type="text" onClick={() => void verify()}>{t.verify}</Button>}
      </div>
      {s.problem && <div className="u-fault">{s.problem}</div>}
      {s.reports?.map((r, i) => <Report key={i} report={r} at={s.checked_at} />)}
    </li>
  )
}

function Report(props: { report: Schema<"SignatureReport">; at?: string }) {
  const t = useTexts(words)
  const { report: r } = props
  const who = [r.signer.surname && `${r.signer.surname} ${r.signer.given_name ?? ""}`.trim(), r.signer.position, r.signer.organization ?? (r.signer.surname ? undefined : r.signer.name)].filter(Boolean).join(", ")
  return (
    <details>
      <summary>{who || t.report}</summary>
      {r.text && <p>{r.text}</p>}
      <dl className="u-doc-facts">
        {([[t.signer, who], [t.issuer, r.certificate.issuer], [t.serial, r.certificate.serial], [t.until, r.certificate.not_after && <When at={r.certificate.not_after} full />], [t.checkedAt, props.at && <When at={props.at} full />]] as const)
          .filter(([, v]) => v).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      <table className="u-doc-checks"><tbody>{r.checks?.map((c) => <tr key={c.name}><th scope="row">{c.title}</th><td><Tag tone={c.status === "passed" ? "good" : c.status === "failed" ? "bad" : "calm"}>{t.checks[c.status]}</Tag></td><td>{c.text}</td></tr>)}</tbody></table>
    </details>
  )
}
