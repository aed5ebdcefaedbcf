import react from "@vitejs/plugin-react"
import { defineConfig } from "vitest/config"

// UZEL is the hub a development server hands requests on to.
const hub = process.env.UZEL ?? "http://127.0.0.1:8080"

export default defineConfig({
  plugins: [react()],
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
