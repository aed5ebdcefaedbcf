import { ExportOutlined } from "@ant-design/icons"
import { Link } from "react-router"
import { Page } from "../../parts/Page"
import { useTexts } from "../../texts/i18n"
import { type Group, reports } from "./reports"
import "./reports.css"
import { words } from "./texts"

/** Reports is the list of all reports by groups. */
export default function Reports() {
  const t = useTexts(words)
  return (
    <Page title={t.title}>
      <div className="u-reports">
        {(Object.keys(t.groups) as Group[]).map((group) => (
          <section key={group} className="u-panel" aria-label={t.groups[group]}>
            <h2>{t.groups[group]}</h2>
            <ul>{reports.filter((r) => r.group === group).map((r) => <li key={r.id}><Link to={`/reports/${r.id}`}>{t.names[r.id]}</Link><a className="u-report-tab" href={`/reports/${r.id}`} target="_blank" rel="noreferrer" aria-label={`${t.names[r.id]}: ${t.newTab}`} title={t.newTab}><ExportOutlined /></a></li>)}</ul>
          </section>
        ))}
      </div>
    </Page>
  )
}
