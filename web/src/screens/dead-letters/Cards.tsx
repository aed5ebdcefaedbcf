import { Button } from "antd"
import { Link } from "react-router"
import { api, call, type Schema } from "../../api/client"
import { refresh } from "../../api/query"
import { useCan } from "../../app/session"
import { StateTag } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import "./dead-letters.css"
import { channelOf } from "./channel"
import { whose, words } from "./texts"

type DeadLetter = Schema<"DeadLetter">

/** useDecide replays dead letters or gives them up, one after the other, and tells what came of it. */
export function useDecide() {
  const t = useTexts(words)
  return async (letters: readonly DeadLetter[], what: "replay" | "give-up") => {
    const open = letters.filter((l) => l.state === "open")
    if (open.length === 0) return
    if (what === "give-up" && !await confirm({ title: t.giveUpAsk(open.length), text: t.giveUpText, yes: t.giveUp, danger: true })) return
    const refused: unknown[] = []
    for (const { id } of open) {
      const init = { params: { path: { id } } }
      await call(what === "replay" ? api.POST("/api/v1/dead-letters/{id}/replay", init) : api.POST("/api/v1/dead-letters/{id}/give-up", init)).catch((error: unknown) => refused.push(error))
    }
    const done = open.length - refused.length
    if (done > 0) toast.done(what === "replay" ? t.replayed(done) : t.gaveUp(done))
    if (refused.length > 0) toast.error(refused[0])
    void refresh("/api/v1/dead-letters")
  }
}

/** DeadLetterCards are a few dead letters one below the other, with all there is to say of each. */
export function DeadLetterCards(props: { letters: readonly DeadLetter[] }) {
  return <div className="u-view">{props.letters.map((l) => <section key={l.id} className="u-panel"><DeadLetterCard letter={l} head /></section>)}</div>
}

/** DeadLetterCard says what failed, who can mend it and what to press. */
export function DeadLetterCard(props: { letter: DeadLetter; head?: boolean; done?: () => void }) {
  const t = useTexts(words)
  const can = useCan()
  const decide = useDecide()
  const { letter: l } = props
  const act = (what: "replay" | "give-up") => void decide([l], what).then(props.done)
  return (
    <div className="u-view">
      {props.head && <h2 className="u-dead-head">{t.topics[l.event.topic] ?? l.event.topic}</h2>}
      <div><StateTag kind="deadletter" state={l.state} /> <b>{l.text || l.code || l.kind}</b></div>
      <p className="u-dead-advice"><b>{t.whose[whose[l.kind] ?? "developer"]}.</b> {t.advice[l.kind]}</p>
      {l.state === "open" && can("deadletters.write") && (
        <div className="u-form-do"><Button type="primary" onClick={() => act("replay")}>{t.replay}</Button><Button onClick={() => act("give-up")}>{t.giveUp}</Button></div>
      )}
      {l.state === "replayed" && <p className="u-quiet">{t.repaired}</p>}
      <Facts letter={l} />
    </div>
  )
}

function Facts(props: { letter: DeadLetter }) {
  const t = useTexts(words)
  const { letter: l } = props
  const channel = channelOf(l)
  const facts: [string, React.ReactNode][] = [
    [t.columns.who, t.handlers[l.handler] ?? l.handler],
    [t.columns.attempts, l.attempts],
    [t.first, <When at={l.first_at} full />],
    [t.last, <When at={l.last_at} full />],
    [t.about2, l.event.key.startsWith("doc_") ? <Link to={`/documents/${l.event.key}`}>{t.openIt}</Link> : <code>{l.event.key}</code>],
    [t.columns.channel, channel && <Link to={`/channels/${channel}`}>{channel}</Link>],
    [t.code, l.code && <code>{l.code}</code>],
    [t.program, l.program && <code>{l.program}</code>],
  ]
  return (
    <>
      <dl className="u-facts">{facts.filter(([, v]) => v).map(([title, v]) => <div key={title}><dt>{title}</dt><dd>{v}</dd></div>)}</dl>
      <details className="u-dead-details"><summary>{t.details}</summary><pre translate="no">{l.detail}{"\n\n"}{JSON.stringify(l.event, null, 2)}</pre></details>
    </>
  )
}
