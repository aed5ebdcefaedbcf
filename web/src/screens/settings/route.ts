import { SettingOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "settings",
  title: { ru: "Настройки", en: "Settings" },
  needs: "settings.read",
  menu: { group: "admin", order: 85, icon: SettingOutlined },
  load: () => import("."),
})
