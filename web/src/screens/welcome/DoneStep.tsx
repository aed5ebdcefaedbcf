import { Link } from "react-router"
import { useEvents } from "../../api/events"
import { refresh, useGet } from "../../api/query"
import { Loading } from "../../parts/Async"
import { StateTag } from "../../parts/StateTag"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

/** DoneStep shows how the channel fares and the first letters as they come. */
export function DoneStep(props: { channel: string }) {
  const t = useTexts(words)
  const channel = useGet("/api/v1/channels/{id}", { params: { path: { id: props.channel } } })
  const letters = useGet("/api/v1/documents", { params: { query: { channel: props.channel, limit: 5 } } })
  useEvents(["document.registered", "appeal.opened"], () => void refresh("/api/v1/documents"))
  useEvents(["channel.status", "document.registered"], () => void refresh("/api/v1/channels/{id}"))
  const { status, title } = channel.data ?? {}
  return (
    <>
      <p><b>{title}</b> {status && <StateTag kind="channel" state={status.state} />} {status?.reason}</p>
      <p>{t.doneText}</p>
      <div aria-live="polite" aria-label={t.arrived}>
        {letters.data?.items.length ? (
          <ul className="u-arrived">
            {letters.data.items.map((d) => (
              <li key={d.id}><Link to={d.is_appeal ? `/appeals/${d.id}` : `/documents/${d.id}`}>{d.subject || t.noSubject}</Link> <span className="u-quiet">{d.number?.text} · <When at={d.created_at} /></span></li>
            ))}
          </ul>
        ) : <><p className="u-quiet">{t.waiting}</p><Loading /></>}
      </div>
      <Link to="/">{t.home}</Link>
    </>
  )
}
