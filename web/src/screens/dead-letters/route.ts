import { ExceptionOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "dead-letters",
  title: { ru: "Не обработано", en: "Dead letters" },
  needs: "deadletters.read",
  menu: { group: "admin", order: 20, icon: ExceptionOutlined },
  load: () => import("."),
})
