import { CheckSquareOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route(
  {
    path: "tasks", title: { ru: "Поручения", en: "Tasks" }, needs: "tasks.read",
    menu: { group: "desk", order: 40, icon: CheckSquareOutlined }, load: () => import("."),
  },
  { path: "tasks/new", title: { ru: "Новое поручение", en: "New task" }, needs: "tasks.write", load: () => import("./New") },
  { path: "tasks/:id", title: { ru: "Поручение", en: "Task" }, needs: "tasks.read", load: () => import("./Card") },
)
