import { Select } from "antd"
import { useSession } from "../app/session"
import { texts, useTexts } from "../texts/i18n"
import { clearable } from "./clearable"
import { usePeople } from "./people"

/** Names stand apart, so that a screen that chooses nobody loads no Select. */
export { UserName, usePeople } from "./people"

const words = texts({
  ru: { pick: "Сотрудник", me: "я" },
  en: { pick: "Colleague", me: "me" },
})

type One = { value?: string; onChange?: (value: string | undefined) => void; multiple?: false }
type Many = { value?: string[]; onChange?: (value: string[]) => void; multiple: true }

/** UserPick chooses one colleague or, `multiple`, several, by a part of the name; `line` narrows it to a support line. */
export function UserPick(props: (One | Many) & { id?: string; line?: string; disabled?: boolean; placeholder?: string; autoFocus?: boolean }) {
  const t = useTexts(words)
  const { user: me } = useSession()
  const people = usePeople().filter((p) => p.state === "active" && (!props.line || p.lines.length === 0 || p.lines.includes(props.line)))
  return (
    <Select
      id={props.id} autoFocus={props.autoFocus} disabled={props.disabled} placeholder={props.placeholder ?? t.pick} aria-label={props.id ? undefined : t.pick}
      allowClear={clearable()} showSearch={{ optionFilterProp: "label" }} mode={props.multiple ? "multiple" : undefined}
      value={props.value as never} onChange={props.onChange as never} style={{ width: "100%" }}
      options={people.map((p) => ({ value: p.id, label: p.id === me.id ? `${p.name} (${t.me})` : p.name }))}
    />
  )
}
