import { PlusOutlined } from "@ant-design/icons"
import { Button, Segmented } from "antd"
import { Link, useNavigate, useSearchParams } from "react-router"
import { api, call, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { useCan } from "../../app/session"
import type { Tone } from "../../app/theme"
import { type Column, DataList, type Filter } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { StateTag, Tag, useStateTitles } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { UserName } from "../../parts/UserPick"
import { Due, When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { peopleOf } from "./common"
import { OnTheWay } from "./OnTheWay"
import "./documents.css"
import { words } from "./texts"

type Row = Schema<"DocumentRow">
type Direction = Schema<"Direction">

/** The stages of outgoing papers: drafts first, then registered documents by state; on the way they go by their deliveries. */
const stages = ["all", "drafts", "approval", "remarks", "agreed", "registered", "way", "undelivered", "closed"] as const
type Stage = (typeof stages)[number]
const draftStates: Partial<Record<Stage, Schema<"DraftState">>> = { drafts: "editing", approval: "approval", remarks: "remarks", agreed: "agreed" }

/** Documents are the lists of papers: incoming, outgoing by stage, internal. */
export default function Documents() {
  const t = useTexts(words)
  const can = useCan()
  const [search, setSearch] = useSearchParams()
  const direction = (["outgoing", "internal"].find((d) => d === search.get("direction")) ?? "incoming") as Direction
  const stage = stages.find((s) => s === search.get("stage")) ?? "all"
  const go = (next: Direction, at: Stage = "all") => setSearch({ ...(next !== "incoming" && { direction: next }), ...(at !== "all" && { stage: at }) })
  const navigate = useNavigate()
  const once = useOnce()
  const begin = () => once((header) => call(api.POST("/api/v1/drafts", { params: { header }, body: { text: { subject: "", text: "" } } }))).then((made) => navigate(`/documents/drafts/${made.draft.id}`), toast.error)
  const register = can("documents.write") && <Link to={`/documents/new?direction=${direction}`}><Button type="primary" icon={<PlusOutlined />} tabIndex={-1}>{t.register}</Button></Link>
  const actions = <>{direction === "outgoing" && can("drafts.write") && <Button onClick={() => void begin()}>{t.draft.begin}</Button>}{register}</>
  return (
    <Page title={t.title} actions={actions}>
      <div className="u-doc-tabs">
        <Segmented<Direction> aria-label={t.direction} value={direction} onChange={(d) => go(d)} options={(["incoming", "outgoing", "internal"] as const).map((d) => ({ value: d, label: t.directions[d] }))} />
        {direction === "outgoing" && <Segmented<Stage> aria-label={t.stage} value={stage} onChange={(s) => go(direction, s)} options={stages.map((s) => ({ value: s, label: t.stages[s] }))} />}
      </div>
      <List key={direction + stage} direction={direction} stage={direction === "outgoing" ? stage : "all"} />
    </Page>
  )
}

function List({ direction, stage }: { direction: Direction; stage: Stage }) {
  const draft = draftStates[stage]
  if (draft) return <Drafts state={draft} title={stage} />
  if (stage === "way") return <OnTheWay />
  return <Papers direction={direction} state={stage === "all" ? undefined : (stage as Schema<"DocumentState">)} />
}

const ended = (state: string) => ["answered", "sent", "closed"].includes(state)

/** tone marks a paper by what it asks for: one that did not reach anybody or is overdue, one due soon. */
function tone(row: Row, now = Date.now()): Tone | undefined {
  if (row.state === "undelivered") return "bad"
  if (!row.due_at || ended(row.state)) return undefined
  const left = new Date(row.due_at).getTime() - now
  return left < 0 ? "bad" : left < 86_400_000 ? "warn" : undefined
}

function Papers(props: { direction: Direction; state?: Schema<"DocumentState"> }) {
  const t = useTexts(words)
  const states = useStateTitles("document")
  const incoming = props.direction === "incoming"
  const columns: Column<Row>[] = [
    { key: "number", title: t.number, width: "150px", render: (d) => d.number?.text ?? "—" },
    { key: "subject", title: t.subject, render: (d) => <>{d.subject}{d.marks?.map((m) => <span key={m.kind}> <Tag tone={m.kind === "quarantine" || m.kind === "bounce" ? "warn" : "calm"}>{t.marks[m.kind]}</Tag></span>)}</> },
    { key: "party", title: incoming ? t.from : t.to, width: "20%", render: (d) => peopleOf(incoming ? [d.sender] : (d.recipients ?? [])) },
    { key: "state", title: t.state, width: "1%", render: (d) => <StateTag kind="document" state={d.state} /> },
    { key: "due", title: t.due, width: "1%", render: (d) => <Due at={d.due_at} done={ended(d.state)} /> },
    { key: "files", title: t.files, width: "80px", align: "right", hidden: true, render: (d) => d.files || "" },
    { key: "registered", title: t.registered, width: "1%", wide: true, render: (d) => <When at={d.created_at} /> },
  ]
  const filters: Filter[] = [
    { kind: "text", name: "number", title: t.number },
    ...(props.state ? [] : [{ kind: "select" as const, name: "state", title: t.state, options: states.map(([value, title]) => ({ value, title })) }]),
    { kind: "party", name: "party", title: t.party },
    { kind: "channel", name: "channel", title: t.channel },
    { kind: "select", name: "mark", title: t.mark, options: Object.entries(t.marks).map(([value, title]) => ({ value, title })) },
    { kind: "dates", name: "from", to: "to", title: t.registered },
  ]
  return (
    <DataList
      path="/api/v1/documents" name={`documents.${props.direction}`} label={t.directions[props.direction]} columns={columns} filters={filters} query={{ direction: props.direction, state: props.state }}
      open={(d) => `/documents/${d.id}`} events={["document.registered", "document.updated", "delivery.updated"]} empty={t.empty} file={{ columns: "number,registered,subject,sender,state,channel,due" }}
      tone={tone} legend={[{ tone: "bad", title: t.legend.bad }, { tone: "warn", title: t.legend.soon }]}
    />
  )
}

function Drafts(props: { state: Schema<"DraftState">; title: Stage }) {
  const t = useTexts(words)
  const columns: Column<Schema<"Draft">>[] = [
    { key: "subject", title: t.subject, render: (d) => d.subject || "—" },
    { key: "author", title: t.author, width: "22%", render: (d) => <UserName id={d.author} /> },
    { key: "version", title: t.version, width: "100px", align: "right", render: (d) => d.versions },
    { key: "state", title: t.state, width: "150px", render: (d) => <StateTag kind="draft" state={d.state} /> },
    { key: "updated", title: t.updated, width: "130px", render: (d) => <When at={d.updated_at} /> },
  ]
  const filters: Filter[] = [{ kind: "user", name: "author", title: t.author }, { kind: "dates", name: "from", to: "to", title: t.date }]
  return (
    <DataList
      path="/api/v1/drafts" file name="drafts" label={t.stages[props.title]} columns={columns} filters={filters} query={{ state: props.state }}
      open={(d) => `/documents/drafts/${d.id}`} events={["draft.updated"]} empty={t.emptyDrafts}
    />
  )
}
