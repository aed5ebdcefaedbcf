import { language } from "../app/language"
import { door } from "./client"
import { ApiError, asApiError } from "./errors"

/**
 * sendForm sends a form with files, as creates with attachments take it: one part `data` with the
 * JSON, parts `file` with the files. `progress` is told the share that is sent, 0 to 1. The answer
 * is the body of the success; a refusal is thrown as ApiError.
 */
export function sendForm<T>(path: string, form: { data: unknown; files: readonly File[]; headers?: Record<string, string>; method?: string; signal?: AbortSignal }, progress?: (share: number) => void): Promise<T> {
  const body = new FormData()
  body.append("data", new Blob([JSON.stringify(form.data)], { type: "application/json" }))
  for (const file of form.files) body.append("file", file, file.name)
  return send<T>(form.method ?? "POST", path, body, form.headers ?? {}, progress, form.signal)
}

/** sendFile sends the bytes of one file as they are: imports, installations, restores. */
export function sendFile<T>(path: string, file: File, progress?: (share: number) => void, method = "POST"): Promise<T> {
  return send<T>(method, path, file, { "Content-Type": file.type || "application/octet-stream" }, progress)
}

// fetch tells nothing about what has been sent, XMLHttpRequest does.
function send<T>(method: string, path: string, body: XMLHttpRequestBodyInit, headers: Record<string, string>, progress?: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, path)
    for (const [name, value] of Object.entries({ ...headers, "X-CSRF-Token": door.csrf, "Accept-Language": language() })) request.setRequestHeader(name, value)
    request.upload.onprogress = (e) => e.lengthComputable && progress?.(e.loaded / e.total)
    request.onerror = () => reject(new ApiError({ kind: "offline" }))
    request.onabort = () => reject(new DOMException("aborted", "AbortError"))
    request.onload = () => {
      const answer = parse(request.responseText)
      if (request.status < 300) return resolve(answer as T)
      if (request.status === 401) door.onUnauthenticated()
      const after = request.getResponseHeader("Retry-After")
      reject(asApiError(answer, new Response(null, { status: request.status, headers: after ? { "Retry-After": after } : {} })))
    }
    signal?.addEventListener("abort", () => request.abort())
    request.send(body)
  })
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
