import { texts } from "../../texts/i18n"

export const words = texts({
  ru: { title: "Главная" },
  en: { title: "Home" },
})
