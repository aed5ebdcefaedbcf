import { useEffect, useState, useSyncExternalStore } from "react"
import { door } from "../api/client"
import { line } from "../api/events"
import { useTexts } from "../texts/i18n"
import { words } from "./words"

/** How long the line may be gone before it is worth a word, and how often it is looked for. */
const PATIENCE_MS = 3_000
const LOOK_MS = 4_000

/** Offline tells that the hub cannot be reached, and shortly that it can again. */
export function Offline() {
  const t = useTexts(words)
  const state = useReach()
  if (state === "up") return null
  const down = state === "down"
  return <div className="u-banner" data-tone={down ? "bad" : "good"} role="status">{down ? t.offline : t.back}</div>
}

function useReach(): "up" | "down" | "back" {
  const lineUp = useSyncExternalStore((tell) => line.watch(tell), () => line.up)
  const [failed, setFailed] = useState(false)
  const [state, setState] = useState<"up" | "down" | "back">("up")
  useEffect(() => {
    door.onAnswer = (reached) => setFailed(!reached)
    return () => void (door.onAnswer = () => {})
  }, [])
  const trouble = failed || !lineUp
  useEffect(() => {
    if (!trouble) {
      setState((was) => (was === "down" ? "back" : was))
      return
    }
    const wait = window.setTimeout(() => setState("down"), PATIENCE_MS)
    return () => window.clearTimeout(wait)
  }, [trouble])
  useEffect(() => {
    if (state !== "back") return
    const wait = window.setTimeout(() => setState("up"), PATIENCE_MS)
    return () => window.clearTimeout(wait)
  }, [state])
  useLookout(failed, setFailed)
  return state
}

/** useLookout asks the hub from time to time whether it is there again. */
function useLookout(failed: boolean, setFailed: (failed: boolean) => void) {
  useEffect(() => {
    if (!failed) return
    const look = () => fetch("/healthz").then((r) => r.ok && setFailed(false), () => {})
    const timer = window.setInterval(look, LOOK_MS)
    return () => window.clearInterval(timer)
  }, [failed, setFailed])
}
