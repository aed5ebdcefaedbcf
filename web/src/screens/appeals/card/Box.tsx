import { type ReactNode, useId } from "react"

/** Box is one part of the card with its heading. */
export function Box(props: { title: string; extra?: ReactNode; children: ReactNode }) {
  const id = useId()
  return (
    <section className="a-box" aria-labelledby={id}>
      <header><h2 id={id}>{props.title}</h2>{props.extra}</header>
      {props.children}
    </section>
  )
}
