import { CheckOutlined, PlusOutlined } from "@ant-design/icons"
import { Button, Tabs } from "antd"
import { Link, useSearchParams } from "react-router"
import { api, call, type Schema } from "../../api/client"
import { refresh, useGet } from "../../api/query"
import { Async } from "../../parts/Async"
import { type Column, DataList } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { StateTag, Tag, useStateTitles } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import { device } from "../profile/Sessions"
import { rights, words } from "./texts"

/** Users are the people of the hub, what each role may do, and who is signed in now. */
export default function Users() {
  const t = useTexts(words)
  const [search, setSearch] = useSearchParams()
  const tab = search.get("tab") ?? "users"
  return (
    <Page title={t.title} actions={<Link className="u-button" to="/users/new"><PlusOutlined aria-hidden /> {t.add}</Link>}>
      <Tabs
        activeKey={tab} destroyOnHidden onChange={(key) => setSearch(key === "users" ? {} : { tab: key })}
        items={[
          { key: "users", label: t.tabs.users, children: <People /> },
          { key: "roles", label: t.tabs.roles, children: <Roles /> },
          { key: "sessions", label: t.tabs.sessions, children: <Sessions /> },
        ]}
      />
    </Page>
  )
}

function People() {
  const t = useTexts(words)
  const states = useStateTitles("user")
  const columns: Column<Schema<"User">>[] = [
    { key: "name", title: t.columns.name, render: (u) => u.name },
    { key: "login", title: t.columns.login, width: "170px", render: (u) => <span translate="no">{u.login}</span> },
    { key: "roles", title: t.columns.roles, render: (u) => u.roles.map((r) => t.roles[r] ?? r).join(", ") },
    { key: "extension", title: t.columns.extension, width: "150px", render: (u) => u.extension },
    { key: "email", title: t.columns.email, hidden: true, render: (u) => u.email },
    { key: "created", title: t.columns.created, hidden: true, render: (u) => <When at={u.created_at} /> },
    { key: "state", title: t.columns.state, width: "140px", render: (u) => <StateTag kind="user" state={u.state} /> },
  ]
  return (
    <DataList
      path="/api/v1/users" file name="users" label={t.title} columns={columns} open={(u) => `/users/${u.id}`}
      filters={[
        { name: "text", title: t.filters.text, kind: "text" },
        { name: "role", title: t.filters.role, kind: "select", options: Object.entries(t.roles).map(([value, title]) => ({ value, title })) },
        { name: "state", title: t.filters.state, kind: "select", options: states.map(([value, title]) => ({ value, title })) },
      ]}
    />
  )
}

function Roles() {
  const t = useTexts(words)
  const names = useTexts(rights)
  const roles = useGet("/api/v1/roles")
  return (
    <Async query={roles}>
      {({ items }) => (
        <section className="u-list">
          <div className="u-table-box">
            <table className="u-table u-rights" aria-label={t.tabs.roles}>
              <thead><tr><th scope="col">{t.rights}</th>{items.map((r) => <th key={r.role} scope="col">{t.roles[r.role] ?? r.role}</th>)}</tr></thead>
              <tbody>
                {[...new Set(items.flatMap((r) => r.operations))].sort((a, b) => a.localeCompare(b)).map((op) => (
                  <tr key={op}>
                    <th scope="row" title={op}>{names[op] ?? op}</th>
                    {items.map((r) => <td key={r.role} data-title={t.roles[r.role]} data-not={!r.operations.includes(op) || undefined}>{r.operations.includes(op) ? <CheckOutlined aria-label={t.may} /> : <span className="u-hidden">{t.mayNot}</span>}</td>)}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </Async>
  )
}

function Sessions() {
  const t = useTexts(words)
  const end = async (id: string) => {
    if (await confirm({ title: t.session.endAsk, yes: t.session.end, danger: true })) await call(api.DELETE("/api/v1/user-sessions/{id}", { params: { path: { id } } })).then(() => toast.done(t.session.ended), toast.error)
    void refresh("/api/v1/user-sessions")
  }
  const columns: Column<Schema<"OpenSession">>[] = [
    { key: "who", title: t.session.who, render: (s) => <Link to={`/users/${s.user}`}>{s.name}</Link> },
    { key: "since", title: t.session.since, width: "160px", render: (s) => <When at={s.created_at} /> },
    { key: "until", title: t.session.until, width: "160px", render: (s) => <When at={s.until} /> },
    { key: "remote", title: t.session.remote, width: "150px", render: (s) => <code>{s.remote}</code> },
    { key: "agent", title: t.session.agent, render: (s) => <span title={s.agent}>{device(s.agent)}</span> },
    { key: "end", title: "", width: "150px", align: "right", render: (s) => (s.current ? <Tag>{t.session.own}</Tag> : <Button size="small" danger aria-label={`${t.session.end}: ${s.name}`} onClick={() => end(s.id)}>{t.session.end}</Button>) },
  ]
  return <DataList path="/api/v1/user-sessions" file name="user-sessions" label={t.tabs.sessions} columns={columns} />
}
