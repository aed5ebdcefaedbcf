import { Button } from "antd"
import type { ReactNode } from "react"
import { api, call, type Schema } from "../../api/client"
import { useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { Who } from "../../parts/History"
import type { JsonSchema } from "../../parts/SchemaForm"
import { Tag } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import type { Change } from "../../parts/changes"
import { spread, titleAt } from "./changes"
import { reread } from "./reread"
import { words } from "./texts"

type Entry = Schema<"HistoryEntry">

/** Past is every version of a channel, the newest first, each with a way back to it. */
export function Past(props: { channel: Schema<"Channel"> }) {
  const t = useTexts(words)
  const can = useCan()
  const { channel } = props
  const history = useGet("/api/v1/channels/{id}/history", { params: { path: { id: channel.id } } })
  const plugin = useGet("/api/v1/plugins/{name}", { params: { path: { name: channel.plugin } } }, { staleTime: 300_000 }).data
  const back = async (version: number) => {
    if (!await confirm({ title: t.returnAsk(version), text: t.returnText, yes: t.return })) return
    await call(api.POST("/api/v1/channels/{id}/revert", { params: { path: { id: channel.id } }, body: { version } })).then(() => { toast.done(t.returned); void reread() }, toast.error)
  }
  return (
    <Async query={history}>
      {(data) => (
        <section className="u-panel">
          <ol className="u-history">
            {data.items.toReversed().map((e) => (
              <Step key={e.version} entry={e} schema={(plugin?.settings_schema ?? {}) as JsonSchema}>
                {e.version === channel.version ? <Tag tone="good">{t.current}</Tag> : can("channels.write") && <Button size="small" aria-label={`${t.return}: ${t.versionOf(e.version)}`} onClick={() => back(e.version)}>{t.return}</Button>}
              </Step>
            ))}
          </ol>
        </section>
      )}
    </Async>
  )
}

function Step(props: { entry: Entry; schema: JsonSchema; children: ReactNode }) {
  const t = useTexts(words)
  const { entry: e } = props
  return (
    <li>
      <div className="u-history-head"><b>{t.versionOf(e.version)}</b><span><Who actor={e.actor} />, {t.changes[e.operation]} <span className="u-quiet"><When at={e.at} full /></span></span>{props.children}</div>
      <dl>
        {spread(e.changes ?? []).map((c) => (
          <div key={c.field}>
            <dt>{t.fields[c.field] ?? titleAt(props.schema, c.field)}</dt>
            <dd><Value change={c} /></dd>
          </div>
        ))}
      </dl>
    </li>
  )
}

function Value(props: { change: Change }) {
  const t = useTexts(words)
  const show = (v: unknown): string => {
    if (v === undefined || v === null || v === "") return t.none2
    if (typeof v === "boolean") return v ? t.yes : t.no
    return Array.isArray(v) ? v.map(String).join(", ") : typeof v === "object" ? JSON.stringify(v) : String(v)
  }
  const { before, after } = props.change
  return <>{before !== undefined && before !== null && <><del>{show(before)}</del> → </>}<ins>{show(after)}</ins></>
}
