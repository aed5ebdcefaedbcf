import { ago, dateTime, moment } from "../texts/dates"

/**
 * When is a moment: short in lists, whole with `full`; its title tells the rest, «3 часа назад».
 * Nothing without a moment. The title is the browser's: a Tooltip for each row made lists slow.
 */
export function When(props: { at?: string | null; full?: boolean }) {
  if (!props.at) return null
  const title = props.full ? ago(props.at) : `${dateTime(props.at)}, ${ago(props.at)}`
  return <time dateTime={props.at} title={title}>{props.full ? dateTime(props.at) : moment(props.at)}</time>
}

/** Due is a term: red when it is over, amber on its last day; `done` takes the colours away. */
export function Due(props: { at?: string | null; done?: boolean }) {
  if (!props.at) return null
  const left = new Date(props.at).getTime() - Date.now()
  const tone = props.done ? undefined : left < 0 ? "bad" : left < 86_400_000 ? "warn" : undefined
  return <span className="u-due" data-tone={tone}><When at={props.at} /></span>
}
