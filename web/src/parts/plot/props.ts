import type { Tone } from "../../app/theme"

/** One value of a plot; several series have several values by the names of `series`. */
export type Point = { key: string; title: string; values: Record<string, number> }
export type Series = { name: string; title: string; tone?: Tone }

export type PlotProps = {
  kind: "bars" | "line" | "stacked"
  points: readonly Point[]
  series: readonly Series[]
  height?: number
  /** What a click on a point does: filter the list by it. */
  pick?: (point: Point) => void
  /** What screen readers say instead of the picture. */
  label: string
}
