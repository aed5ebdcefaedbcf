import { useState } from "react"
import { api, call, ifMatch } from "../../../api/client"
import type { OnceKey } from "../../../api/once"
import { toast } from "../../../parts/toast"
import { type Doc, reread } from "./model"

/** What can be done with an appeal by one request. */
export type Act = "take" | "plan" | "transfer" | "forward" | "close" | "reject" | "reopen" | "rating" | "called" | "other" | "split" | "merge" | "unmerge"

type Post = (path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>

/** act does something with the appeal, over the version that is shown; what makes another appeal needs a key. */
export function act<T = unknown>(doc: Doc, what: Act, body?: object, key?: OnceKey): Promise<T> {
  const header = { ...ifMatch(doc), ...key }
  return call<T>((api.POST as unknown as Post)(`/api/v1/appeals/{id}/${what}`, { params: { path: { id: doc.id }, header }, body }) as never)
}

/** useAct does it for a button: says what came of it, and is busy until the card is shown anew. */
export function useAct(doc: Doc) {
  const [busy, setBusy] = useState(false)
  const run = async (what: Act, body: object | undefined, said: string) => {
    setBusy(true)
    try {
      await act(doc, what, body)
      toast.done(said)
    } catch (error) {
      toast.error(error)
    }
    await reread()
    setBusy(false)
  }
  return { run, busy }
}
