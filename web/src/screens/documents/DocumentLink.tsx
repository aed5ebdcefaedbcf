import { Link } from "react-router"
import { useGet } from "../../api/query"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

/** DocumentLink leads to another document under its number. */
export function DocumentLink(props: { id: string }) {
  const t = useTexts(words)
  const { data } = useGet("/api/v1/documents/{id}", { params: { path: { id: props.id } } }, { retry: false })
  return <Link to={`/documents/${props.id}`}>{data?.document.number?.text ?? data?.document.subject ?? t.openOther}</Link>
}
