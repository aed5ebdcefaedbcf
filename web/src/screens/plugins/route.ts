import { AppstoreOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "plugins",
  title: { ru: "Коннекторы", en: "Connectors" },
  needs: "plugins.read",
  menu: { group: "admin", order: 40, icon: AppstoreOutlined },
  load: () => import("."),
})
