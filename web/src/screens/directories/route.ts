import { DatabaseOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route(
  {
    path: "directories", title: { ru: "Справочники", en: "Directories" }, needs: "directories.read",
    menu: { group: "reference", order: 40, icon: DatabaseOutlined }, load: () => import("."),
  },
  { path: "directories/:name", title: { ru: "Справочник", en: "Directory" }, needs: "directories.read", load: () => import("./Directory") },
)
