import { Select, TreeSelect } from "antd"
import { useGet } from "../api/query"
import type { Schema } from "../api/client"
import { clearable } from "./clearable"

type Entry = Schema<"Entry">

/** useDirectory is the declaration of a directory. */
export function useDirectory(name: string) {
  return useGet("/api/v1/directories/{name}", { params: { path: { name } } }, { staleTime: 600_000 }).data
}

/** useEntries are the entries of a directory, its first thousand. */
export function useEntries(directory: string, filter?: Record<string, string>): Entry[] {
  const query = { limit: 1000, ...(filter && { filter }) }
  return useGet("/api/v1/directories/{name}/entries", { params: { path: { name: directory }, query } }, { staleTime: 60_000 }).data?.items ?? []
}

/** labelOf is what people call an entry. */
export function labelOf(entry: Entry, directory?: Schema<"Directory">): string {
  return String(entry.values[directory?.label ?? "title"] ?? entry.values.name ?? entry.id)
}

type One = { value?: string; onChange?: (value: string | undefined, entry?: Entry) => void; multiple?: false }
type Many = { value?: string[]; onChange?: (value: string[]) => void; multiple: true }

/**
 * EntryPick chooses an entry of a directory: reasons, lines, organisations, templates. A directory
 * that is a tree is shown as one. `filter` narrows it: `{ group: id }`.
 */
export function EntryPick(props: (One | Many) & { directory: string; filter?: Record<string, string>; id?: string; disabled?: boolean; placeholder?: string }) {
  const declared = useDirectory(props.directory)
  const entries = useEntries(props.directory, props.filter)
  const common = {
    id: props.id, disabled: props.disabled, placeholder: props.placeholder, allowClear: clearable(), style: { width: "100%" },
    "aria-label": props.id ? undefined : declared?.title.ru, value: props.value as never,
  }
  const change = (value: unknown) => {
    if (props.multiple) props.onChange?.(value as string[])
    else props.onChange?.(value as string | undefined, entries.find((e) => e.id === value))
  }
  if (declared?.parent) {
    const nodes = entries.map((e) => ({ id: e.id, pId: e.values[declared.parent!] ?? null, value: e.id, title: labelOf(e, declared) }))
    return <TreeSelect {...common} onChange={change} treeDataSimpleMode treeDefaultExpandAll showSearch={{ treeNodeFilterProp: "title" }} multiple={props.multiple} treeData={nodes} />
  }
  return <Select {...common} onChange={change} showSearch={{ optionFilterProp: "label" }} mode={props.multiple ? "multiple" : undefined} options={entries.map((e) => ({ value: e.id, label: labelOf(e, declared) }))} />
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
