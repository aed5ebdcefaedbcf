import { Checkbox, Modal, Radio } from "antd"
import { useState } from "react"
import type { Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { useGet } from "../../api/query"
import { sendForm } from "../../api/upload"
import { FileDrop, type HubFile } from "../../parts/Files"
import { toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { reread } from "./common"
import { words } from "./texts"

type Certificate = Schema<"SigningCertificate">

/** What is signed: a registered document, the present text of a draft, or with `visa` one's own word on it. */
export type Subject = { path: "documents" | "drafts"; id: string; version?: number; organization?: string; files: readonly HubFile[]; visa?: boolean }

/** SignDialog asks what to sign and with which certificate, or takes signatures made elsewhere; `begun` is told when that has been asked for. */
export function SignDialog(props: { subject: Subject; close: () => void; begun?: () => void }) {
  const t = useTexts(words)
  const { subject: s } = props
  const own = s.files.filter((f) => f.role === "attachment" && !f.signs)
  const query = useGet("/api/v1/signing-certificates", { params: { query: { organization: s.organization } } }, { retry: false })
  const certificates = query.data?.items ?? []
  const [picked, setPicked] = useState<string>()
  const certificate = picked ?? (certificates.find((c) => c.default) ?? certificates[0])?.thumbprint
  const [files, setFiles] = useState(() => own.map((f) => f.hash))
  const [text, setText] = useState(own.length === 0)
  const [ready, setReady] = useState<File[]>([])
  const [busy, setBusy] = useState(false)
  const once = useOnce()
  const sign = () => {
    const what = s.visa ? { visa: true } : { files, text: text || files.length === 0 }
    const data = { ...what, certificate: ready.length > 0 ? undefined : certificate, version: s.version }
    setBusy(true)
    once((headers) => sendForm(`/api/v1/${s.path}/${s.id}/signatures`, { data, files: ready, headers }))
      .then(() => { toast.info(ready.length > 0 ? t.signBrought : t.signStarted); props.begun?.(); props.close(); return reread() }, toast.error)
      .finally(() => setBusy(false))
  }
  const able = ready.length > 0 || (certificates.length > 0 && (s.visa || text || files.length > 0))
  return (
    <Modal open title={t.sign} okText={ready.length > 0 ? t.signBring : t.sign} onOk={sign} onCancel={props.close} confirmLoading={busy} okButtonProps={{ disabled: !able }} width={640}>
      <div className="u-view">
        {s.visa ? <p>{t.signVisa} <a href={`/api/v1/drafts/${s.id}/visa?version=${s.version}`} download>{t.signSheet}</a></p> : <fieldset className="u-section">
          <legend>{t.signWhat}</legend>
          <Checkbox checked={text} onChange={(e) => setText(e.target.checked)}>{t.signText}</Checkbox>
          {own.map((f) => <div key={f.hash}><Checkbox checked={files.includes(f.hash)} onChange={(e) => setFiles(e.target.checked ? [...files, f.hash] : files.filter((h) => h !== f.hash))}>{f.name}</Checkbox></div>)}
        </fieldset>}
        <fieldset className="u-section">
          <legend>{t.signWith}</legend>
          {query.isPending && <p className="u-quiet">{t.signLooking}</p>}
          {!query.isPending && certificates.length === 0 && <p className="u-quiet">{t.signNone}</p>}
          <Radio.Group value={certificate} onChange={(e) => setPicked(e.target.value as string)} className="u-certificates" options={certificates.map((c) => ({ value: c.thumbprint, label: <Face certificate={c} /> }))} />
        </fieldset>
        <div><div className="u-label">{t.signReady}</div><FileDrop value={ready} onChange={setReady} small /></div>
      </div>
    </Modal>
  )
}

function Face({ certificate: c }: { certificate: Certificate }) {
  const t = useTexts(words)
  const { holder: h } = c
  const name = h.surname ? `${h.surname} ${h.given_name ?? ""}`.trim() : h.name
  return <span><b>{name || c.serial}</b>{[h.position, h.organization].filter(Boolean).map((x) => `, ${x}`).join("")}<br /><small className="u-quiet">{t.serial} {c.serial}, {t.signUntil} <When at={c.not_after} /></small></span>
}
