import { AuditOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "audit",
  title: { ru: "Аудит", en: "Audit" },
  needs: "audit.read",
  menu: { group: "admin", order: 80, icon: AuditOutlined },
  load: () => import("."),
})
