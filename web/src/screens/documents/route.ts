import { FileTextOutlined } from "@ant-design/icons"
import { route } from "../../app/routes"

export default route(
  {
    path: "documents", title: { ru: "Документы", en: "Documents" }, needs: "documents.read",
    menu: { group: "desk", order: 30, icon: FileTextOutlined }, load: () => import("."),
  },
  { path: "documents/new", title: { ru: "Регистрация документа", en: "Register a document" }, needs: "documents.write", load: () => import("./Register") },
  { path: "documents/drafts/:id", title: { ru: "Проект документа", en: "Draft" }, needs: "drafts.read", load: () => import("./DraftCard") },
  { path: "documents/:id", title: { ru: "Карточка документа", en: "Document" }, needs: "documents.read", load: () => import("./Card") },
)
