import createClient, { type Middleware } from "openapi-fetch"
import { language } from "../app/language"
import { ApiError, asApiError } from "./errors"
import type { components, paths } from "./schema"

/** Schema<"Document"> is a type of the contract by its name. */
export type Schema<K extends keyof components["schemas"]> = components["schemas"][K]

/** door is what the requests of this page carry and whom they tell that the session has ended. */
export const door = {
  csrf: "",
  onUnauthenticated: () => {},
  onAnswer: (_reached: boolean) => {},
}

const guard: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", language())
    if (request.method !== "GET" && request.method !== "HEAD") request.headers.set("X-CSRF-Token", door.csrf)
    return request
  },
}

/** api is the hub's REST interface, typed by api/openapi.yaml; wrap its calls in `call`. */
export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin,
  querySerializer: { array: { style: "form", explode: false } },
})
api.use(guard)

type Answer<T> = { data?: T; error?: unknown; response: Response }

/** call gives the body of the answer or throws an ApiError. */
export async function call<T>(pending: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await reach(pending)
  if (response.ok) return data as T
  if (response.status === 401) door.onUnauthenticated()
  throw asApiError(error, response)
}

async function reach<T>(pending: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    const answer = await pending
    door.onAnswer(true)
    return answer
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause
    door.onAnswer(false)
    throw new ApiError({ kind: "offline" })
  }
}

/** ifMatch is the header of an edit: the version that was read. */
export function ifMatch(of: { version: number }): { "If-Match": string } {
  return { "If-Match": `"${of.version}"` }
}
