import { Link } from "react-router"
import { useGet } from "../../../api/query"
import { useTexts } from "../../../texts/i18n"
import { Box } from "./Box"
import { words } from "./texts"

/** Articles are those of the knowledge base for the reason. */
export function Articles(props: { reason?: string }) {
  const t = useTexts(words)
  const { reason } = props
  const query = { limit: 10, filter: { reason: reason ?? "" } }
  const articles = useGet("/api/v1/directories/{name}/entries", { params: { path: { name: "articles" }, query } }, { enabled: !!reason }).data?.items ?? []
  if (!reason || articles.length === 0) return null
  return <Box title={t.articles}><ul className="a-list">{articles.map((a) => <li key={a.id}><Link to={`/knowledge?article=${a.id}`}>{String(a.values.title)}</Link></li>)}</ul></Box>
}
