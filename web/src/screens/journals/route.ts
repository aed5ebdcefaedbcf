import { OrderedListOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "journals", title: { ru: "Журналы", en: "Journals" }, needs: "journals.read",
  menu: { group: "admin", order: 75, icon: OrderedListOutlined }, load: () => import("."),
})
