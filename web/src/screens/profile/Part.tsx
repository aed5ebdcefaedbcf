import type { ReactNode } from "react"

/** Part is a titled part of the profile. */
export function Part(props: { title: string; children: ReactNode }) {
  return <section className="u-panel" aria-label={props.title}><h2>{props.title}</h2>{props.children}</section>
}
