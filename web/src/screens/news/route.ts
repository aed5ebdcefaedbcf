import { NotificationOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "news", title: { ru: "Новости", en: "News" }, needs: "directories.read",
  menu: { group: "reference", order: 30, icon: NotificationOutlined }, load: () => import("."),
})
