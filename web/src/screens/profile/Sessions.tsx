import { Button } from "antd"
import { api, call } from "../../api/client"
import { refresh, useGet } from "../../api/query"
import { Async } from "../../parts/Async"
import { Tag } from "../../parts/StateTag"
import { toast } from "../../parts/toast"
import { When } from "../../parts/When"
import { useTexts } from "../../texts/i18n"
import { Part } from "./Part"
import { words } from "./texts"

/** Sessions are one's own sign-ins; those one does not know can be ended. */
export function Sessions() {
  const t = useTexts(words)
  const query = useGet("/api/v1/sessions")
  const end = (id: string) =>
    call(api.DELETE("/api/v1/sessions/{id}", { params: { path: { id } } })).then(() => {
      toast.done(t.ended)
      return refresh("/api/v1/sessions")
    }, toast.error)
  return (
    <Part title={t.sessions}>
      <Async query={query}>
        {(list) => (
          <div className="u-table-box">
            <table className="u-table" aria-label={t.sessions}>
              <thead><tr><th scope="col">{t.browser}</th><th scope="col">{t.address}</th><th scope="col">{t.since}</th><th aria-label={t.end} /></tr></thead>
              <tbody>
                {list.items.map((s) => (
                  <tr key={s.id}>
                    <td>{device(s.agent) || t.unknown}</td><td>{s.remote}</td><td><When at={s.created_at} /></td>
                    <td>{s.current ? <Tag tone="good">{t.current}</Tag> : <Button size="small" onClick={() => end(s.id)}>{t.end}</Button>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Async>
    </Part>
  )
}

/** device is the browser and the system of a User-Agent, as far as they are known. */
export function device(agent = ""): string {
  const browser = [["Edg/", "Edge"], ["YaBrowser/", "Яндекс Браузер"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]].find(([mark]) => agent.includes(mark!))?.[1]
  const system = [["Windows", "Windows"], ["Android", "Android"], ["iPhone", "iPhone"], ["Mac OS", "macOS"], ["Linux", "Linux"]].find(([mark]) => agent.includes(mark!))?.[1]
  return [browser, system].filter(Boolean).join(", ") || agent.slice(0, 60)
}
