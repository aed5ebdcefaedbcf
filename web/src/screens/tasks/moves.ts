import type { Schema } from "../../api/client"

type Task = Schema<"Task">

/** What can be done with a task, named as the REST does. */
export type Move = "assign" | "accept" | "decline" | "start" | "done" | "delegate" | "close" | "return" | "cancel" | "reopen"

/** movesOf are the moves open to a person, the likeliest first; the hub has the last word. */
export function movesOf(k: Task, user: string, supervisor: boolean): Move[] {
  if (k.kind === "approval") return []
  const performs = k.performer === user
  const leads = k.author === user || supervisor
  const accepts = !performs && (k.controller === user || leads)
  const works = performs || supervisor
  const when = (on: boolean, ...moves: Move[]) => (on ? moves : [])
  switch (k.state) {
    case "draft":
    case "declined":
      return when(leads, "assign", "cancel")
    case "assigned":
      return [...when(performs, "accept"), ...when(works, "start"), ...when(performs, "decline"), ...when(works, "delegate"), ...when(leads, "cancel")]
    case "accepted":
    case "returned":
      return [...when(works, "start", "done", "delegate"), ...when(leads, "cancel")]
    case "in_work":
      return [...when(works, "done", "delegate"), ...when(leads, "cancel")]
    case "done":
      return when(accepts, "close", "return")
    case "closed":
    case "cancelled":
      return when(leads, "reopen")
  }
}
