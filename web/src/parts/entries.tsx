import type { Schema } from "../api/client"
import { useGet } from "../api/query"

type Entry = Schema<"Entry">

/** useDirectory is the declaration of a directory. */
export function useDirectory(name: string) {
  return useGet("/api/v1/directories/{name}", { params: { path: { name } } }, { staleTime: 600_000 }).data
}

/** useEntries are the entries of a directory, its first thousand; none as long as they are on their way. */
export function useEntries(directory: string, filter?: Record<string, string>): Entry[] {
  return useArrived(directory, filter) ?? []
}

/** useArrived are the entries of a directory, undefined as long as they are on their way. */
export function useArrived(directory: string, filter?: Record<string, string>): Entry[] | undefined {
  const query = { limit: 1000, ...(filter && { filter }) }
  return useGet("/api/v1/directories/{name}/entries", { params: { path: { name: directory }, query } }, { staleTime: 60_000 }).data?.items
}

/** labelOf is what people call an entry. */
export function labelOf(entry: Entry, directory?: Schema<"Directory">): string {
  return String(entry.values[directory?.label ?? "title"] ?? entry.values.name ?? entry.id)
}

/** EntryName is the label behind the id of an entry, of one deleted meanwhile too. */
export function EntryName(props: { directory: string; id?: string }) {
  const declared = useDirectory(props.directory)
  const known = useEntries(props.directory).find((e) => e.id === props.id)
  const path = { name: props.directory, id: props.id ?? "" }
  const lone = useGet("/api/v1/directories/{name}/entries/{id}", { params: { path } }, { enabled: !!props.id && !known, staleTime: 60_000 })
  const entry = known ?? lone.data
  if (!props.id) return null
  return <>{entry ? labelOf(entry, declared) : lone.error ? props.id : "…"}</>
}
