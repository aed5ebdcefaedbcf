import { BranchesOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route(
  {
    path: "rules",
    title: { ru: "Правила", en: "Rules" },
    needs: "rules.read",
    menu: { group: "admin", order: 30, icon: BranchesOutlined },
    load: () => import("."),
  },
  {
    path: "rules/:id",
    title: { ru: "Правило", en: "Rule" },
    needs: "rules.read",
    load: () => import("./Rule"),
  },
)
