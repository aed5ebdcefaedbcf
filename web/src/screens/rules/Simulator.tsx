import { Button, InputNumber, Progress } from "antd"
import { useEffect, useRef, useState } from "react"
import { Link } from "react-router"
import type { Schema } from "../../api/client"
import { eachLine, post } from "../../api/lines"
import { useTexts } from "../../texts/i18n"
import { drafted, type Rule, type RuleInput } from "./model"
import { SayAction } from "./Say"
import { words } from "./texts"

type Line = Schema<"SimulationLine">
type Outcome = { differences: Schema<"Difference">[]; failures: Schema<"Failure">[]; progress?: Schema<"SimProgress">; error?: string }

/** How many differences are shown; the rest is counted. */
const SHOWN = 50

/** Simulator tells what the draft would do differently with the last documents, while they are looked at. */
export function Simulator(props: { rules: readonly Rule[]; draft: () => RuleInput; id?: string; begin: () => void; refused: (error: unknown) => void }) {
  const t = useTexts(words)
  const [last, setLast] = useState(100)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [running, setRunning] = useState<AbortController | null>(null)
  useEffect(() => () => running?.abort(), [running])
  const latest = useRef<Outcome>({ differences: [], failures: [] })
  const run = async () => {
    const stop = new AbortController()
    setRunning(stop)
    props.begin()
    latest.current = { differences: [], failures: [] }
    setOutcome(latest.current)
    try {
      await simulate({ rules: drafted(props.rules, props.draft(), props.id), last }, stop.signal, (line) => {
        latest.current = gathered(latest.current, line)
        setOutcome(latest.current)
      })
    } catch (error) {
      setOutcome(null)
      if (!stop.signal.aborted) props.refused(error)
    } finally {
      setRunning(null)
    }
  }
  return (
    <section className="u-panel u-sim" aria-label={t.simulator}>
      <h2>{t.simulator}</h2>
      <p className="u-quiet">{t.simulatorText}</p>
      <div className="u-sim-do">
        <label htmlFor="sim-last">{t.last}</label><InputNumber controls={false} id="sim-last" min={1} max={100_000} value={last} onChange={(n) => setLast(n ?? 100)} />
        {running ? <Button onClick={() => running.abort()}>{t.stop}</Button> : <Button type="primary" ghost onClick={run}>{t.simulate}</Button>}
      </div>
      {outcome && <Found outcome={outcome} />}
    </section>
  )
}

function gathered(all: Outcome, line: Line): Outcome {
  return {
    differences: line.difference && all.differences.length < SHOWN ? [...all.differences, line.difference] : all.differences,
    failures: line.failure ? [...all.failures, line.failure] : all.failures,
    progress: line.progress ?? all.progress,
    error: line.error ?? all.error,
  }
}

/** simulate gives the lines of the answer as they come; a refusal is thrown as ApiError. */
async function simulate(input: Schema<"SimulationInput">, signal: AbortSignal, each: (line: Line) => void) {
  await eachLine(await post("/api/v1/rules/simulate", signal, input), each)
}

function Found(props: { outcome: Outcome }) {
  const t = useTexts(words)
  const { differences, failures, progress: p, error } = props.outcome
  return (
    <div role="status">
      {p && p.total > 0 && !p.finished && <Progress percent={Math.round((p.done / p.total) * 100)} size="small" showInfo={false} aria-label={t.looked(p.done, p.total)} />}
      {p && <p className="u-quiet">{p.total === 0 ? t.noDocuments : t.looked(p.done, p.total)}</p>}
      {error && <p className="u-fault">{error}</p>}
      {p?.finished && p.total > 0 && <p><b>{p.different === 0 ? t.same : t.different(p.different)}</b></p>}
      <ul>
        {failures.map((f) => <li key={f.document + f.rule}><b className="u-fault">{t.fails}</b>: {f.title}<div>{f.text}</div></li>)}
        {differences.map((d) => (
          <li key={d.document}>
            <Link to={`/documents/${d.document}`}>{[d.number, d.subject].filter(Boolean).join(" · ") || d.document}</Link>
            <dl><div><dt>{t.now}</dt><dd><Doings of={d.now} /></dd></div><div><dt>{t.would}</dt><dd><ins><Doings of={d.then} /></ins></dd></div></dl>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Doings(props: { of: Schema<"Doing">[] }) {
  const t = useTexts(words)
  if (props.of.length === 0) return <span className="u-quiet">{t.nothing}</span>
  // What one rule does stands together, its title once below.
  return <>{props.of.map((d, i) => <div key={i}><SayAction value={d.action} />{d.title !== props.of[i + 1]?.title && <small title={d.why}>{d.title}</small>}</div>)}</>
}
