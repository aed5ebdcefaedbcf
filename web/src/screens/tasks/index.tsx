import { PlusOutlined } from "@ant-design/icons"
import { Button, Segmented } from "antd"
import { Link, useSearchParams } from "react-router"
import type { Schema } from "../../api/client"
import { useCan } from "../../app/session"
import { type Column, DataList, type Filter } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { StateTag, useStateTitles } from "../../parts/StateTag"
import { UserName } from "../../parts/UserPick"
import { Due, When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { Calendar } from "./Calendar"
import "./tasks.css"
import { words } from "./texts"

type View = "mine" | "by_me" | "controlled" | "all"

/** Tasks are what was asked of a person, by him, or stands under his control; as a list or a calendar. */
export default function Tasks() {
  const t = useTexts(words)
  const can = useCan()
  const [search, setSearch] = useSearchParams()
  const view = (["by_me", "controlled", "all"].find((v) => v === search.get("view")) ?? "mine") as View
  const calendar = search.get("shape") === "calendar"
  const go = (next: View, asCalendar: boolean) => setSearch({ ...(next !== "mine" && { view: next }), ...(asCalendar && { shape: "calendar" }) })
  const actions = can("tasks.write") && <Link to="/tasks/new"><Button type="primary" icon={<PlusOutlined />} tabIndex={-1}>{t.create}</Button></Link>
  return (
    <Page title={t.title} actions={actions}>
      <div className="u-task-tabs">
        <Segmented<View> aria-label={t.view} value={view} onChange={(v) => go(v, calendar)} options={(["mine", "by_me", "controlled", "all"] as const).map((v) => ({ value: v, label: t.views[v] }))} />
        <Segmented aria-label={t.shape} value={calendar ? "calendar" : "list"} onChange={(s) => go(view, s === "calendar")} options={(["list", "calendar"] as const).map((s) => ({ value: s, label: t.shapes[s] }))} />
      </div>
      {calendar ? <Calendar view={view === "all" ? undefined : view} /> : <List key={view} view={view} />}
    </Page>
  )
}

function List({ view }: { view: View }) {
  const t = useTexts(words)
  const states = useStateTitles("task")
  const columns: Column<Schema<"Task">>[] = [
    { key: "title", title: t.name, render: (k) => k.title },
    { key: "kind", title: t.kind, width: "120px", hidden: true, render: (k) => t.kinds[k.kind] },
    { key: "performer", title: t.performer, width: "190px", render: (k) => <UserName id={k.performer} /> },
    { key: "author", title: t.author, width: "190px", render: (k) => <UserName id={k.author} /> },
    { key: "due", title: t.due, width: "130px", render: (k) => <Due at={k.deadline?.due_at} done={!!k.ended_at || !!k.done_at} /> },
    { key: "state", title: t.state, width: "140px", render: (k) => <StateTag kind="task" state={k.state} /> },
    { key: "made", title: t.made, width: "130px", hidden: true, render: (k) => <When at={k.created_at} /> },
  ]
  const filters: Filter[] = [
    { kind: "select", name: "state", title: t.state, options: states.map(([value, title]) => ({ value, title })) },
    { kind: "select", name: "kind", title: t.kind, options: Object.entries(t.kinds).map(([value, title]) => ({ value, title })) },
    { kind: "user", name: "performer", title: t.performer }, { kind: "user", name: "author", title: t.author }, { kind: "user", name: "controller", title: t.controller },
    { kind: "bool", name: "open", title: t.open }, { kind: "bool", name: "overdue", title: t.overdue }, { kind: "dates", name: "from", to: "to", title: t.made },
  ]
  return (
    <DataList
      path="/api/v1/tasks" file name="tasks" label={t.views[view]} columns={columns} filters={filters} query={view === "all" ? {} : { view }} open={(k) => `/tasks/${k.id}`} events={["task.assigned", "task.updated"]} empty={t.empties[view]}
      tone={(k) => (!k.ended_at && !k.done_at && k.deadline && new Date(k.deadline.due_at) < new Date() ? "bad" : undefined)} legend={[{ tone: "bad", title: t.overdueTag }]}
    />
  )
}
