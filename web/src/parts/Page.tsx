import { type ReactNode, useEffect } from "react"
import { Link, useLocation } from "react-router"
import { useLanguage } from "../app/language"
import { routes } from "../app/routes"
import { words as frame } from "../app/words"
import { useTexts } from "../texts/i18n"

/**
 * Page is the head of a screen: the one h1 of it, the way back, what can be done with all of it,
 * and the title of the window. The way back leads to the list its address begins with, or to `up`. `extra` stands beside the heading (a state, a number).
 */
export function Page(props: { title: string; up?: string; extra?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const { product } = useTexts(frame)
  const list = useList(props.up)
  useEffect(() => {
    document.title = `${props.title} — ${product}`
  }, [props.title, product])
  return (
    <div className="u-page">
      <div className="u-page-head">
        <div>
          {list && <span className="u-crumb"><Link to={list.to}>{list.title}</Link></span>}
          <h1>{props.title}</h1>
          {props.extra}
        </div>
        {props.actions && <div className="u-page-actions">{props.actions}</div>}
      </div>
      {props.children}
    </div>
  )
}

/** useList is the page of the list that the page of one thing belongs to. */
function useList(up?: string): { title: string; to: string } | undefined {
  const [here, second] = useLocation().pathname.slice(1).split("/")
  const first = up ?? here
  const lang = useLanguage()
  const list = second && routes.find((r) => r.path === first)
  return list ? { title: list.title[lang], to: `/${first}` } : undefined
}
