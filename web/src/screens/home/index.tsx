import { Link } from "react-router"
import { useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Page } from "../../parts/Page"
import { useTexts } from "../../texts/i18n"
import { Due } from "./Due"
import "./home.css"
import { NewAppeals, NewLetters, ToCall } from "./Incoming"
import { Operator } from "./Operator"
import { Received } from "./Received"
import { words } from "./texts"

/** Home shows a person what waits for him, what is urgent, and how the office stands. */
export default function Home() {
  const t = useTexts(words)
  const can = useCan()
  return (
    <Page title={t.title}>
      {can("channels.write") && <FirstChannel />}
      <div className="u-home">
        <Operator />
        <div className="u-home-main">
          {can("appeals.read") && <NewAppeals />}
          {can("documents.read") && <NewLetters />}
        </div>
        <div className="u-home-side">
          <Due />
          {can("documents.read") && <ToCall />}
        </div>
        {can("reports.read") && <Received />}
      </div>
    </Page>
  )
}

/** FirstChannel leads an administrator to the first steps while nothing is connected. */
function FirstChannel() {
  const t = useTexts(words)
  const { data } = useGet("/api/v1/channels")
  if (!data || data.items.length > 0) return null
  return (
    <section className="u-panel u-home-first">
      <div><h2>{t.firstTitle}</h2><p>{t.firstText}</p></div>
      <Link className="ant-btn" to="/welcome">{t.firstDo}</Link>
    </section>
  )
}
