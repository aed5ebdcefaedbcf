import { useTexts } from "../../texts/i18n"
import { DataList } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { useStateTitles } from "../../parts/StateTag"
import "./appeals.css"
import { useBulk } from "./bulk"
import { columns, tone } from "./columns"
import { ExportButton } from "./Export"
import { filters } from "./filters"
import { LineSwitch } from "./LineSwitch"
import { SavedFilters } from "./SavedFilters"
import { words } from "./texts"

/** Appeals is the list of all appeals a person may see. */
export default function Appeals() {
  const t = useTexts(words)
  const states = useStateTitles("appeal")
  const bulk = useBulk()
  const views = (["all", "open", "not_in_work", "planned", "overdue"] as const).map((v) => ({ value: v === "all" ? "" : v, title: t.views[v] }))
  return (
    <Page title={t.title}>
      <DataList
        path="/api/v1/appeals" name="appeals" label={t.title} columns={columns(t)} filters={filters(t, states)} tabs={{ name: "view", options: views }}
        open={(row) => `/appeals/${row.id}`} tone={tone} bulk={bulk.actions} events={["appeal.opened", "appeal.updated", "document.updated", "mass.updated"]}
        legend={[{ tone: "bad", title: t.legend.overdue }, { tone: "warn", title: t.legend.soon }, { tone: "active", title: t.legend.fresh }, { tone: "info", title: t.legend.toCall }]}
        extra={<><LineSwitch /><SavedFilters /><ExportButton /></>}
      />
      {bulk.dialog}
    </Page>
  )
}
