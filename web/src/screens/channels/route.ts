import { ApiOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route(
  {
    path: "channels",
    title: { ru: "Каналы", en: "Channels" },
    needs: "channels.read",
    menu: { group: "admin", order: 10, icon: ApiOutlined },
    load: () => import("."),
  },
  {
    path: "channels/new",
    title: { ru: "Новый канал", en: "New channel" },
    needs: "channels.write",
    load: () => import("./New"),
  },
  {
    path: "channels/:id",
    title: { ru: "Канал", en: "Channel" },
    needs: "channels.read",
    load: () => import("./Channel"),
  },
)
