import { HomeOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "",
  title: { ru: "Главная", en: "Home" },
  menu: { group: "desk", order: 10, icon: HomeOutlined },
  load: () => import("."),
})
