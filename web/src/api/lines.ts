import { door } from "./client"
import { asApiError } from "./errors"
import { language } from "../app/language"

/** post sends a POST whose answer is read while it comes; a refusal is thrown as ApiError. */
export async function post(path: string, signal: AbortSignal, body?: unknown): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const headers: Record<string, string> = { "X-CSRF-Token": door.csrf, "Accept-Language": language() }
  if (body !== undefined) headers["Content-Type"] = "application/json"
  const response = await fetch(path, { method: "POST", headers, body: body === undefined ? undefined : JSON.stringify(body), signal })
  if (!response.ok) throw asApiError(await response.json().catch(() => undefined), response)
  return response.body!
}

/** eachLine calls fn with each line of JSON of the stream as it comes. */
export async function eachLine<T>(stream: ReadableStream<Uint8Array<ArrayBuffer>>, fn: (line: T) => void): Promise<void> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  for (;;) {
    const { value, done } = await reader.read()
    const lines = (rest + (value ?? "")).split("\n")
    rest = done ? "" : lines.pop()!
    for (const text of lines) if (text.trim()) fn(JSON.parse(text) as T)
    if (done) return
  }
}
