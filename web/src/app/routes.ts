import type { ComponentType } from "react"
import type { Operation } from "./session"

/** Where a page stands in the menu. */
export type MenuGroup = "desk" | "reference" | "admin"

/**
 * Route is one page of a screen. Every folder of src/screens has a route.ts with one or a list of
 * them as its default export; nothing else has to be told about a new screen.
 */
export type Route = {
  /** Path without a leading slash: "appeals", "appeals/:id". */
  path: string
  /** Its name in the menu and in the search of Ctrl+K. */
  title: { ru: string; en: string }
  /** What it takes to see it; left out: everybody who is signed in. */
  needs?: Operation
  /** Its place in the menu; left out: not in the menu. Orders leave gaps: 10, 20, … */
  menu?: { group: MenuGroup; order: number; icon: ComponentType }
  /** The screen itself, loaded when it is first opened. */
  load: () => Promise<{ default: ComponentType }>
}

/** route declares the pages of a folder. */
export function route(...pages: Route[]): Route[] {
  return pages
}

const folders = import.meta.glob<Route[]>("../screens/*/route.ts", { eager: true, import: "default" })

/** All pages there are. */
export const routes: Route[] = Object.values(folders).flat()

/** The pages of the menu, as far as `can` allows, in the order of the menu. */
export function menu(can: (operation: Operation) => boolean): Record<MenuGroup, Route[]> {
  const groups: Record<MenuGroup, Route[]> = { desk: [], reference: [], admin: [] }
  for (const r of routes) if (r.menu && (!r.needs || can(r.needs))) groups[r.menu.group].push(r)
  for (const list of Object.values(groups)) list.sort((a, b) => a.menu!.order - b.menu!.order)
  return groups
}
