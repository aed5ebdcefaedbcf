import { useGet } from "../api/query"
import { texts, useTexts } from "../texts/i18n"

const words = texts({
  ru: { gone: "больше не работает" },
  en: { gone: "no longer here" },
})

/** usePeople are all colleagues, those who have left too, with the lines they work on. */
export function usePeople() {
  return useGet("/api/v1/people", {}, { staleTime: 300_000 }).data?.items ?? []
}

/** UserName is the name behind an id. */
export function UserName(props: { id?: string }) {
  const t = useTexts(words)
  const person = usePeople().find((p) => p.id === props.id)
  if (!props.id) return null
  return <span title={person && person.state !== "active" ? t.gone : undefined}>{person?.name ?? "…"}</span>
}
