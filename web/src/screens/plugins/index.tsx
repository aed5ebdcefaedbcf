import { Button, Drawer } from "antd"
import { useRef, useState } from "react"
import { Link } from "react-router"
import { api, call, type Schema } from "../../api/client"
import { refresh, useGet } from "../../api/query"
import { sendFile } from "../../api/upload"
import { useCan } from "../../app/session"
import { Async } from "../../parts/Async"
import { type Column, DataList } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import "../../parts/admin.css"
import { words } from "./texts"

type Row = Schema<"PluginRow">

/** Plugins lists the installed connectors, their versions and the channels that run them. */
export default function Plugins() {
  const t = useTexts(words)
  const can = useCan()
  const [chosen, setChosen] = useState<string | null>(null)
  const columns: Column<Row>[] = [
    { key: "title", title: t.columns.title, render: (p) => <div><b>{p.title}</b><br /><small>{p.summary}</small></div> },
    { key: "current", title: t.columns.current, width: "170px", render: (p) => <span className="u-tags"><span translate="no">{p.current}</span>{p.pinned && <Tag>{t.pinned}</Tag>}{p.trial && <Tag tone="warn">{t.trial}</Tag>}</span> },
    { key: "versions", title: t.columns.versions, width: "170px", render: (p) => <span translate="no">{p.versions.filter((v) => v !== p.current).join(", ") || "—"}</span> },
    { key: "channels", title: t.columns.channels, width: "100px", align: "right", render: (p) => p.channels },
  ]
  return (
    <Page title={t.title} actions={can("plugins.write") && <Install />}>
      <p className="u-lead">{t.about}</p>
      <DataList path="/api/v1/plugins" name="plugins" label={t.title} paged={false} columns={columns} empty={t.none} open={(p) => () => setChosen(p.name)} />
      <Drawer open={!!chosen} onClose={() => setChosen(null)} size={620} title={t.details} destroyOnHidden>{chosen && <About name={chosen} />}</Drawer>
    </Page>
  )
}

function reread() {
  return refresh("/api/v1/plugins", "/api/v1/plugins/{name}", "/api/v1/plugins/{name}/versions/{version}", "/api/v1/channels")
}

function Install() {
  const t = useTexts(words)
  const box = useRef<HTMLInputElement>(null)
  const [share, setShare] = useState<number | null>(null)
  const send = (file?: File) => {
    if (!file) return
    setShare(0)
    sendFile<Schema<"PluginVersion">>("/api/v1/plugins", new File([file], file.name, { type: "application/gzip" }), setShare)
      .then((p) => { toast.done(t.installed(`${p.title} ${p.version}`)); void reread() }, toast.error)
      .finally(() => setShare(null))
  }
  return (
    <>
      <input ref={box} type="file" hidden accept=".gz,.tgz" aria-label={t.packageHint} onChange={(e) => { send(e.target.files?.[0]); e.target.value = "" }} />
      <Button loading={share !== null} onClick={() => box.current?.click()}>{share !== null ? t.installing(share) : t.install}</Button>
    </>
  )
}

function About(props: { name: string }) {
  const t = useTexts(words)
  const plugin = useGet("/api/v1/plugins/{name}", { params: { path: { name: props.name } } })
  const channels = useGet("/api/v1/channels").data?.items.filter((c) => c.plugin === props.name) ?? []
  return (
    <Async query={plugin}>
      {(p) => (
        <div className="u-view">
          <div><h2>{p.title}</h2><p className="u-quiet">{p.summary}</p></div>
          {p.trial && <p><Tag tone="warn">{t.trial}</Tag> {t.trialText(p.trial.from)} (<When at={p.trial.until} />)</p>}
          <dl className="u-facts">
            <div><dt>{t.abilities}</dt><dd>{p.abilities.map((a) => t.abilityTitles[a] ?? a).join(", ")}</dd></div>
            <div><dt>{t.usedBy}</dt><dd>{channels.length === 0 ? t.notUsed : channels.map((c, i) => <span key={c.id}>{i > 0 && ", "}<Link to={`/channels/${c.id}`}>{c.title}</Link></span>)}</dd></div>
          </dl>
          {p.operations.length > 0 && <div><h4>{t.operations}</h4><ul>{p.operations.map((o) => <li key={o.name}>{o.title}</li>)}</ul></div>}
          <ol className="u-history">{p.versions.map((v) => <Version key={v} name={p.name} version={v} current={v === p.version} />)}</ol>
        </div>
      )}
    </Async>
  )
}

function Version(props: { name: string; version: string; current: boolean }) {
  const t = useTexts(words)
  const can = useCan()
  const { name, version } = props
  const path = { name, version }
  const about = useGet("/api/v1/plugins/{name}/versions/{version}", { params: { path } }).data
  const act = async (question: { title: string; text?: string; danger?: boolean }, pending: () => Promise<unknown>, said: string) => {
    if (await confirm(question)) await pending().then(() => { toast.done(said); void reread() }, toast.error)
  }
  const upgrade = () => act({ title: t.upgradeAsk(version), text: t.upgradeText }, () => call(api.POST("/api/v1/plugins/{name}/upgrade", { params: { path: { name } }, body: { version } })), t.upgraded)
  const use = () => act({ title: t.useAsk(version) }, () => call(api.PUT("/api/v1/plugins/{name}/current", { params: { path: { name } }, body: { version } })), t.used)
  const remove = () => act({ title: t.removeAsk(version), danger: true }, () => call(api.DELETE("/api/v1/plugins/{name}/versions/{version}", { params: { path } })), t.removed)
  return (
    <li>
      <div className="u-form-do">
        <b>{t.version(version)}</b>{props.current && <Tag tone="good">{t.current}</Tag>}
        {!props.current && can("plugins.write") && <><Button size="small" type="primary" onClick={upgrade}>{t.upgrade}</Button><Button size="small" onClick={use}>{t.use}</Button><Button size="small" danger onClick={remove}>{t.remove}</Button></>}
      </div>
      {about && <dl><div><dt>{t.at}</dt><dd><When at={about.installed_at} full /></dd></div><div><dt>{t.sum}</dt><dd><code>{about.sha256}</code></dd></div></dl>}
    </li>
  )
}
