import { Bar, BarChart, CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts"
import { number } from "../../texts/i18n"
import type { PlotProps, Point } from "./props"

const tones = ["active", "good", "warn", "info", "bad", "calm"] as const
/** Room above for half of the topmost label of the axis. */
const margin = { top: 8, right: 5, bottom: 5, left: 5 }
const text = { fill: "var(--u-quiet)", fontSize: 12 }

/** Chart is the picture of a Plot, in the colours of the page. */
export default function Chart(props: PlotProps) {
  const data = props.points.map((p) => ({ ...p.values, title: p.title, point: p }))
  const colour = (i: number) => `var(--u-${props.series[i]!.tone ?? tones[i % tones.length]})`
  const pick = (at: { payload?: { point: Point } }) => at.payload && props.pick?.(at.payload.point)
  const axes = (
    <>
      <CartesianGrid vertical={false} stroke="var(--u-line)" />
      <XAxis dataKey="title" tick={text} tickLine={false} axisLine={{ stroke: "var(--u-line)" }} />
      <YAxis tick={text} tickLine={false} axisLine={false} width={44} allowDecimals={false} tickFormatter={number} />
      <Tooltip cursor={{ fill: "var(--u-hover)" }} contentStyle={{ background: "var(--u-panel)", border: "1px solid var(--u-line)", borderRadius: 5 }} formatter={(v) => number(Number(v))} />
      {props.series.length > 1 && <Legend itemSorter={null} content={({ payload }) => <div className="u-legend">{payload?.map((s) => <span key={String(s.value)}><i style={{ background: s.color }} />{s.value}</span>)}</div>} />}
    </>
  )
  return (
    <ResponsiveContainer>
      {props.kind === "line" ? (
        <LineChart data={data} margin={margin}>
          {axes}
          {props.series.map((s, i) => <Line key={s.name} dataKey={s.name} name={s.title} stroke={colour(i)} strokeWidth={2} dot={false} isAnimationActive={false} />)}
        </LineChart>
      ) : (
        <BarChart data={data} margin={margin}>
          {axes}
          {props.series.map((s, i) => (
            <Bar
              key={s.name} dataKey={s.name} name={s.title} fill={colour(i)} maxBarSize={40} stackId={props.kind === "stacked" ? "all" : undefined} isAnimationActive={false}
              onClick={pick} cursor={props.pick && "pointer"}
            />
          ))}
        </BarChart>
      )}
    </ResponsiveContainer>
  )
}
