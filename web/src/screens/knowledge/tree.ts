import type { Schema } from "../../api/client"

type Entry = Schema<"Entry">
export type Node = { key: string; title: string; children: Node[] }

/**
 * treeOf lays the articles out by their sections. With words only the articles that have them, and
 * the sections above these, stay. An article whose section is gone stands at the top.
 */
export function treeOf(articles: readonly Entry[], words: string): Node[] {
  const wanted = words.trim().toLowerCase()
  const nodes = new Map(articles.map((a) => [a.id, { key: a.id, title: String(a.values.title ?? ""), children: [] as Node[] }]))
  const roots: Node[] = []
  for (const a of articles) {
    const above = nodes.get(String(a.values.parent ?? ""))
    ;(above ? above.children : roots).push(nodes.get(a.id)!)
  }
  if (!wanted) return roots
  const fits = new Set(articles.filter((a) => `${a.values.title} ${a.values.text ?? ""}`.toLowerCase().includes(wanted)).map((a) => a.id))
  return keep(roots, fits)
}

function keep(nodes: Node[], fits: ReadonlySet<string>): Node[] {
  return nodes.map((n) => ({ ...n, children: keep(n.children, fits) })).filter((n) => n.children.length > 0 || fits.has(n.key))
}
