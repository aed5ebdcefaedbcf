import { Button } from "antd"
import { Component, type ReactNode } from "react"
import { Link } from "react-router"
import { say } from "../texts/i18n"
import { words } from "./words"

/** Notice is a page that says one thing and offers one way on: a path or a function. */
export function Notice(props: { title: string; text?: string; action: string; act: string | (() => void) }) {
  const { act } = props
  return (
    <div className="u-notice" role="alert">
      <h1>{props.title}</h1>
      {props.text && <p>{props.text}</p>}
      {typeof act === "string" ? <Link to={act}>{props.action}</Link> : <Button type="primary" onClick={act}>{props.action}</Button>}
    </div>
  )
}

/** Boundary keeps a fault of one screen from taking the rest of the page with it. */
export class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {}

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override render() {
    if (this.state.error === undefined) return this.props.children
    const t = say(words)
    // A part of the page that is no longer on the server: the hub was updated meanwhile.
    const outdated = /dynamically imported module|Importing a module/i.test(String(this.state.error))
    return <Notice title={outdated ? t.outdated : t.broken} text={outdated ? undefined : t.brokenText} action={t.reload} act={() => location.reload()} />
  }
}
