import { Select, TreeSelect } from "antd"
import type { Schema } from "../api/client"
import { clearable } from "./clearable"
import { labelOf, useDirectory, useEntries } from "./entries"

/** What is shown of an entry stands apart, so that a screen that chooses none loads no Select. */
export { EntryName, labelOf, useDirectory, useEntries } from "./entries"

type Entry = Schema<"Entry">

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
    "aria-label": props.id ? undefined : declared?.title.ru, loading: !declared, value: props.value as never,
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
