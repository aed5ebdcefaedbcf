import { Drawer } from "antd"
import { useState } from "react"
import { useCan } from "../../app/session"
import type { Schema } from "../../api/client"
import { type Column, DataList } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { StateTag } from "../../parts/StateTag"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { DeadLetterCard, useDecide } from "./Cards"
import { channelOf } from "./channel"
import "../../parts/admin.css"
import "./dead-letters.css"
import { whose, words } from "./texts"

type DeadLetter = Schema<"DeadLetter">

/** DeadLetters lists what could not be worked, whose fault it is, and what to press. */
export default function DeadLetters() {
  const t = useTexts(words)
  const can = useCan()
  const [chosen, setChosen] = useState<DeadLetter | null>(null)
  const decide = useDecide()
  const columns: Column<DeadLetter>[] = [
    { key: "at", title: t.columns.at, render: (d) => <When at={d.last_at} />, width: "130px" },
    { key: "what", title: t.columns.what, render: (d) => t.topics[d.event.topic] ?? d.event.topic, width: "210px" },
    { key: "who", title: t.columns.who, render: (d) => t.handlers[d.handler] ?? d.handler, width: "170px" },
    { key: "text", title: t.columns.text, render: (d) => d.text || d.code || d.kind },
    { key: "fault", title: t.columns.fault, render: (d) => t.whose[whose[d.kind] ?? "developer"], width: "160px" },
    { key: "channel", title: t.columns.channel, hidden: true, render: channelOf },
    { key: "attempts", title: t.columns.attempts, hidden: true, align: "right", render: (d) => d.attempts },
    { key: "state", title: t.columns.state, render: (d) => <StateTag kind="deadletter" state={d.state} />, width: "140px" },
  ]
  return (
    <Page title={t.title}>
      <p className="u-lead">{t.about}</p>
      <DataList
        path="/api/v1/dead-letters" file name="dead-letters" label={t.title} columns={columns} empty={t.none} open={(d) => () => setChosen(d)}
        tabs={{ name: "state", options: [{ value: "", title: t.tabs.all }, { value: "open", title: t.tabs.open }, { value: "replayed", title: t.tabs.replayed }, { value: "given_up", title: t.tabs.given_up }] }}
        filters={[{ name: "topic", title: t.topic, kind: "select", options: Object.entries(t.topics).map(([value, title]) => ({ value, title })) }]}
        events={["document.registered", "notice.raised"]}
        bulk={can("deadletters.write") ? [
          { key: "replay", title: t.replay, run: (rows, done) => void decide(rows, "replay").then(done) },
          { key: "give-up", title: t.giveUp, danger: true, run: (rows, done) => void decide(rows, "give-up").then(done) },
        ] : undefined}
      />
      <Drawer open={!!chosen} onClose={() => setChosen(null)} size={640} title={chosen && (t.topics[chosen.event.topic] ?? chosen.event.topic)} destroyOnHidden>
        {chosen && <DeadLetterCard letter={chosen} done={() => setChosen(null)} />}
      </Drawer>
    </Page>
  )
}
