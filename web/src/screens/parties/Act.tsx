import { Button } from "antd"
import type { ReactNode } from "react"
import { Link, useParams } from "react-router"
import { useGet } from "../../api/query"
import { Async } from "../../parts/Async"
import { Who } from "../../parts/History"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { When } from "../../parts/When"
import { number, size, useTexts } from "../../texts/i18n"
import "./parties.css"
import { words } from "./texts"

/** Act is the act of an erasure: what was erased, what stays, by whose order. It can be printed. */
export default function Act() {
  const t = useTexts(words)
  const { id = "" } = useParams()
  const query = useGet("/api/v1/erasures/{id}", { params: { path: { id } } }, { refetchInterval: (q) => (q.state.data?.state === "running" ? 1000 : false) })
  return (
    <Async query={query}>
      {(act) => {
        const facts: [string, ReactNode][] = [
          [t.act.ground, act.ground], [t.act.by, <Who key="who" actor={act.ordered_by} />], [t.act.at, <When key="at" at={act.created_at} full />], [t.act.finished, act.finished_at && <When key="end" at={act.finished_at} full />],
          [t.act.stage, act.state === "running" && act.stage && t.act.stages[act.stage]],
        ]
        const erased: [string, ReactNode][] = [
          [t.act.documents, number(act.documents.length)], [t.act.messages, number(act.messages)], [t.act.deliveries, number(act.deliveries)], [t.act.tasks, number(act.tasks.length)], [t.act.drafts, number(act.drafts.length)], [t.act.filters, number(act.filters)],
          [t.act.files, number(act.files)], [t.act.bytes, size(act.bytes)], [t.act.shared, number(act.shared_files)],
        ]
        return (
          <Page up="parties" title={t.act.title} extra={<Tag tone={act.state === "finished" ? "good" : "info"}>{t.act.states[act.state]}</Tag>} actions={<Button onClick={() => print()}>{t.act.print}</Button>}>
            <section className="u-panel u-act">
              <Lines of={facts} />
              <h2>{t.act.erased}</h2>
              <Lines of={erased} />
              {act.documents.length > 0 && <><h2>{t.act.list}</h2><ul>{act.documents.map((d) => <li key={d.id}><Link to={`/documents/${d.id}`}>{d.number ?? d.id}</Link> {d.part && `(${t.act.part})`}</li>)}</ul></>}
              {act.kept.length > 0 && <><h2>{t.act.kept}</h2><ul>{act.kept.map((k) => <li key={k.id}><Link to={`/documents/${k.id}`}>{t.act.number}</Link>: {k.reason}</li>)}</ul></>}
              {act.remains.length > 0 && <><h2>{t.act.remains}</h2><ul>{act.remains.map((r) => <li key={r}>{r}</li>)}</ul></>}
            </section>
          </Page>
        )
      }}
    </Async>
  )
}

function Lines(props: { of: [string, ReactNode][] }) {
  return <dl>{props.of.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
}
