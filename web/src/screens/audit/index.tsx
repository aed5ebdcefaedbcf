import { Link } from "react-router"
import type { Schema } from "../../api/client"
import { type Column, DataList } from "../../parts/DataList"
import { Who } from "../../parts/History"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { exact } from "../../texts/dates"
import { useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import { actionTitle, words } from "./texts"

type Entry = Schema<"AuditEntry">

/** Audit is the journal of who did what; its filters hold for the file, too. */
export default function Audit() {
  const t = useTexts(words)
  const columns: Column<Entry>[] = [
    { key: "at", title: t.columns.at, width: "1%", render: (e) => <time dateTime={e.created_at}>{exact(e.created_at)}</time> },
    { key: "who", title: t.columns.who, width: "18%", render: (e) => <Who actor={e.actor} /> },
    { key: "operation", title: t.columns.operation, width: "25%", render: (e) => <span title={e.operation} translate={actionTitle(e.operation, t) === e.operation ? "no" : undefined}>{actionTitle(e.operation, t)}</span> },
    { key: "object", title: t.columns.object, render: (e) => e.object && <Thing of={e.object} /> },
    { key: "code", title: t.columns.code, hidden: true, render: (e) => e.object && <code>{e.object}</code> },
    { key: "outcome", title: t.columns.outcome, width: "110px", render: (e) => <Outcome of={e.outcome} /> },
    { key: "remote", title: t.columns.remote, width: "110px", render: (e) => e.remote && <code>{e.remote}</code> },
    { key: "request", title: t.columns.request, hidden: true, render: (e) => e.request && <code>{e.request}</code> },
    { key: "token", title: t.columns.token, hidden: true, render: (e) => e.token && <code>{e.token}</code> },
  ]
  return (
    <Page title={t.title}>
      <p className="u-lead">{t.about}</p>
      <DataList
        path="/api/v1/audit" file name="audit" label={t.title} columns={columns}
        filters={[
          { name: "actor", title: t.filters.actor, kind: "user" },
          { name: "from", to: "to", title: t.filters.days, kind: "dates" },
          { name: "operation", title: t.filters.operation, kind: "text", placeholder: t.operationHint },
          { name: "object", title: t.filters.object, kind: "text", placeholder: t.objectHint },
          { name: "outcome", title: t.filters.outcome, kind: "select", options: [{ value: "ok", title: t.ok }, { value: "begun", title: t.begun }] },
          { name: "request", title: t.filters.request, kind: "text" },
        ]}
      />
    </Page>
  )
}

/** Things of the journal that have a page of their own. */
const pages: Record<string, string> = {
  documents: "documents", appeals: "appeals", tasks: "tasks", channels: "channels", rules: "rules", users: "users", parties: "parties", drafts: "documents/drafts", erasures: "erasures",
}

/** How many signs at the end of an id tell things of a kind apart. */
const TAIL = 6

/** Thing is what was worked on: it leads to its page, the end of its id to all that was done to it. */
function Thing(props: { of: string }) {
  const t = useTexts(words)
  const [kind = "", ...rest] = props.of.split("/")
  const id = rest.join("/")
  const title = t.kinds[kind]
  const all = <Link to={`?${new URLSearchParams({ object: props.of })}`} title={t.allOf(props.of)} className="u-quiet" translate="no"><code>{id.length > 2 * TAIL ? `…${id.slice(-TAIL)}` : id || props.of}</code></Link>
  if (!title) return <code translate="no">{props.of}</code>
  return <>{id && pages[kind] ? <Link to={`/${pages[kind]}/${id}`}>{title}</Link> : title} {all}</>
}

function Outcome(props: { of: string }) {
  const t = useTexts(words)
  if (props.of === "ok") return <Tag tone="good">{t.ok}</Tag>
  if (props.of === "begun") return <Tag tone="warn">{t.begun}</Tag>
  return <Link to={`?${new URLSearchParams({ outcome: props.of })}`}><code className="u-fault">{props.of}</code></Link>
}
