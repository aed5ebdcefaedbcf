import { route } from "../../app/routes"

export default route({ path: "profile", title: { ru: "Профиль", en: "Profile" }, load: () => import(".") })
