import type { Schema } from "../../../api/client"
import { refresh } from "../../../api/query"
import { name } from "../columns"

export type Card = Schema<"AppealCard">
export type Doc = Schema<"Document"> & { appeal: Schema<"Appeal"> }

/** reread shows the card and what hangs on it anew, after a change. */
export function reread() {
  return refresh("/api/v1/appeals/{id}", "/api/v1/appeals", "/api/v1/tasks", "/api/v1/documents/{id}", "/api/v1/documents/{id}/deadline", "/api/v1/documents/{id}/candidates")
}

/** fill puts what is known of the appeal into the braces of a template; what it does not know stays. */
export function fill(text: string, of: Record<string, string | undefined>): string {
  return text.replace(/\{(\w+)\}/g, (brace, word: string) => of[word] ?? brace)
}

/** known are the words of templates with what the appeal has for them. */
export function known(doc: Doc, more: Record<string, string | undefined>): Record<string, string | undefined> {
  const applicant = doc.appeal.applicant
  return { number: doc.number?.text, subject: doc.subject, applicant: applicant.name ? name(applicant) : "", result: doc.appeal.result?.text, ...more }
}
