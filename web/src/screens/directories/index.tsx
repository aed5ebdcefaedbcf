import { SearchOutlined } from "@ant-design/icons"
import { Input } from "antd"
import { useState } from "react"
import { Link } from "react-router"
import { useGet } from "../../api/query"
import { useLanguage } from "../../app/language"
import { Async } from "../../parts/Async"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { pick, useTexts } from "../../texts/i18n"
import "./directories.css"
import { words } from "./texts"

/** Directories are all reference books the person may read. */
export default function Directories() {
  const t = useTexts(words)
  const lang = useLanguage()
  const [text, setText] = useState("")
  const query = useGet("/api/v1/directories")
  return (
    <Page title={t.title} actions={<Input allowClear prefix={<SearchOutlined />} aria-label={t.find} placeholder={t.find} value={text} onChange={(e) => setText(e.target.value)} className="u-book-find" />}>
      <Async query={query}>
        {(data) => (
          <ul className="u-books">
            {data.items.map((d) => ({ d, title: pick(d.title, lang) })).filter(({ title }) => title.toLowerCase().includes(text.toLowerCase())).sort((a, b) => a.title.localeCompare(b.title, lang)).map(({ d, title }) => (
              <li key={d.name}><Link to={`/directories/${d.name}`}>{title}</Link>{!d.editable && <Tag>{t.readOnly}</Tag>}</li>
            ))}
          </ul>
        )}
      </Async>
    </Page>
  )
}
