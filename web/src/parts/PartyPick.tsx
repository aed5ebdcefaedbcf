import { Select } from "antd"
import { useDeferredValue, useState } from "react"
import type { Schema } from "../api/client"
import { useGet } from "../api/query"
import { texts, useTexts } from "../texts/i18n"
import { clearable } from "./clearable"

const words = texts({
  ru: { pick: "Имя, телефон, e-mail, ИНН", none: "Никого не найдено", type: "Наберите не меньше двух знаков" },
  en: { pick: "Name, phone, e-mail, INN", none: "Nobody found", type: "Type at least two characters" },
})

type Party = Schema<"Party">

/** PartyPick finds a known person or organisation by name or by any address: phone, e-mail, INN. */
export function PartyPick(props: { value?: string; onChange?: (value: string | undefined, party?: Party) => void; id?: string; disabled?: boolean; autoFocus?: boolean }) {
  const t = useTexts(words)
  const [text, setText] = useState("")
  const found = useParties(useDeferredValue(text.trim()))
  const chosen = useParty(props.value)
  const parties = chosen && !found.some((p) => p.id === chosen.id) && !text ? [chosen, ...found] : found
  return (
    <Select
      id={props.id} disabled={props.disabled} autoFocus={props.autoFocus} value={props.value} allowClear={clearable()} placeholder={t.pick} aria-label={props.id ? undefined : t.pick}
      showSearch={{ filterOption: false, onSearch: setText, searchValue: text }} style={{ width: "100%" }}
      notFoundContent={text.trim().length < 2 ? t.type : t.none}
      onChange={(id?: string) => {
        setText("")
        props.onChange?.(id, parties.find((p) => p.id === id))
      }}
      options={parties.map((p) => ({ value: p.id, label: title(p) }))}
      optionRender={(o) => {
        const party = parties.find((p) => p.id === o.value)
        return <div>{o.label}<div className="u-quiet">{party && contacts(party)}</div></div>
      }}
    />
  )
}

/** useParty is one known party. */
export function useParty(id?: string) {
  return useGet("/api/v1/parties/{id}", { params: { path: { id: id ?? "" } } }, { enabled: !!id, staleTime: 60_000 }).data
}

/** PartyName is the name behind an id. */
export function PartyName(props: { id?: string }) {
  const party = useParty(props.id)
  return props.id ? <>{party ? title(party) : "…"}</> : null
}

function useParties(text: string): Party[] {
  // What has letters only is a name; the rest is looked for as an address first.
  const address = /[@\d]/.test(text)
  const enabled = text.length > 1
  const query = address ? { address: text, limit: 20 } : { name: text, limit: 20 }
  const { data } = useGet("/api/v1/parties", { params: { query } }, { enabled, placeholderData: (before) => before, staleTime: 30_000 })
  return enabled ? (data?.items ?? []) : []
}

function title(p: Party): string {
  return p.name || contacts(p)
}

function contacts(p: Party): string {
  return (p.addresses ?? []).slice(0, 3).map((a) => a.value).join(", ")
}
