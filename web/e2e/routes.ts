import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const screens = join(import.meta.dirname, "../src/screens")

/** A page as its route.ts declares it. */
export type Page = { screen: string; path: string; title: string; needs?: string; menu: boolean }

/** pages are all pages there are, read from src/screens/<screen>/route.ts. */
export function pages(): Page[] {
  return readdirSync(screens).sort().flatMap((screen) => declared(screen, readFileSync(join(screens, screen, "route.ts"), "utf8")))
}

function declared(screen: string, source: string): Page[] {
  // Every page begins with its path; what follows up to the next one is its own.
  const found = source.split(/(?=\bpath:\s*")/).slice(1).map((text) => ({
    screen,
    path: one(text, /path:\s*"([^"]*)"/) ?? "",
    title: one(text, /ru:\s*"([^"]*)"/) ?? "",
    needs: one(text, /needs:\s*"([^"]*)"/),
    menu: /\bmenu:/.test(text),
  }))
  if (found.length === 0) throw new Error(`no page in ${screen}/route.ts`)
  return found
}

function one(text: string, wanted: RegExp): string | undefined {
  return wanted.exec(text)?.[1]
}
