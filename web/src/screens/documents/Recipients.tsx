import { Button, Input } from "antd"
import { useState } from "react"
import type { Schema } from "../../api/client"
import { PartyPick } from "../../parts/PartyPick"
import { useTexts } from "../../texts/i18n"
import { addressKind, peopleOf } from "./common"
import { words } from "./texts"

type Correspondent = Schema<"Correspondent">

/** Recipients are those a letter of our own goes to: known parties, or a name with an address. */
export function Recipients(props: { value?: Correspondent[]; onChange?: (value: Correspondent[]) => void }) {
  const t = useTexts(words)
  const { value = [], onChange } = props
  const [name, setName] = useState("")
  const [address, setAddress] = useState("")
  const add = (one: Correspondent) => onChange?.([...value, one])
  const addTyped = () => {
    add({ kind: "person", name: name.trim(), ...(address.trim() && { addresses: [{ kind: addressKind(address), value: address.trim() }] }) })
    setName("")
    setAddress("")
  }
  return (
    <div className="u-recipients">
      {value.map((c, i) => (
        <div key={i}><span>{peopleOf([c])} <span className="u-quiet">{c.addresses?.map((a) => a.value).join(", ")}</span></span><Button size="small" type="text" aria-label={t.draft.dropTo(peopleOf([c]))} onClick={() => onChange?.(value.filter((_, at) => at !== i))}>×</Button></div>
      ))}
      <PartyPick onChange={(id, p) => p && add({ party: id, kind: p.kind, name: p.name, addresses: p.addresses.map(({ kind, value: v }) => ({ kind, value: v })) })} />
      <div><Input aria-label={t.draft.addTo} placeholder={t.draft.addTo} value={name} onChange={(e) => setName(e.target.value)} /><Input aria-label={t.reg.address} placeholder={t.reg.address} value={address} onChange={(e) => setAddress(e.target.value)} /><Button disabled={!name.trim() && !address.trim()} onClick={addTyped}>{t.draft.toAdd}</Button></div>
    </div>
  )
}
