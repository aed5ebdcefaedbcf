import { TeamOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route(
  {
    path: "users",
    title: { ru: "Пользователи", en: "Users" },
    needs: "users.manage",
    menu: { group: "admin", order: 60, icon: TeamOutlined },
    load: () => import("."),
  },
  {
    path: "users/:id",
    title: { ru: "Пользователь", en: "User" },
    needs: "users.manage",
    load: () => import("./User"),
  },
)
