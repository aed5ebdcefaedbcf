import { PlusOutlined, UploadOutlined } from "@ant-design/icons"
import { Button } from "antd"
import { useState } from "react"
import { useParams } from "react-router"
import { useGet } from "../../api/query"
import { useLanguage } from "../../app/language"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { type Column, DataList, type Filter } from "../../parts/DataList"
import { EntryName, labelOf } from "../../parts/EntryPick"
import { Page } from "../../parts/Page"
import { pick, useTexts } from "../../texts/i18n"
import "./directories.css"
import { EntryForm } from "./EntryForm"
import { ImportForm } from "./ImportForm"
import { words } from "./texts"
import { type Book, type Entry, type Field, Shown } from "./values"

/** DirectoryPage is one directory of any type: its table, a form for an entry, import and export. */
export default function DirectoryPage() {
  const { name = "" } = useParams()
  const query = useGet("/api/v1/directories/{name}", { params: { path: { name } } })
  return <Async query={query}>{(book) => <Opened key={name} book={book} />}</Async>
}

function Opened({ book }: { book: Book }) {
  const t = useTexts(words)
  const can = useCan()
  const lang = useLanguage()
  const [edited, setEdited] = useState<Entry | "new" | null>(null)
  const [importing, setImporting] = useState(false)
  const writable = book.editable && can("directories.write")
  const title = pick(book.title, lang)
  const path = `/api/v1/directories/${book.name}/export`
  const file = (label: string, more: Record<string, string> = {}) => ({ title: label, href: (q: URLSearchParams) => `${path}?${new URLSearchParams([...q, ...Object.entries(more)])}` })
  return (
    <Page
      title={title}
      actions={writable && <><Button icon={<UploadOutlined />} onClick={() => setImporting(true)}>{t.import}</Button><Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>{t.create}</Button></>}
    >
      <DataList
        path="/api/v1/directories/{name}/entries" pathParams={{ name: book.name }} name={`directory.${book.name}`} label={title} columns={columnsOf(book, lang, t.forOrg, t.forAll)} filters={filtersOf(book, lang, t)}
        orderParam="order" open={(e) => () => setEdited(e)} exports={[file(t.xlsx, { format: "xlsx" }), file(t.csv), file(t.csv1251, { encoding: "windows-1251" })]} empty={t.empty}
      />
      {edited && <EntryForm book={book} entry={edited === "new" ? undefined : edited} writable={writable} close={() => setEdited(null)} title={edited === "new" ? title : labelOf(edited, book)} />}
      {importing && <ImportForm name={book.name} close={() => setImporting(false)} />}
    </Page>
  )
}

const sortable = ["text", "number", "date", "choice", "bool"]

function columnsOf(book: Book, lang: "ru" | "en", orgTitle: string, forAll: string): Column<Entry>[] {
  const columns = book.fields.filter((f) => f.type !== "file" && f.type !== "files").map((f): Column<Entry> => ({
    key: f.name, title: pick(f.title, lang), hidden: !(book.columns ?? []).includes(f.name), order: sortable.includes(f.type) && (f.required || f.default !== undefined) ? f.name : undefined,
    align: f.type === "number" ? "right" : undefined, render: (e) => <Shown field={f} entry={e} />,
  }))
  columns.sort((a, b) => place(book, a.key) - place(book, b.key))
  if (book.by_organization) columns.push({ key: "organization", title: orgTitle, hidden: true, render: (e) => (e.organization ? <EntryName directory="organizations" id={e.organization} /> : forAll) })
  return columns
}

function place(book: Book, key: string): number {
  const at = book.columns.indexOf(key)
  return at < 0 ? book.columns.length : at
}

function filtersOf(book: Book, lang: "ru" | "en", t: (typeof words)["ru"]): Filter[] {
  const filters: Filter[] = [{ kind: "text", name: "q", title: t.search }]
  if (book.by_organization) filters.push({ kind: "entry", name: "organization", title: t.who, directory: "organizations" })
  for (const name of book.filters ?? []) {
    const field = book.fields.find((f) => f.name === name)
    if (field) filters.push(filterOf(field, lang))
  }
  filters.push({ kind: "select", name: "deleted", title: t.deletedOnes, options: [{ value: "true", title: t.deletedInstead }] })
  return filters
}

function filterOf(f: Field, lang: "ru" | "en"): Filter {
  const named = { name: `filter[${f.name}]`, title: pick(f.title, lang) }
  if (f.type === "bool") return { kind: "bool", ...named }
  if (f.type === "choice") return { kind: "select", options: (f.options ?? []).map((o) => ({ value: o.value, title: pick(o.title, lang) })), ...named }
  if (f.type === "ref" || f.type === "refs") return { kind: "entry", directory: f.ref ?? "", ...named }
  return { kind: "text", ...named }
}
