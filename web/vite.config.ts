import react from "@vitejs/plugin-react"
import { defineConfig } from "vitest/config"

// UZEL is the hub a development server hands requests on to.
const hub = process.env.UZEL ?? "http://127.0.0.1:8080"

/**
 * The names of Ant Design's icons are English, and a screen reader would read them to everybody:
 * hidden from it, unless the icon is pressed by itself. What an icon means is said in words beside it.
 */
const quietIcons = {
  name: "quiet-icons",
  transform(code: string, id: string) {
    if (!id.endsWith("@ant-design/icons/es/components/AntdIcon.js")) return
    const said = /role: "img",\s*"aria-label": icon\.name/
    if (!said.test(code)) throw new Error("the icons of Ant Design are named in another way now: see quietIcons")
    return code.replace(said, '...(restProps["aria-label"] || tabIndex >= 0 ? { role: "img", "aria-label": icon.name } : { "aria-hidden": true })')
  },
}

export default defineConfig({
  plugins: [quietIcons, react()],
  build: {
    emptyOutDir: false, // .keep stays; the build script clears the rest
    assetsInlineLimit: 0, // data: is not in the content security policy
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: {
    port: 5173,
    proxy: { "/api": { target: hub, changeOrigin: false }, "/healthz": hub },
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
})
