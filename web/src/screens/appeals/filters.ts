import type { Filter } from "../../parts/DataList"
import type { States } from "../../parts/StateTag"
import type { Words } from "./texts"

/** filters are all fields an appeal can be found by. */
export function filters(t: Words, states: [States["appeal"], string][]): Filter[] {
  return [
    { name: "number", title: t.number, kind: "text" },
    { name: "state", title: t.state, kind: "select", options: states.map(([value, title]) => ({ value, title })) },
    { name: "from", to: "to", title: t.period, kind: "dates" },
    { name: "line", title: t.line, kind: "entry", directory: "support_lines" },
    { name: "operator", title: t.operator, kind: "user" },
    { name: "reason_group", title: t.group, kind: "entry", directory: "reason_groups" },
    { name: "reason", title: t.reason, kind: "entry", directory: "reasons" },
    { name: "source", title: t.source, kind: "entry", directory: "sources" },
    { name: "channel", title: t.channel, kind: "channel" },
    { name: "tag", title: t.tag, kind: "entry", directory: "tags" },
    { name: "party", title: t.applicant, kind: "party" },
    { name: "applicant", title: t.contact, kind: "text" },
    { name: "account", title: t.account, kind: "text" },
    { name: "mark", title: t.mark, kind: "select", options: Object.entries(t.marks).map(([value, title]) => ({ value, title })) },
  ]
}
