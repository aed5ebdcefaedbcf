import { PlusOutlined } from "@ant-design/icons"
import { Button, Segmented } from "antd"
import { useState } from "react"
import { useSearchParams } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { refresh } from "../../api/query"
import { useCan } from "../../app/session"
import { type Column, DataList } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import { JournalForm } from "./JournalForm"
import { words } from "./texts"

type Journal = Schema<"Journal">

/** Journals are the books documents are numbered by: those in use, and the deleted ones to bring back. */
export default function Journals() {
  const t = useTexts(words)
  const can = useCan()
  const [search, setSearch] = useSearchParams()
  const [form, setForm] = useState<Journal | "new" | null>(null)
  const deleted = search.get("deleted") === "true"
  const writable = can("journals.write")
  const choice = <Segmented aria-label={t.view} value={deleted ? "deleted" : "now"} onChange={(v) => setSearch(v === "deleted" ? { deleted: "true" } : {})} options={(["now", "deleted"] as const).map((value) => ({ value, label: t.views[value] }))} />
  const file = (format: string) => ({ title: format.toUpperCase(), href: () => `/api/v1/reports/journals?format=${format}` })
  return (
    <Page title={t.title} actions={writable && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setForm("new")}>{t.add}</Button>}>
      <p className="u-lead">{t.about}</p>
      <DataList
        key={String(deleted)} path="/api/v1/journals" name={deleted ? "journals.deleted" : "journals"} label={t.title} paged={false} query={{ deleted: deleted || undefined }} columns={columns(t, deleted, writable)}
        empty={deleted ? t.noneDeleted : t.none} open={deleted || !writable ? undefined : (j) => () => setForm(j)} exports={deleted ? undefined : [file("csv"), file("xlsx")]} extra={choice}
      />
      {form && <JournalForm journal={form === "new" ? undefined : form} close={() => setForm(null)} />}
    </Page>
  )
}

function columns(t: (typeof words)["ru"], deleted: boolean, writable: boolean): Column<Journal>[] {
  return [
    { key: "title", title: t.name, render: (j) => j.title },
    { key: "direction", title: t.direction, width: "150px", render: (j) => t.directions[j.direction] },
    { key: "template", title: t.template, width: "200px", render: (j) => <span translate="no">{j.template}</span> },
    { key: "yearly", title: t.everyYear, width: "1%", render: (j) => (j.yearly ? t.yes : t.no) },
    ...(deleted ? [
      { key: "deleted", title: t.deletedAt, width: "140px", render: (j: Journal) => <When at={j.deleted_at} /> },
      ...(writable ? [{ key: "restore", title: "", width: "120px", render: (j: Journal) => <Button size="small" aria-label={`${t.restore}: ${j.title}`} onClick={() => void restore(j, t.restored)}>{t.restore}</Button> }] : []),
    ] : [{ key: "next", title: t.next, width: "180px", render: (j: Journal) => j.next }]),
  ]
}

function restore(j: Journal, done: string) {
  return call(api.POST("/api/v1/journals/{id}/restore", { params: { path: { id: j.id }, header: ifMatch(j) } }))
    .then(() => { toast.done(done); return refresh("/api/v1/journals") }, toast.error)
}
