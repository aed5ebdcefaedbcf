import { CalendarOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route({
  path: "calendars",
  title: { ru: "Рабочие календари", en: "Working calendars" },
  needs: "calendars.read",
  menu: { group: "admin", order: 70, icon: CalendarOutlined },
  load: () => import("."),
})
