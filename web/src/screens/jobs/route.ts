import { ScheduleOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "jobs",
  title: { ru: "Фоновые задания", en: "Jobs" },
  needs: "jobs.read",
  menu: { group: "admin", order: 50, icon: ScheduleOutlined },
  load: () => import("."),
})
