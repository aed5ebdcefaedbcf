import { BookOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "knowledge", title: { ru: "База знаний", en: "Knowledge base" }, needs: "directories.read",
  menu: { group: "reference", order: 20, icon: BookOutlined }, load: () => import("."),
})
