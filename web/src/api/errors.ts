import type { components } from "./schema"

type Problem = components["schemas"]["Problem"]

/** One fault of one field: `field` is a path with dots, `files.2.name`. */
export type Fault = components["schemas"]["FieldFault"]

/** What went wrong by its kind; `offline` means the hub did not answer at all. */
export type ErrorKind = Problem["kind"] | "offline"

/**
 * ApiError is any refusal of the hub. `message` is for people, in the language of the page;
 * `code` is stable; `faults` name the fields at fault; `after` is in seconds.
 */
export class ApiError extends Error {
  readonly kind: ErrorKind
  readonly code: string
  readonly title: string
  readonly status: number
  readonly faults: Fault[]
  readonly request: string
  readonly after?: number

  constructor(p: Partial<Omit<Problem, "kind">> & { kind: ErrorKind }, after?: number) {
    super(p.detail || p.title || p.kind)
    this.kind = p.kind
    this.code = p.code ?? p.kind
    this.title = p.title ?? ""
    this.status = p.status ?? 0
    this.faults = faultsOf(p)
    this.request = p.request ?? ""
    this.after = after
  }
}

function faultsOf(p: Partial<Omit<Problem, "kind">>): Fault[] {
  if (p.errors?.length) return p.errors
  return p.field ? [{ field: p.field, text: p.detail ?? "" }] : []
}

/** asApiError makes the error of an answer that is no success. */
export function asApiError(body: unknown, response: Response): ApiError {
  const after = Number(response.headers.get("Retry-After")) || undefined
  if (body && typeof body === "object" && "kind" in body) return new ApiError(body as Problem, after)
  const kind = response.status >= 502 && response.status <= 504 ? "offline" : "internal"
  return new ApiError({ kind, status: response.status }, after)
}

/** isStale tells that somebody else has changed the thing since it was read. */
export function isStale(error: unknown): boolean {
  return error instanceof ApiError && (error.code.endsWith(".stale") || error.status === 412)
}
