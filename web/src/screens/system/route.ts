import { DashboardOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "system",
  title: { ru: "Система", en: "System" },
  needs: "metrics.read",
  menu: { group: "admin", order: 90, icon: DashboardOutlined },
  load: () => import("."),
})
