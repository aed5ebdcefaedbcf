import { Alert, Button, Modal, Select } from "antd"
import { useId, useState } from "react"
import type { Schema } from "../../api/client"
import { sendFile } from "../../api/upload"
import { toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { rereadEntries } from "./EntryForm"
import { words } from "./texts"
import { clearable } from "../../parts/clearable"

type Report = Schema<"ImportReport">

/** ImportForm checks a CSV file first and takes it when asked; every bad row is told. */
export function ImportForm(props: { name: string; close: () => void }) {
  const t = useTexts(words)
  const id = useId()
  const [file, setFile] = useState<File | null>(null)
  const [encoding, setEncoding] = useState<string | undefined>(undefined)
  const [report, setReport] = useState<Report | null>(null)
  const [busy, setBusy] = useState(false)
  const run = async (mode: "check" | "all" | "good") => {
    if (!file) return
    setBusy(true)
    try {
      const query = new URLSearchParams({ mode, ...(encoding && { encoding }) })
      const csv = new File([file], file.name, { type: "text/csv" })
      const got = await sendFile<Report>(`/api/v1/directories/${props.name}/import?${query}`, csv)
      setReport(got)
      if (got.taken) void rereadEntries()
    } catch (error) {
      toast.error(error)
    } finally {
      setBusy(false)
    }
  }
  const ready = report && !report.taken && report.rows > report.bad
  return (
    <Modal open title={t.importTitle} footer={null} onCancel={props.close} width={720}>
      <p className="u-quiet">{t.importHelp}</p><br />
      <div className="u-form-do">
        <label htmlFor={id}>{t.choose}</label>
        <input id={id} type="file" accept=".csv,text/csv" onChange={(e) => { setFile(e.target.files?.[0] ?? null); setReport(null) }} />
        <Select aria-label={t.encoding} placeholder={t.guess} allowClear={clearable()} value={encoding} onChange={setEncoding} options={["utf-8", "windows-1251"].map((e) => ({ value: e, label: e.toUpperCase() }))} style={{ width: 180 }} />
        <Button type={report ? "default" : "primary"} disabled={!file} loading={busy} onClick={() => void run("check")}>{t.check}</Button>
      </div>
      {report && <><br /><Alert type={report.taken ? "success" : report.bad > 0 ? "warning" : "info"} role="status" title={report.taken ? t.taken : t.notTaken} description={t.report(report)} /></>}
      {report && report.faults.length > 0 && (
        <div className="u-import-faults">
          <table className="u-table" aria-label={t.fault}>
            <thead><tr><th scope="col">{t.line}</th><th scope="col">{t.field}</th><th scope="col">{t.fault}</th></tr></thead>
            <tbody>{report.faults.map((f, i) => <tr key={i}><td>{f.line}</td><td>{f.field}</td><td>{f.text}</td></tr>)}</tbody>
          </table>
        </div>
      )}
      {ready && <><br /><div className="u-form-do"><Button type="primary" loading={busy} onClick={() => void run(report.bad > 0 ? "good" : "all")}>{report.bad > 0 ? t.takeGood : t.take}</Button></div></>}
    </Modal>
  )
}
