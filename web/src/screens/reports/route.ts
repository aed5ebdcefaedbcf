import { BarChartOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route(
  {
    path: "reports", title: { ru: "Отчёты", en: "Reports" }, needs: "reports.read",
    menu: { group: "reference", order: 50, icon: BarChartOutlined }, load: () => import("."),
  },
  { path: "reports/:id", title: { ru: "Отчёт", en: "Report" }, needs: "reports.read", load: () => import("./Report") },
)
