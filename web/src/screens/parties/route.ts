import { TeamOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route(
  {
    path: "parties", title: { ru: "Заявители", en: "Applicants" }, needs: "parties.read",
    menu: { group: "reference", order: 10, icon: TeamOutlined }, load: () => import("."),
  },
  { path: "parties/:id", title: { ru: "Карточка заявителя", en: "Applicant" }, needs: "parties.read", load: () => import("./Card") },
  { path: "erasures/:id", title: { ru: "Акт об удалении данных", en: "Act of erasure" }, needs: "parties.erase", load: () => import("./Act") },
)
