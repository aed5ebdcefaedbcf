import { Checkbox } from "antd"
import { useState } from "react"
import { api, call, type Schema } from "../../api/client"
import { useSession } from "../../app/session"
import { toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { Part } from "./Part"
import { words } from "./texts"

type Settings = Schema<"NotificationSettings">
type Notice = Schema<"Notice">

/** Notices choose what a person hears of, on the page and by e-mail; each box is kept at once. */
export function Notices() {
  const t = useTexts(words)
  const { user } = useSession()
  const [settings, setSettings] = useState<Settings>(user.notify)
  const toggle = (way: keyof Settings, notice: Notice, on: boolean) => {
    const next = { ...settings, [way]: on ? [...settings[way], notice] : settings[way].filter((n) => n !== notice) }
    setSettings(next)
    call(api.PUT("/api/v1/session/notifications", { body: next })).then(setSettings, (error: unknown) => {
      setSettings(settings)
      toast.error(error)
    })
  }
  const box = (way: keyof Settings, notice: Notice, label: string) => (
    <td><Checkbox aria-label={label} checked={settings[way].includes(notice)} onChange={(e) => toggle(way, notice, e.target.checked)} /></td>
  )
  return (
    <Part title={t.notices}>
      <table className="u-table u-notices">
        <thead><tr><th scope="col">{t.about}</th><th scope="col">{t.desk}</th><th scope="col">{t.byEmail}</th></tr></thead>
        <tbody>
          {(Object.keys(t.noticeNames) as Notice[]).map((n) => (
            <tr key={n}><td>{t.noticeNames[n]}</td>{box("desk", n, `${t.noticeNames[n]}: ${t.desk}`)}{box("email", n, `${t.noticeNames[n]}: ${t.byEmail}`)}</tr>
          ))}
        </tbody>
      </table>
    </Part>
  )
}
