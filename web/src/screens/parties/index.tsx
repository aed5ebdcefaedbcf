import { PlusOutlined } from "@ant-design/icons"
import { Button } from "antd"
import { useState } from "react"
import { useNavigate } from "react-router"
import type { Schema } from "../../api/client"
import { useCan } from "../../app/session"
import { type Column, DataList, type Filter } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { contact } from "./contact"
import "./parties.css"
import { PartyForm } from "./PartyForm"
import { words } from "./texts"

/** Contacts that are mere digits: what they are stands before them. */
const named = ["inn", "ogrn", "kpp", "snils", "account"]

/** Parties are the people and organisations the office knows. */
export default function Parties() {
  const t = useTexts(words)
  const can = useCan()
  const navigate = useNavigate()
  const [making, setMaking] = useState(false)
  const columns: Column<Schema<"Party">>[] = [
    { key: "name", title: t.name, render: (p) => (p.erasure ? <span className="u-quiet">{p.name || t.erased}</span> : p.name || "—") },
    { key: "kind", title: t.kind, width: "130px", render: (p) => t.kinds[p.kind] },
    { key: "contacts", title: t.contacts, render: (p) => p.addresses.map((a) => <span key={a.kind + a.value} className="u-reach">{named.includes(a.kind) && <span className="u-quiet">{t.addressKinds[a.kind]} </span>}{contact(a)}{a.mark && a.mark !== "personal" && <> <Tag tone={a.mark === "unconfirmed" ? "warn" : "calm"}>{t.marks[a.mark]}</Tag></>} </span>) },
    { key: "accounts", title: t.accounts, width: "160px", render: (p) => p.accounts?.map((a) => a.number).join(", ") },
    { key: "updated", title: t.updated, width: "130px", hidden: true, render: (p) => <When at={p.updated_at} /> },
  ]
  const filters: Filter[] = [
    { kind: "text", name: "name", title: t.name }, { kind: "text", name: "address", title: t.address },
    { kind: "select", name: "mark", title: t.mark, options: (["personal", "public", "unconfirmed"] as const).map((m) => ({ value: m, title: t.marks[m] })) },
  ]
  return (
    <Page title={t.title} actions={can("parties.write") && <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>{t.create}</Button>}>
      <DataList path="/api/v1/parties" file name="parties" label={t.title} columns={columns} filters={filters} open={(p) => `/parties/${p.id}`} empty={t.empty} />
      {making && <PartyForm title={t.create} close={() => setMaking(false)} saved={(p) => void navigate(`/parties/${p.id}`)} />}
    </Page>
  )
}
