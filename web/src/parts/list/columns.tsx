import { SettingOutlined } from "@ant-design/icons"
import { Button, Checkbox, Popover, Tooltip } from "antd"
import { useState } from "react"
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
  const keys = chosen ? chosen.split(",") : columns.filter((c) => !c.hidden).map((c) => c.key)
  const choose = (next: string[]) => {
    keep(name, next.join())
    setChosen(next.join())
  }
  return { shown: columns.filter((c) => keys.includes(c.key)), keys, choose, standard: () => choose([]) }
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
