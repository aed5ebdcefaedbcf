import { QueryClient, type UseQueryOptions, useQuery } from "@tanstack/react-query"
import type { FetchResponse, MaybeOptionalInit } from "openapi-fetch"
import type { PathsWithMethod } from "openapi-typescript-helpers"
import { api, call } from "./client"
import { ApiError } from "./errors"
import type { paths } from "./schema"

/** A path of the contract that can be read. */
export type GetPath = PathsWithMethod<paths, "get">
type Init<P extends GetPath> = MaybeOptionalInit<paths[P], "get">

/** What a GET of the path answers. */
export type Got<P extends GetPath> = Required<FetchResponse<paths[P]["get"] & {}, Init<P>, "application/json">>["data"]

type Options<T> = Omit<UseQueryOptions<T, ApiError>, "queryKey" | "queryFn">

/** client keeps what was read; what is refused by the caller's fault is not asked again. */
export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => count < 2 && error instanceof ApiError && ["offline", "unavailable"].includes(error.kind),
      refetchOnWindowFocus: true,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
})

/** read fetches one path once, for effects and handlers. */
export function read<P extends GetPath>(path: P, init?: Init<P>, signal?: AbortSignal): Promise<Got<P>> {
  const get = api.GET as (path: P, init: object) => Promise<{ data?: Got<P>; error?: unknown; response: Response }>
  return call(get(path, { ...init, signal }))
}

/**
 * useGet reads a path and keeps it: `useGet("/api/v1/documents/{id}", { params: { path: { id } } })`.
 * The key is the path and the init, so that `refresh` finds it.
 */
export function useGet<P extends GetPath>(path: P, init?: Init<P>, options?: Options<Got<P>>) {
  return useQuery<Got<P>, ApiError>({
    queryKey: [path, init ?? {}],
    queryFn: ({ signal }) => read(path, init, signal),
    ...options,
  })
}

/** refresh reads again what is shown of the paths and forgets the rest; call it after a change. */
export function refresh(...of: GetPath[]) {
  return client.invalidateQueries({ predicate: (q) => of.includes(q.queryKey[0] as GetPath) })
}
