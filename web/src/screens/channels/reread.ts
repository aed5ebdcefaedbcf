import { refresh } from "../../api/query"

/** reread fetches everything of channels anew after something was done with one. */
export function reread() {
  return refresh("/api/v1/channels", "/api/v1/channels/{id}", "/api/v1/channels/{id}/history")
}
