import { PlusOutlined } from "@ant-design/icons"
import { Button } from "antd"
import { Link, useNavigate } from "react-router"
import { useKeys } from "../../app/keys"
import { useCan } from "../../app/session"
import { useTexts } from "../../texts/i18n"
import { DataList } from "../../parts/DataList"
import { Page } from "../../parts/Page"
import { useStateTitles } from "../../parts/StateTag"
import "./appeals.css"
import { useBulk } from "./bulk"
import { columns, tone } from "./columns"
import { ExportButton } from "./Export"
import { filters } from "./filters"
import { LineTabs } from "./LineTabs"
import { SavedFilters } from "./SavedFilters"
import { words } from "./texts"

/** Appeals is the list of all appeals a person may see. */
export default function Appeals() {
  const t = useTexts(words)
  const states = useStateTitles("appeal")
  const bulk = useBulk()
  const can = useCan()
  const navigate = useNavigate()
  useKeys(can("appeals.write") ? { N: { title: t.create.toLowerCase(), run: () => void navigate("/appeals/new") } } : {})
  const views = (["all", "open", "not_in_work", "planned", "overdue"] as const).map((v) => ({ value: v === "all" ? "" : v, title: t.views[v] }))
  return (
    <Page title={t.title} actions={can("appeals.write") && <Link to="/appeals/new"><Button type="primary" icon={<PlusOutlined />} tabIndex={-1}>{t.create}</Button></Link>}>
      <DataList
        path="/api/v1/appeals" name="appeals" label={t.title} columns={columns(t)} filters={filters(t, states)} tabs={{ name: "view", options: views }}
        open={(row) => `/appeals/${row.id}`} tone={tone} bulk={bulk.actions} events={["appeal.opened", "appeal.updated", "document.updated", "mass.updated"]}
        legend={[{ tone: "bad", title: t.legend.overdue }, { tone: "warn", title: t.legend.soon }, { tone: "active", title: t.legend.fresh }, { tone: "info", title: t.legend.toCall }]}
        tabsExtra={<LineTabs />} orderParam="order" extra={<><SavedFilters />{can("reports.read") && <ExportButton />}</>}
      />
      {bulk.dialog}
    </Page>
  )
}
