import { DownloadOutlined } from "@ant-design/icons"
import { Button, Checkbox, Modal, Radio } from "antd"
import { useState } from "react"
import { useSearchParams } from "react-router"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

const usual = ["number", "registered", "appeal_state", "applicant", "subject", "reason", "line", "operator", "due", "result"]

/** ExportButton asks which columns the file shall have and downloads what the list was narrowed to. */
export function ExportButton() {
  const t = useTexts(words)
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button type="text" icon={<DownloadOutlined />} onClick={() => setOpen(true)}>{t.export}</Button>
      {open && <ExportDialog close={() => setOpen(false)} />}
    </>
  )
}

function ExportDialog(props: { close: () => void }) {
  const t = useTexts(words)
  const [search] = useSearchParams()
  const [columns, setColumns] = useState<string[]>(usual)
  const [format, setFormat] = useState("xlsx")
  const all = Object.entries(t.columns)
  return (
    <Modal
      open title={t.export} okText={t.exportGo} cancelText={t.cancel} onCancel={props.close} width={620} onOk={props.close}
      okButtonProps={{ href: exportHref(search, columns, format), download: true, disabled: columns.length === 0 }}
    >
      <div className="a-form">
        <p className="u-quiet">{t.exportNote}</p>
        <div className="u-label">{t.exportColumns}</div>
        <Checkbox.Group className="a-checks" value={columns} onChange={(v) => setColumns(all.map(([c]) => c).filter((c) => v.includes(c)))} options={all.map(([value, label]) => ({ value, label }))} />
        <div className="u-label">{t.exportFormat}</div>
        <Radio.Group value={format} onChange={(e) => setFormat(e.target.value)} options={[{ value: "xlsx", label: "XLSX" }, { value: "csv", label: "CSV" }]} />
      </div>
    </Modal>
  )
}

/** exportHref is where the file is, with the filters and the order of the list. */
export function exportHref(search: URLSearchParams, columns: readonly string[], format: string): string {
  const out = new URLSearchParams(search)
  for (const name of ["after", "size", "sort"]) out.delete(name)
  const order = search.get("sort")
  if (order) out.set("order", order)
  out.set("columns", columns.join())
  out.set("format", format)
  return `/api/v1/reports/appeals?${out}`
}
