import { SettingOutlined } from "@ant-design/icons"
import { Button, Checkbox, Popover, Tooltip } from "antd"
import { useMemo, useState, useSyncExternalStore } from "react"
import { keep, kept } from "../../app/prefs"
import { useSession } from "../../app/session"
import { useTexts } from "../../texts/i18n"
import type { Column } from "./Table"
import { words } from "./words"

/** useColumns are the columns a person has chosen for the list, kept for him in this browser. */
export function useColumns<Row>(list: string, columns: readonly Column<Row>[]) {
  const { user } = useSession()
  const name = `columns.${user.id}.${list}`
  const [chosen, setChosen] = useState(() => kept(name))
  const roomy = useRoomy()
  const { keys, shown } = useMemo(() => {
    const of = chosen ? chosen.split(",") : columns.filter((c) => !c.hidden && (roomy || !c.wide)).map((c) => c.key)
    return { keys: of, shown: columns.filter((c) => of.includes(c.key)) }
  }, [columns, chosen, roomy])
  const choose = (next: string[]) => {
    keep(name, next.join())
    setChosen(next.join())
  }
  return { shown, keys, choose, standard: () => choose([]) }
}

const roomy = matchMedia("(min-width: 1440px), (max-width: 720px)")

/** useRoomy tells that the window is wide enough for all columns; a phone has them one below the other. */
function useRoomy(): boolean {
  return useSyncExternalStore((changed) => {
    roomy.addEventListener("change", changed)
    return () => roomy.removeEventListener("change", changed)
  }, () => roomy.matches)
}

/** ColumnGear lets a person choose the columns; the last one cannot be taken away. */
export function ColumnGear<Row>(props: { columns: readonly Column<Row>[]; keys: string[]; choose: (keys: string[]) => void; standard: () => void }) {
  const t = useTexts(words)
  const toggle = (key: string, on: boolean) => props.choose(props.columns.map((c) => c.key).filter((k) => (k === key ? on : props.keys.includes(k))))
  const menu = (
    <div className="u-gear">
      {props.columns.map((c) => (
        <Checkbox key={c.key} checked={props.keys.includes(c.key)} disabled={props.keys.length === 1 && props.keys[0] === c.key} onChange={(e) => toggle(c.key, e.target.checked)}>
          {c.title}
        </Checkbox>
      ))}
      <Button size="small" type="link" onClick={props.standard}>{t.columnsDefault}</Button>
    </div>
  )
  return (
    <Popover trigger="click" placement="bottomRight" content={menu}>
      <Tooltip title={t.columns}><Button type="text" icon={<SettingOutlined />} aria-label={t.columns} /></Tooltip>
    </Popover>
  )
}
