import react from "@vitejs/plugin-react"
import { defineConfig } from "vitest/config"

// UZEL is the hub a development server hands requests on to.
const hub = process.env.UZEL ?? "http://127.0.0.1:8080"

/** said is an expression for a name in the language of the page. */
const said = (ru: string, en: string) => `(document.documentElement.lang === "en" ? "${en}" : "${ru}")`

/**
 * What the parts of Ant Design say to screen readers in English alone, with no way to give another name. Icons are
 * hidden unless they are pressed by themselves: what they mean stands in words beside them.
 */
const names: [file: RegExp, english: RegExp, better: string][] = [
  [/icons\/es\/components\/AntdIcon(Light)?\.js$/, /role: "img",\s*"aria-label": icon\.name/, '...(restProps["aria-label"] || tabIndex >= 0 ? { role: "img", "aria-label": icon.name } : { "aria-hidden": true })'],
  [/input-number\/es\/StepHandler\.js$/, /'Increase Value' : 'Decrease Value'/, `${said("Увеличить", "Increase")} : ${said("Уменьшить", "Decrease")}`],
  [/select\/es\/hooks\/useAllowClear\.js$/, /'Clear'/, said("Очистить", "Clear")],
  [/dialog\/es\/Dialog\/Content\/Panel\.js$/, /(?<="aria-label": )"Close"/, said("Закрыть", "Close")],
  [/notification\/es\/Notification\.js$/, /(?<="aria-label": )"Close"/, said("Закрыть", "Close")],
]

const named = {
  name: "names",
  transform(code: string, id: string) {
    const [, english, better] = names.find(([file]) => file.test(id)) ?? []
    if (!english) return
    if (!english.test(code)) throw new Error(`${id} says something else now: see names`)
    return code.replace(english, () => better!)
  },
}

export default defineConfig({
  plugins: [named, react()],
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
