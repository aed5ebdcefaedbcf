import { PlusOutlined } from "@ant-design/icons"
import { Button } from "antd"
import { useState } from "react"
import { useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async, Empty } from "../../parts/Async"
import { useDirectory } from "../../parts/EntryPick"
import { Files } from "../../parts/Files"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { date, isoDay } from "../../texts/dates"
import { useTexts } from "../../texts/i18n"
import { EntryForm } from "../directories/EntryForm"
import type { Entry } from "../directories/values"
import "./news.css"
import { words } from "./texts"

/** News are what the office tells its people and, published, the residents; newest first. */
export default function News() {
  const t = useTexts(words)
  const can = useCan()
  const book = useDirectory("news")
  const [edited, setEdited] = useState<Entry | "new" | null>(null)
  const query = useGet("/api/v1/directories/{name}/entries", { params: { path: { name: "news" }, query: { limit: 100, order: "-day" } } })
  const writable = !!book?.editable && can("directories.write")
  return (
    <Page title={t.title} actions={writable && <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>{t.create}</Button>}>
      <Async query={query} empty={(d) => d.items.length === 0} nothing={<section className="u-panel"><Empty text={t.empty} /></section>}>
        {(d) => <div className="u-news">{d.items.map((n) => <Piece key={n.id} news={n} edit={writable ? () => setEdited(n) : undefined} />)}</div>}
      </Async>
      {edited && book && <EntryForm book={book} entry={edited === "new" ? undefined : edited} writable={writable} preset={edited === "new" ? { day: isoDay(new Date()) } : undefined} title={edited === "new" ? t.create : String(edited.values.title)} close={() => setEdited(null)} />}
    </Page>
  )
}

function Piece(props: { news: Entry; edit?: () => void }) {
  const t = useTexts(words)
  const { news: n } = props
  return (
    <article className="u-panel">
      <h2>{String(n.values.title)}{n.values.important === true && <Tag tone="warn">{t.important}</Tag>}{n.values.published !== true && <Tag>{t.hidden}</Tag>}<span className="u-gap" /><time dateTime={String(n.values.day)}>{date(String(n.values.day))}{n.values.until !== undefined && ` ${t.until} ${date(String(n.values.until))}`}</time></h2>
      <p>{String(n.values.text)}</p>
      {n.files && n.files.length > 0 && <Files files={n.files} url={(f) => `/api/v1/directories/news/entries/${n.id}/files/${f.hash}?name=${encodeURIComponent(f.name)}`} />}
      {props.edit && <Button size="small" onClick={props.edit}>{t.edit}</Button>}
    </article>
  )
}
