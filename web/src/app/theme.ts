import { theme, type ThemeConfig } from "antd"
import { useEffect, useSyncExternalStore } from "react"
import { keep, kept } from "./prefs"

/** How the pages may look; `auto` follows the system. */
export type Look = "auto" | "light" | "dark" | "contrast"

/** Tone names what a colour says, not how it looks: the palette of each look gives it. */
export type Tone = "calm" | "active" | "good" | "warn" | "bad" | "info"

type Palette = {
  page: string
  panel: string
  sunken: string
  rail: string
  hover: string
  chosen: string
  text: string
  quiet: string
  faint: string
  line: string
  strong: string
  accent: string
  onAccent: string
  link: string
  focus: string
} & Record<`${Tone}` | `${Tone}Back`, string>

const light: Palette = {
  page: "#f3f4f1", panel: "#ffffff", sunken: "#f8f8f6", rail: "#e9ece8", hover: "#eff3f1", chosen: "#dfeeeb",
  text: "#1c2524", quiet: "#55625f", faint: "#5c6764", line: "#dcdfda", strong: "#85908c",
  accent: "#0d6660", onAccent: "#ffffff", link: "#0b5f8a", focus: "#0d6660",
  calm: "#4a5654", calmBack: "#e9ecea", active: "#0b5f8a", activeBack: "#e0eef6", good: "#26682f", goodBack: "#e2f1e1",
  warn: "#7c4a03", warnBack: "#fbedd0", bad: "#a32222", badBack: "#fbe5e3", info: "#5b4593", infoBack: "#ece7f7",
}

const dark: Palette = {
  page: "#131817", panel: "#1b2120", sunken: "#171d1c", rail: "#0f1413", hover: "#232b29", chosen: "#1f3a37",
  text: "#e4e9e7", quiet: "#a6b1ae", faint: "#8d9995", line: "#2e3735", strong: "#5d6966",
  accent: "#4db8ad", onAccent: "#06110f", link: "#7cc0ea", focus: "#64cabf",
  calm: "#b6c0bd", calmBack: "#2b3331", active: "#8ac6ee", activeBack: "#15303f", good: "#8fd198", goodBack: "#17341c",
  warn: "#f0c06a", warnBack: "#3b2c0d", bad: "#f49d97", badBack: "#431c1b", info: "#c1b1f0", infoBack: "#2e2548",
}

const contrast: Palette = {
  page: "#ffffff", panel: "#ffffff", sunken: "#ffffff", rail: "#ffffff", hover: "#e6e6e6", chosen: "#cfe3ff",
  text: "#000000", quiet: "#1f1f1f", faint: "#333333", line: "#4d4d4d", strong: "#000000",
  accent: "#003e9c", onAccent: "#ffffff", link: "#003e9c", focus: "#b30086",
  calm: "#000000", calmBack: "#ffffff", active: "#00307a", activeBack: "#ffffff", good: "#003d0a", goodBack: "#ffffff",
  warn: "#5c2e00", warnBack: "#ffffff", bad: "#8a0000", badBack: "#ffffff", info: "#3a1a80", infoBack: "#ffffff",
}

const palettes = { light, dark, contrast }

/** The letters: what the systems of an office have, none is loaded. */
const fonts = '"Segoe UI Variable Text", "Segoe UI", "PT Sans", "Noto Sans", "Liberation Sans", system-ui, sans-serif'

const night = window.matchMedia("(prefers-color-scheme: dark)")
const moreContrast = window.matchMedia("(prefers-contrast: more)")
/** Paper is white, whatever the look. */
const paper = window.matchMedia("print")
paper.addEventListener("change", () => paint())
const watchers = new Set<() => void>()

/** look is what the person chose; setLook keeps another choice. */
export function look(): Look {
  const chosen = kept("look")
  return chosen === "light" || chosen === "dark" || chosen === "contrast" ? chosen : "auto"
}

export function setLook(to: Look) {
  keep("look", to === "auto" ? "" : to)
  for (const tell of watchers) tell()
}

function drawn(): keyof typeof palettes {
  if (paper.matches) return "light"
  const chosen = look()
  if (chosen !== "auto") return chosen
  if (moreContrast.matches) return "contrast"
  return night.matches ? "dark" : "light"
}

function watch(tell: () => void) {
  watchers.add(tell)
  night.addEventListener("change", tell)
  moreContrast.addEventListener("change", tell)
  paper.addEventListener("change", tell)
  return () => {
    watchers.delete(tell)
    night.removeEventListener("change", tell)
    moreContrast.removeEventListener("change", tell)
    paper.removeEventListener("change", tell)
  }
}

/** useLook is the chosen look. */
export function useLook(): Look {
  return useSyncExternalStore(watch, look)
}

/** useTheme gives the tokens of Ant Design and puts the same colours on the page as `--u-…`. */
export function useTheme(): ThemeConfig {
  const name = useSyncExternalStore(watch, drawn)
  useEffect(() => paint(name), [name])
  return tokens(name)
}

/** paint puts the palette on the root element; before the first drawing too. */
export function paint(name: keyof typeof palettes = drawn()) {
  const root = document.documentElement
  root.dataset.look = name
  root.style.colorScheme = name === "dark" ? "dark" : "light"
  for (const [key, value] of Object.entries(palettes[name])) root.style.setProperty(`--u-${key}`, value)
}

function tokens(name: keyof typeof palettes): ThemeConfig {
  const p = palettes[name]
  return {
    algorithm: name === "dark" ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      colorPrimary: p.accent, colorInfo: p.accent, colorLink: p.link, colorLinkHover: p.link, colorLinkActive: p.link, colorError: p.bad, colorSuccess: p.good, colorWarning: p.warn,
      colorBgLayout: p.page, colorBgContainer: p.panel, colorBgElevated: p.panel,
      colorText: p.text, colorTextSecondary: p.quiet, colorTextTertiary: p.faint, colorTextPlaceholder: p.faint,
      colorTextDescription: p.quiet, colorBorder: p.strong, colorBorderSecondary: p.line, colorSplit: p.line,
      colorErrorBg: p.badBack, colorWarningBg: p.warnBack, colorSuccessBg: p.goodBack, colorInfoBg: p.activeBack,
      colorErrorBorder: p.bad, colorWarningBorder: p.warn, colorSuccessBorder: p.good, colorInfoBorder: p.active,
      colorTextLightSolid: p.onAccent, colorPrimaryBg: p.chosen, colorPrimaryBgHover: p.chosen, controlItemBgActive: p.chosen, controlItemBgActiveHover: p.chosen, controlItemBgHover: p.hover,
      fontFamily: fonts, fontSize: 14, borderRadius: 5, controlHeight: 32, controlHeightSM: 26,
      wireframe: false, motionDurationMid: "0.12s", motionDurationSlow: "0.16s",
      boxShadowTertiary: "none",
      ...(name === "contrast" && contrastTokens(p)),
    },
    components: {
      Form: { itemMarginBottom: 16, verticalLabelPadding: "0 0 4px" },
      Card: { bodyPadding: 16, headerHeight: 44 },
      Tooltip: { colorBgSpotlight: name === "dark" ? "#3a4543" : "#25302e", colorTextLightSolid: "#ffffff" },
      Segmented: { trackBg: p.sunken, itemColor: p.quiet, itemHoverBg: p.hover, itemSelectedBg: p.chosen, itemSelectedColor: p.text },
      Tabs: { horizontalMargin: "0 0 12px" },
      // The dark algorithm dims what the palette has chosen for the dark already.
      Button: { primaryShadow: "none", defaultShadow: "none", dangerShadow: "none", colorPrimary: p.accent, colorLink: p.link, colorError: p.bad },
    },
  }
}

/** contrastTokens are what Ant Design draws paler than the contrast look bears: what is off or disabled, arrows, edges, the ring around a field. */
function contrastTokens(p: Palette): ThemeConfig["token"] {
  return {
    colorTextQuaternary: "#595959", colorBorderDisabled: "#595959", colorBgContainerDisabled: p.hover,
    controlOutline: p.focus, controlOutlineWidth: 3, colorPrimaryBorder: p.focus,
  }
}
