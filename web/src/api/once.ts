import { useRef } from "react"
import { ApiError } from "./errors"

export type OnceKey = { "Idempotency-Key": string }

/**
 * useOnce sends what makes something, so that it is made once: `once((key) => call(api.POST(…, { params: { header: key } })))`.
 * What became of a request without an answer nobody knows; the next try has the same Idempotency-Key, and the hub does it once.
 * Behind an answer, be it yes or no, comes another request with another key.
 */
export function useOnce() {
  const key = useRef(onceKey())
  return async <T>(send: (key: OnceKey) => Promise<T>): Promise<T> => {
    let answered = true
    try {
      return await send(key.current)
    } catch (error) {
      answered = refused(error)
      throw error
    } finally {
      if (answered) key.current = onceKey()
    }
  }
}

function onceKey(): OnceKey {
  // randomUUID exists over HTTPS and on localhost only.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return { "Idempotency-Key": Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("") }
}

/** refused tells that the hub has said no: nothing was done. */
function refused(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500
}
