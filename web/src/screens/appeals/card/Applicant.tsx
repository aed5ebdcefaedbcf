import { Button } from "antd"
import { useState } from "react"
import { Link } from "react-router"
import { api, call, ifMatch, type Schema } from "../../../api/client"
import { useOnce } from "../../../api/once"
import { refresh, useGet } from "../../../api/query"
import { useCan } from "../../../app/session"
import { PartyPick, useParty } from "../../../parts/PartyPick"
import { StateTag } from "../../../parts/StateTag"
import { toast } from "../../../parts/toast"
import { When } from "../../../parts/When"
import { useTexts } from "../../../texts/i18n"
import { name } from "../columns"
import { Box } from "./Box"
import { Contacts } from "./Contacts"
import { type Doc, reread } from "./model"
import { words } from "./texts"

/** Applicant is who wrote: his contacts, whom the hub takes him for, his consent and last appeals. */
export function Applicant(props: { doc: Doc }) {
  const t = useTexts(words)
  const { doc } = props
  const [changing, setChanging] = useState<"who" | "contacts" | null>(null)
  const can = useCan()
  const applicant = doc.appeal.applicant
  const party = applicant.party
  const unnamed = !party && !applicant.name
  const choose = async (id: string) => {
    try {
      await call(api.POST("/api/v1/documents/{id}/party", { params: { path: { id: doc.id }, header: ifMatch(doc) }, body: { party: id } }))
      toast.done(t.changed)
      setChanging(null)
    } catch (error) {
      toast.error(error)
    }
    await reread()
  }
  return (
    <Box title={t.applicant} extra={can("appeals.write") && <Change open={changing} set={setChanging} />}>
      {!(unnamed && applicant.addresses?.length && changing !== "contacts") && <div><b>{party ? <Link to={`/parties/${party}`}>{name(applicant)}</Link> : name(applicant)}</b></div>}
      {changing === "contacts" ? <Contacts doc={doc} close={() => setChanging(null)} /> : <ul>{applicant.addresses?.map((a) => <li key={a.kind + a.value}><Address of={a} /></li>)}</ul>}
      {doc.appeal.premises && <div>{doc.appeal.premises.text}</div>}
      {changing === "who" && <PartyPick autoFocus onChange={(id) => id && void choose(id)} />}
      {!party && can("appeals.write") && <Match doc={doc} choose={choose} />}
      {party && <Known party={party} but={doc.id} />}
    </Box>
  )
}

function Change(props: { open: "who" | "contacts" | null; set: (what: "who" | "contacts" | null) => void }) {
  const t = useTexts(words)
  const toggle = (what: "who" | "contacts") => props.set(props.open === what ? null : what)
  return (
    <span>
      <Button size="small" type="link" aria-expanded={props.open === "contacts"} aria-label={t.editContacts} onClick={() => toggle("contacts")}>{t.contacts}</Button>
      <Button size="small" type="link" aria-expanded={props.open === "who"} aria-label={t.changeWho} onClick={() => toggle("who")}>{t.change}</Button>
    </span>
  )
}

function Address(props: { of: Schema<"Address"> }) {
  const { kind, value } = props.of
  if (kind === "phone") return <a href={`tel:${value}`}>{value}</a>
  return kind === "email" ? <a href={`mailto:${value}`}>{value}</a> : <>{value}</>
}

/** Match offers the known parties the sender of the appeal may be. */
function Match(props: { doc: Doc; choose: (party: string) => Promise<void> }) {
  const found = useGet("/api/v1/documents/{id}/candidates", { params: { path: { id: props.doc.id } } }).data?.items ?? []
  return (
    <>
      {found.slice(0, 3).map((c) => <MatchOffer key={c.party.id} candidate={c} choose={() => props.choose(c.party.id)} />)}
    </>
  )
}

/** MatchOffer says whom somebody may be, by what that shows, and what speaks against it. */
export function MatchOffer(props: { candidate: Schema<"Candidate">; choose: () => void | Promise<void> }) {
  const t = useTexts(words)
  const { candidate: c } = props
  return (
    <div className="a-match">
      <div>{c.sure ? t.matchSure : t.match} <b>{c.party.name}</b></div>
      <div className="u-quiet">{c.proofs.map((p) => p.value).join(", ")}{c.against?.length ? `; ${t.against}: ${c.against.map((a) => t.againstWords[a]).join(", ")}` : ""}</div>
      <div><Button size="small" type="primary" onClick={() => void props.choose()}>{t.thisOne}</Button></div>
    </div>
  )
}

/** Known is the consent and the earlier appeals of a known applicant; `but` is the appeal that is open. */
export function Known(props: { party: string; but: string }) {
  const t = useTexts(words)
  const party = useParty(props.party)
  const last = useGet("/api/v1/appeals", { params: { query: { party: props.party, limit: 6 } } }).data?.items.filter((a) => a.id !== props.but).slice(0, 5)
  return (
    <div className="a-facts">
      {party && <Consent party={party} />}
      <details open={!!last?.length && last.length < 4}>
        <summary>{t.last}{last ? ` (${last.length})` : ""}</summary>
        {last?.length === 0 && <p className="u-quiet">{t.noLast}</p>}
        <ul className="a-list">
          {last?.map((a) => <li key={a.id}><div className="a-line"><Link to={`/appeals/${a.id}`}>{a.number?.text}</Link> <StateTag kind="appeal" state={a.appeal.state} /> <When at={a.created_at} /></div><span>{a.subject}</span></li>)}
        </ul>
      </details>
    </div>
  )
}

function Consent(props: { party: Schema<"Party"> }) {
  const t = useTexts(words)
  const can = useCan()
  const latest = props.party.consents?.toSorted((a, b) => a.at.localeCompare(b.at)).at(-1)
  const once = useOnce()
  const record = () => once((header) => call(api.POST("/api/v1/parties/{id}/consents", {
    params: { path: { id: props.party.id }, header }, body: { state: "given", at: new Date().toISOString(), way: t.consentWay },
  }))).then(() => refresh("/api/v1/parties/{id}"), toast.error)
  return (
    <div className="a-line">
      <span className="u-quiet">{t.consent}:</span>
      {latest ? <span>{latest.state === "given" ? t.given : t.withdrawn} <When at={latest.at} /></span> : <span>{t.noConsent}</span>}
      {latest?.state !== "given" && can("parties.write") && <Button size="small" type="link" onClick={() => void record()}>{t.recordConsent}</Button>}
    </div>
  )
}
