import { CheckCircleFilled, CloseCircleFilled } from "@ant-design/icons"
import { Modal } from "antd"
import { type ReactNode, useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Result = Schema<"CheckResult">

/** useCheck tests the connection of a channel, whole or one section of its settings; draw `shown`. */
export function useCheck(id: string) {
  return useTrial((section?: string) => call(api.POST("/api/v1/channels/{id}/check", { params: { path: { id }, query: { section } } })))
}

/** useTrial runs a check and shows how it went; a refusal goes to `refused`, or is told. */
export function useTrial(check: (section?: string) => Promise<Result>, refused: (error: unknown) => void = toast.error) {
  const t = useTexts(words)
  const [busy, setBusy] = useState(false)
  const [result, setResult] = useState<Result | null>(null)
  const run = (section?: string) => {
    setBusy(true)
    return check(section).then(setResult, refused).finally(() => setBusy(false))
  }
  const shown: ReactNode = (
    <Modal open={!!result} title={result?.ok ? (result.parts.length > 0 ? t.checkOk : t.checkNone) : t.checkBad} footer={null} onCancel={() => setResult(null)} destroyOnHidden>
      {result && <Parts result={result} />}
    </Modal>
  )
  return { busy, run, shown }
}

/** Parts are the sections that were tested, each with its outcome. */
function Parts(props: { result: Result }) {
  const t = useTexts(words)
  const { result: r } = props
  const problem = r.problem && (r.problem.errors?.length ? r.problem.errors.map((f) => f.text).join("; ") : r.problem.detail)
  return (
    <div className="u-view">
      <ul className="u-parts">
        {r.parts.map((p) => (
          <li key={p.name}>
            {p.ok ? <CheckCircleFilled style={{ color: "var(--u-good)" }} aria-label={t.checkOk} /> : <CloseCircleFilled style={{ color: "var(--u-bad)" }} aria-label={t.checkBad} />}
            <span><b>{p.name || t.checkWhole}</b>{p.text && `: ${p.text}`}</span>
          </li>
        ))}
      </ul>
      {problem && !r.parts.some((p) => p.text === problem) && <p className="u-fault">{problem}</p>}
    </div>
  )
}
