import { HolderOutlined, PlusOutlined } from "@ant-design/icons"
import { type Active, closestCenter, DndContext, type DragEndEvent, KeyboardSensor, type Over, PointerSensor, type UniqueIdentifier, useSensor, useSensors } from "@dnd-kit/core"
import { arrayMove, SortableContext, sortableKeyboardCoordinates, useSortable, verticalListSortingStrategy } from "@dnd-kit/sortable"
import { Alert, Button, Drawer, Switch } from "antd"
import { useState } from "react"
import { Link } from "react-router"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useEvents } from "../../api/events"
import { client, refresh, useGet } from "../../api/query"
import { useCan } from "../../app/session"
import { Async, Empty } from "../../parts/Async"
import { Who } from "../../parts/History"
import { Page } from "../../parts/Page"
import { Tag } from "../../parts/StateTag"
import { confirm, toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import type { Rule } from "./model"
import "../../parts/admin.css"
import "./rules.css"
import { SayAction, SayCondition } from "./Say"
import { words } from "./texts"

type RuleSet = Schema<"RuleSet">
const path = "/api/v1/rules"

/** Rules are the routing rules in their order: drag them, switch them, open one to change it. */
export default function Rules() {
  const t = useTexts(words)
  const can = useCan()
  const rules = useGet(path)
  useEvents(["rules.updated", "rule.failed"], () => void refresh(path))
  const add = can("rules.write") && <Link className="u-button" to="/rules/new"><PlusOutlined aria-hidden /> {t.add}</Link>
  return (
    <Page title={t.title} actions={<>{rules.data && <Versions current={rules.data} />}{add}</>}>
      <p className="u-lead">{t.about}</p>
      <Async query={rules} empty={(data) => data.rules.length === 0} nothing={<section className="u-panel"><Empty text={t.none}>{add}</Empty></section>}>
        {(data) => <Order set={data} />}
      </Async>
    </Page>
  )
}

function Order(props: { set: RuleSet }) {
  const t = useTexts(words)
  const { set } = props
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }))
  const ids = set.rules.map((r) => r.id)
  const drop = async ({ active, over }: DragEndEvent) => {
    if (!over || active.id === over.id) return
    const order = arrayMove(ids, ids.indexOf(String(active.id)), ids.indexOf(String(over.id)))
    client.setQueryData([path, {}], { ...set, rules: order.map((id) => set.rules.find((r) => r.id === id)!) })
    await call(api.PUT("/api/v1/rules/order", { params: { header: ifMatch({ version: set.number }) }, body: { rules: order } })).then((now) => {
      client.setQueryData([path, {}], now) // the next drop is over this version
      toast.done(t.ordered)
    }, toast.error)
    void refresh(path)
  }
  // A screen reader hears where the rule goes.
  const told = (id: UniqueIdentifier) => set.rules.find((r) => r.id === id)?.title ?? ""
  const at = (say: (title: string, place: number, of: number) => string) => ({ active, over }: { active: Active; over: Over | null }) => say(told(active.id), ids.indexOf(String((over ?? active).id)) + 1, ids.length)
  const announcements = { onDragStart: at(t.draggedTo), onDragOver: at(t.draggedTo), onDragEnd: at(t.dropped), onDragCancel: ({ active }: { active: Active }) => t.dragLeft(told(active.id)) }
  return (
    <DndContext accessibility={{ announcements, screenReaderInstructions: { draggable: t.dragHelp } }} sensors={sensors} collisionDetection={closestCenter} onDragEnd={drop}>
      <SortableContext items={ids} strategy={verticalListSortingStrategy}>
        <ol className="u-rules">{set.rules.map((r, i) => <Row key={r.id} rule={r} place={i + 1} />)}</ol>
      </SortableContext>
    </DndContext>
  )
}

function Row(props: { rule: Rule; place: number }) {
  const t = useTexts(words)
  const can = useCan()
  const { rule: r } = props
  const drag = useSortable({ id: r.id, disabled: !can("rules.write") })
  const at = drag.transform
  const { role: _, tabIndex: __, ...described } = drag.attributes
  return (
    <li ref={drag.setNodeRef} className="u-rule" data-off={!r.on || undefined} data-dragged={drag.isDragging || undefined} style={{ transform: at ? `translate3d(0, ${at.y}px, 0)` : undefined, transition: drag.transition }}>
      <Button className="u-handle" type="text" size="small" disabled={!can("rules.write")} icon={<HolderOutlined />} {...described} {...drag.listeners} aria-label={t.drag(r.title)} />
      <span>{props.place}</span>
      <Switch checked={r.on} disabled={!can("rules.write")} aria-label={t.toggle(r.title)} onChange={(on) => toggle(r.id, on)} />
      <div>
        <h2><Link to={`/rules/${r.id}`}>{r.title}</Link></h2>
        <p>{r.when ? <>{t.if} <SayCondition value={r.when} />, {t.then}: </> : `${t.always}: `}{r.then.map((a, i) => <span key={i}>{i > 0 && "; "}<SayAction value={a} /></span>)}</p>
        {r.fault && <Alert type="error" showIcon title={t.fault} description={r.fault.text} />}
      </div>
      {can("rules.write") && <Button type="text" size="small" danger aria-label={`${t.remove}: ${r.title}`} onClick={() => remove(r, t)}>{t.remove}</Button>}
    </li>
  )
}

/** toggle switches a rule and reads the set again. */
export async function toggle(id: string, on: boolean) {
  const init = { params: { path: { id } } }
  await call(on ? api.POST("/api/v1/rules/{id}/enable", init) : api.POST("/api/v1/rules/{id}/disable", init)).catch(toast.error)
  void refresh(path)
}

async function remove(r: Rule, t: (typeof words)["ru"]) {
  if (!await confirm({ title: t.removeAsk(r.title), text: t.removeText, yes: t.remove, danger: true })) return
  await call(api.DELETE("/api/v1/rules/{id}", { params: { path: { id: r.id }, header: ifMatch({ version: r.changed }) } })).then(() => toast.done(t.removed), toast.error)
  void refresh(path)
}

function Versions(props: { current: RuleSet }) {
  const t = useTexts(words)
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.versions}</Button>
      <Drawer open={open} onClose={() => setOpen(false)} title={t.versions} size={520} destroyOnHidden><VersionList current={props.current} /></Drawer>
    </>
  )
}

function VersionList(props: { current: RuleSet }) {
  const t = useTexts(words)
  const can = useCan()
  const versions = useGet("/api/v1/rules/versions", { params: { query: { limit: 100 } } })
  const back = async (version: number) => {
    if (!await confirm({ title: t.revertAsk(version), text: t.revertText, yes: t.revert })) return
    await call(api.POST("/api/v1/rules/revert", { params: { header: ifMatch({ version: props.current.number }) }, body: { version } })).then(() => toast.done(t.reverted), toast.error)
    void refresh(path, "/api/v1/rules/versions")
  }
  return (
    <Async query={versions}>
      {(data) => (
        <ol className="u-history">
          {data.items.map((v) => (
            <li key={v.number}>
              <div className="u-history-head">
                <b>{t.versionOf(v.number)}</b> <span className="u-quiet"><Who actor={v.by} />, <When at={v.created_at} full /></span>
                {v.number === props.current.number ? <Tag tone="good">{t.current}</Tag> : can("rules.write") && <Button size="small" aria-label={`${t.revert}: ${t.versionOf(v.number)}`} onClick={() => back(v.number)}>{t.revert}</Button>}
              </div>
              <div>{t.rulesOf(v.rules, v.on)}{v.note && <span className="u-quiet"> · {v.note}</span>}</div>
            </li>
          ))}
        </ol>
      )}
    </Async>
  )
}
