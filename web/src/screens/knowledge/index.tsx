import { PlusOutlined, SearchOutlined } from "@ant-design/icons"
import { Button, Checkbox, Input, Tree } from "antd"
import { useState } from "react"
import { Link, useSearchParams } from "react-router"
import { api, call, ifMatch } from "../../api/client"
import { useOnce } from "../../api/once"
import { refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Empty } from "../../parts/Async"
import { useDirectory, useEntries } from "../../parts/EntryPick"
import { Files } from "../../parts/Files"
import { History, Who } from "../../parts/History"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { useDraft } from "../../parts/useDraft"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { EntryForm } from "../directories/EntryForm"
import type { Entry } from "../directories/values"
import "./knowledge.css"
import { useArticles } from "./articles"
import { words } from "./texts"
import { type Node, treeOf } from "./tree"

/** So many articles are drawn at once with all sections open; more roll by. */
const MANY = 200

const reread = () => refresh("/api/v1/directories/{name}/entries", "/api/v1/directories/{name}/entries/{id}")

/** Knowledge is the base of articles as a tree, with search, comments, and what was deleted on demand. */
export default function Knowledge() {
  const t = useTexts(words)
  const can = useCan()
  const [search, setSearch] = useSearchParams()
  const [text, setText] = useState("")
  const [deleted, setDeleted] = useState(false)
  const [edited, setEdited] = useState<{ entry?: Entry; parent?: string } | null>(null)
  const book = useDirectory("articles")
  const { articles, cut } = useArticles()
  const chosen = articles.find((a) => a.id === search.get("article"))
  const writable = !!book?.editable && can("directories.write")
  const nodes = treeOf(articles, text)
  return (
    <Page title={t.title} actions={writable && <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited({})}>{t.create}</Button>}>
      <div className="u-know">
        <div>
          <section className="u-panel" aria-label={t.tree}>
            <Input prefix={<SearchOutlined />} aria-label={t.search} placeholder={t.search} allowClear value={text} onChange={(e) => setText(e.target.value)} />
            {nodes.length === 0 ? <p className="u-quiet">{text ? t.nothing : t.none}</p> : (
              <Tree<Node> key={text + nodes.length} treeData={nodes} defaultExpandAll={!!text || articles.length <= MANY} defaultExpandedKeys={chosen ? [chosen.id] : []} height={articles.length > MANY ? 640 : undefined} blockNode selectedKeys={chosen ? [chosen.id] : []} onSelect={(keys) => setSearch(keys[0] ? { article: String(keys[0]) } : {})} aria-label={t.tree} />
            )}
            {cut && <p className="u-quiet">{t.cut(articles.length)}</p>}
            <Checkbox checked={deleted} onChange={(e) => setDeleted(e.target.checked)}>{t.deleted}</Checkbox>
          </section>
          {deleted && <Deleted writable={writable} />}
        </div>
        <div>{chosen ? <Article key={chosen.id} article={chosen} edit={writable ? () => setEdited({ entry: chosen }) : undefined} inside={writable ? () => setEdited({ parent: chosen.id }) : undefined} /> : <Recent articles={articles} />}</div>
      </div>
      {edited && book && <EntryForm book={book} entry={edited.entry} writable={writable} preset={edited.parent ? { parent: edited.parent } : undefined} title={edited.entry ? String(edited.entry.values.title) : t.create} close={() => setEdited(null)} />}
    </Page>
  )
}

/** So many of the articles changed lately are offered before one is chosen. */
const RECENT = 12

function Recent(props: { articles: readonly Entry[] }) {
  const t = useTexts(words)
  const articles = props.articles.toSorted((a, b) => b.updated_at.localeCompare(a.updated_at)).slice(0, RECENT)
  return (
    <section className="u-panel" aria-label={t.recent}>
      <h2>{t.recent}</h2>
      {articles.length === 0 ? <Empty text={t.none} /> : <ul className="u-know-talk">{articles.map((a) => <li key={a.id}><Link to={`/knowledge?article=${a.id}`}>{String(a.values.title)}</Link><span className="u-gap" /><span className="u-quiet"><When at={a.updated_at} /></span></li>)}</ul>}
    </section>
  )
}

function Article(props: { article: Entry; edit?: () => void; inside?: () => void }) {
  const t = useTexts(words)
  const { article: a } = props
  const url = (f: { hash: string; name: string }) => `/api/v1/directories/articles/entries/${a.id}/files/${f.hash}?name=${encodeURIComponent(f.name)}`
  return (
    <>
      <article className="u-panel">
        <h2>{String(a.values.title)}</h2>
        <p className="u-quiet">{t.changed} <When at={a.updated_at} />{a.values.reason !== undefined && `, ${t.reason}: ${a.names[String(a.values.reason)] ?? ""}`} {a.values.public === true && <Tag tone="good">{t.public}</Tag>} {((a.values.tags as string[] | undefined) ?? []).map((id) => <Tag key={id}>{a.names[id]}</Tag>)}</p>
        <div className="u-know-text">{a.values.text ? String(a.values.text) : <span className="u-quiet">{t.noText}</span>}</div>
        {a.files && a.files.length > 0 && <Files files={a.files} url={url} />}
        <div className="u-form-do">{props.edit && <Button onClick={props.edit}>{t.edit}</Button>}{props.inside && <Button onClick={props.inside}>{t.inside}</Button>}<History of="/api/v1/directories/{name}/entries/{id}/history" params={{ name: "articles", id: a.id }} /></div>
      </article>
      <Comments article={a.id} />
    </>
  )
}

function Comments(props: { article: string }) {
  const t = useTexts(words)
  const can = useCan()
  const list = useEntries("article_comments", { article: props.article }).toSorted((a, b) => a.created_at.localeCompare(b.created_at))
  const [text, setText, sent] = useDraft(`article.${props.article}`, "")
  const once = useOnce()
  const add = () =>
    once((header) => call(api.POST("/api/v1/directories/{name}/entries", { params: { path: { name: "article_comments" }, header }, body: { values: { article: props.article, title: text.trim() } } }))).then(() => { sent(); return reread() }, toast.error)
  const settle = (c: Entry) =>
    call(api.PUT("/api/v1/directories/{name}/entries/{id}", { params: { path: { name: "article_comments", id: c.id }, header: ifMatch(c) }, body: { values: { ...c.values, solved: true } } })).then(reread, toast.error)
  return (
    <section className="u-panel" aria-label={t.comments}>
      <h2>{t.comments}</h2>
      <ul className="u-know-talk">
        {list.length === 0 && <li className="u-quiet">{t.noComments}</li>}
        {list.map((c) => <li key={c.id}><span>{String(c.values.title)}</span><span className="u-quiet"><Author of={c.id} /> <When at={c.created_at} /></span>{c.values.solved === true ? <Tag tone="good">{t.solved}</Tag> : can("directories.write") && <Button size="small" onClick={() => void settle(c)}>{t.settle}</Button>}</li>)}
      </ul>
      {can("directories.write") && <><Input.TextArea aria-label={t.commentText} autoSize={{ minRows: 2 }} value={text} onChange={(e) => setText(e.target.value)} /><Button disabled={!text.trim()} onClick={() => void add()}>{t.comment}</Button></>}
    </section>
  )
}

/** Author is who wrote a comment, as its history says. */
function Author(props: { of: string }) {
  const { data } = useGet("/api/v1/directories/{name}/entries/{id}/history", { params: { path: { name: "article_comments", id: props.of } } }, { staleTime: 600_000 })
  const made = data?.items.find((h) => h.operation === "created")
  return made ? <Who actor={made.actor} /> : null
}

function Deleted({ writable }: { writable: boolean }) {
  const t = useTexts(words)
  const items = useArticles(true).articles
  const restore = (e: Entry) => call(api.POST("/api/v1/directories/{name}/entries/{id}/restore", { params: { path: { name: "articles", id: e.id }, header: ifMatch(e) } })).then(() => { toast.done(t.restored); return reread() }, toast.error)
  return (
    <section className="u-panel" aria-label={t.deletedTitle}>
      <h2>{t.deletedTitle}</h2>
      {items.length === 0 ? <p className="u-quiet">{t.none}</p> : <ul className="u-know-talk">{items.map((e) => <li key={e.id}><span>{String(e.values.title)}</span><span className="u-quiet"><When at={e.deleted_at} /></span>{writable && <Button size="small" onClick={() => void restore(e)}>{t.restore}</Button>}</li>)}</ul>}
    </section>
  )
}
