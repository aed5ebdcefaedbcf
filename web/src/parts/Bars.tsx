import type { Tone } from "../app/theme"
import { number } from "../texts/i18n"

/** One bar: what it counts, how many, and what choosing it leads to. */
export type BarOf = { key: string; title: string; value: number; tone?: Tone }

/** Bars are numbers side by side as lengths, each a button that filters by it; light enough for the first screen. */
export function Bars(props: { bars: readonly BarOf[]; pick: (key: string) => void; label: string }) {
  const most = Math.max(1, ...props.bars.map((b) => b.value))
  return (
    <ul className="u-bars" aria-label={props.label}>
      {props.bars.map((b) => (
        <li key={b.key}>
          <button type="button" onClick={() => props.pick(b.key)}>
            <span>{b.title}</span>
            <span className="u-bar" aria-hidden="true"><i data-tone={b.tone} style={{ width: `${(b.value / most) * 100}%` }} /></span>
            <b>{number(b.value)}</b>
          </button>
        </li>
      ))}
    </ul>
  )
}
