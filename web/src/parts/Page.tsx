import { type ReactNode, useEffect } from "react"
import { Link } from "react-router"
import { words as frame } from "../app/words"
import { useTexts } from "../texts/i18n"

/** A step of the way to a page: its name and where it is. */
export type Crumb = { title: string; to: string }

/**
 * Page is the head of a screen: the one h1 of it, the way back, what can be done with all of it,
 * and the title of the window. `extra` stands beside the heading (a state, a number).
 */
export function Page(props: { title: string; crumbs?: Crumb[]; extra?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const { product } = useTexts(frame)
  useEffect(() => {
    document.title = `${props.title} — ${product}`
  }, [props.title, product])
  return (
    <div className="u-page">
      <div className="u-page-head">
        <div>
          {props.crumbs?.map((c) => <span key={c.to} className="u-crumb"><Link to={c.to}>{c.title}</Link> /</span>)}
          <h1>{props.title}</h1>
          {props.extra}
        </div>
        {props.actions && <div className="u-page-actions">{props.actions}</div>}
      </div>
      {props.children}
    </div>
  )
}
