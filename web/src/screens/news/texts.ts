import { texts } from "../../texts/i18n"

export const words = texts({
  ru: { title: "Новости", create: "Добавить новость", edit: "Изменить", empty: "Новостей нет", important: "Важно", hidden: "Не опубликована", until: "до" },
  en: { title: "News", create: "Add news", edit: "Change", empty: "No news", important: "Important", hidden: "Not published", until: "until" },
})
