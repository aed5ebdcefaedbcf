import { useSyncExternalStore } from "react"
import { keep, kept } from "./prefs"

/** The languages of the pages. */
export type Language = "ru" | "en"

const watchers = new Set<() => void>()

/** language is what the page speaks now; Russian unless the person chose otherwise. */
export function language(): Language {
  return kept("language") === "en" ? "en" : "ru"
}

/** setLanguage keeps the choice in this browser and redraws the page. */
export function setLanguage(to: Language) {
  keep("language", to)
  tellHub()
  for (const tell of watchers) tell()
}

/** tellHub says the language to the hub for files, which the browser fetches by itself with the language it was installed in. */
export function tellHub() {
  document.cookie = `uzel-language=${language()}; path=/; max-age=31536000; samesite=strict`
}

function watch(tell: () => void) {
  watchers.add(tell)
  return () => void watchers.delete(tell)
}

/** useLanguage is the language of the page; the component is drawn again when it changes. */
export function useLanguage(): Language {
  return useSyncExternalStore(watch, language)
}
