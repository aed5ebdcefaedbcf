import { MessageOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route(
  {
    path: "appeals", title: { ru: "Обращения", en: "Appeals" }, needs: "appeals.read",
    menu: { group: "desk", order: 20, icon: MessageOutlined }, load: () => import("."),
  },
  { path: "appeals/new", title: { ru: "Новое обращение", en: "New appeal" }, needs: "appeals.write", load: () => import("./new") },
  { path: "appeals/:id", title: { ru: "Обращение", en: "Appeal" }, needs: "appeals.read", load: () => import("./card") },
)
