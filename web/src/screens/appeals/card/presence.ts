import { useEffect, useState } from "react"
import { api, call } from "../../../api/client"

const SIGN_MS = 15_000

/** usePresence tells that this card is open here and gives the names of others who have it open. */
export function usePresence(id: string): string[] {
  const [others, setOthers] = useState<string[]>([])
  useEffect(() => {
    const params = { path: { id } }
    const sign = () => {
      if (document.hidden) return
      call(api.POST("/api/v1/appeals/{id}/presence", { params })).then((r) => setOthers(r.items.map((p) => p.name)), () => {})
    }
    sign()
    const timer = window.setInterval(sign, SIGN_MS)
    document.addEventListener("visibilitychange", sign)
    return () => {
      window.clearInterval(timer)
      document.removeEventListener("visibilitychange", sign)
      call(api.DELETE("/api/v1/appeals/{id}/presence", { params })).catch(() => {})
    }
  }, [id])
  return others
}
