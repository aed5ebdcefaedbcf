import { useCallback, useEffect, useRef, useState } from "react"
import { keep, kept } from "../app/prefs"
import { useSession } from "../app/session"

/** How long a draft nobody comes back to is kept. */
const LIFE_MS = 30 * 86_400_000
const WAIT_MS = 300

type Kept<T> = { at: number; value: T }

/** readDraft is the draft under the name, undefined without one or when it is too old. */
export function readDraft<T>(name: string, now = Date.now()): T | undefined {
  try {
    const draft = JSON.parse(kept(name)) as Kept<T>
    return now - draft.at < LIFE_MS ? draft.value : undefined
  } catch {
    return undefined
  }
}

/**
 * useDraft is useState that survives a reload: `const [text, setText, sent] = useDraft("reply." + id, "")`.
 * Call `sent` when the text has arrived in the hub. Drafts are the person's own in this browser;
 * never keep a password or a token in one.
 */
export function useDraft<T>(key: string, empty: T): [T, (value: T) => void, () => void] {
  const { user } = useSession()
  const name = `draft.${user.id}.${key}`
  const [state, setState] = useState(() => ({ name, value: readDraft<T>(name) ?? empty }))
  const timer = useRef<number | undefined>(undefined)
  const waiting = useRef<(() => void) | undefined>(undefined)
  if (state.name !== name) setState({ name, value: readDraft<T>(name) ?? empty })
  const flush = useCallback(() => {
    window.clearTimeout(timer.current)
    waiting.current?.()
    waiting.current = undefined
  }, [])
  useEffect(() => {
    window.addEventListener("pagehide", flush)
    return () => {
      window.removeEventListener("pagehide", flush)
      flush()
    }
  }, [flush, name])
  const set = (value: T) => {
    setState({ name, value })
    waiting.current = () => keep(name, value === empty || value === "" ? "" : JSON.stringify({ at: Date.now(), value } satisfies Kept<T>))
    window.clearTimeout(timer.current)
    timer.current = window.setTimeout(flush, WAIT_MS)
  }
  const sent = () => {
    waiting.current = undefined
    keep(name, "")
    setState({ name, value: empty })
  }
  return [state.value, set, sent]
}
