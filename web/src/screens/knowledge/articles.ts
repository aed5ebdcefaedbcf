import { useQuery } from "@tanstack/react-query"
import type { Schema } from "../../api/client"
import { read } from "../../api/query"

type Entry = Schema<"Entry">

const PATH = "/api/v1/directories/{name}/entries"
/** A page of the REST, and how many pages a tree can be drawn of. */
const PAGE = 500
const PAGES = 20

/** useArticles are all articles of the base, read page by page; `cut` tells that there are still more. */
export function useArticles(deleted = false, enabled = true): { articles: Entry[]; cut: boolean } {
  const query = useQuery({ queryKey: [PATH, { all: "articles", deleted }], queryFn: ({ signal }) => all(deleted, signal), enabled, staleTime: 30_000 })
  return query.data ?? { articles: [], cut: false }
}

async function all(deleted: boolean, signal: AbortSignal): Promise<{ articles: Entry[]; cut: boolean }> {
  const articles: Entry[] = []
  let after: string | undefined
  for (let page = 0; page < PAGES; page++) {
    const got = await read(PATH, { params: { path: { name: "articles" }, query: { limit: PAGE, after, deleted: deleted || undefined } } }, signal)
    articles.push(...got.items)
    after = got.next
    if (!after) return { articles, cut: false }
  }
  return { articles, cut: true }
}
