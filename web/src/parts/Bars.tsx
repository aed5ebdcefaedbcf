import type { Tone } from "../app/theme"
import { number } from "../texts/i18n"

/** One bar: what it counts and how many. */
export type BarOf = { key: string; title: string; value: number; tone?: Tone }

/** Bars are numbers side by side as lengths, each a button where `pick` gives something to do; light enough for the first screen. */
export function Bars(props: { bars: readonly BarOf[]; pick: (key: string) => (() => void) | undefined; label: string }) {
  const most = Math.max(1, ...props.bars.map((b) => b.value))
  return (
    <ul className="u-bars" aria-label={props.label}>
      {props.bars.map((b) => <li key={b.key}><Bar bar={b} most={most} pick={props.pick(b.key)} /></li>)}
    </ul>
  )
}

function Bar(props: { bar: BarOf; most: number; pick?: () => void }) {
  const { bar: b, most, pick } = props
  const parts = (
    <>
      <span>{b.title}</span>
      <span className="u-bar" aria-hidden="true"><i data-tone={b.tone} style={{ width: `${(b.value / most) * 100}%` }} /></span>
      <b>{number(b.value)}</b>
    </>
  )
  return pick ? <button type="button" onClick={pick}>{parts}</button> : <div>{parts}</div>
}
