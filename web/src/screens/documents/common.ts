import type { Schema } from "../../api/client"
import { type GetPath, refresh } from "../../api/query"

type Correspondent = Schema<"Correspondent">

/** peopleOf names correspondents in a line. */
export function peopleOf(list: readonly Correspondent[]): string {
  return list.map((c) => c.name || c.addresses?.[0]?.value).filter(Boolean).join(", ")
}

const shown: GetPath[] = [
  "/api/v1/documents/{id}", "/api/v1/documents", "/api/v1/drafts", "/api/v1/drafts/{id}", "/api/v1/drafts/{id}/versions", "/api/v1/drafts/{id}/signatures", "/api/v1/tasks", "/api/v1/deliveries/{id}/history", "/api/v1/documents/{id}/signatures",
]

/** reread reads anew what the cards of documents and drafts show. */
export function reread() {
  return refresh(...shown)
}

/** addressKind tells what somebody has typed as an address. */
export function addressKind(text: string): Schema<"AddressKind"> {
  if (/^[^\s@]+@[^\s@]+$/.test(text.trim())) return "email"
  return /^\+?[\d\s()-]{10,}$/.test(text.trim()) ? "phone" : "postal"
}
