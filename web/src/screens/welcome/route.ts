import { route } from "../../app/routes"

export default route({ path: "welcome", title: { ru: "Первые шаги", en: "First steps" }, needs: "channels.write", load: () => import(".") })
