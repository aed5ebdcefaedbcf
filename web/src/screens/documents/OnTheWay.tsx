import type { Schema } from "../../api/client"
import { useGet } from "../../api/query"
import { type Column, DataList, type Filter } from "../../parts/DataList"
import { StateTag, useStateTitles } from "../../parts/StateTag"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { peopleOf } from "./common"
import { words } from "./texts"

/** OnTheWay are the deliveries of outgoing papers, by how far they have come. */
export function OnTheWay() {
  const t = useTexts(words)
  const states = useStateTitles("delivery")
  const channels = useGet("/api/v1/channels", {}, { staleTime: 60_000 }).data?.items ?? []
  const columns: Column<Schema<"DeliveryRow">>[] = [
    { key: "number", title: t.number, width: "150px", render: (d) => d.number ?? "—" },
    { key: "subject", title: t.subject, render: (d) => <>{d.subject}{d.last_error && <div className="u-fault">{d.last_error}</div>}{d.outside_text && <div className="u-quiet">{d.outside_text}</div>}</> },
    { key: "to", title: t.to, width: "22%", render: (d) => peopleOf(d.to ?? []) },
    { key: "channel", title: t.channel, width: "170px", render: (d) => channels.find((c) => c.id === d.channel)?.title ?? d.channel },
    { key: "state", title: t.wayState, width: "140px", render: (d) => <StateTag kind="delivery" state={d.state} /> },
    { key: "sent", title: t.wayAt, width: "130px", render: (d) => <When at={d.sent_at ?? d.created_at} /> },
  ]
  const filters: Filter[] = [
    { kind: "select", name: "state", title: t.wayState, options: states.map(([value, title]) => ({ value, title })) },
    { kind: "channel", name: "channel", title: t.channel },
  ]
  return (
    <DataList
      path="/api/v1/deliveries" file name="documents.way" label={t.stages.way} columns={columns} filters={filters} query={{ direction: "outgoing" }}
      open={(d) => `/documents/${d.document}`} events={["delivery.requested", "delivery.updated"]} empty={t.emptyWay}
      tone={(d) => (d.state === "rejected" ? "bad" : d.state === "unknown" ? "warn" : undefined)}
    />
  )
}
