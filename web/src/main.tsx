import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./app/App"
import { tellHub } from "./app/language"
import { paint } from "./app/theme"
import "./app/app.css"

paint()
tellHub()
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
